"""What an answer used, from whatever a server tells of it. Pure."""

from __future__ import annotations

from typing import Any, Final

from podd_protocol.values import Usage

#: What a token of English or code takes on average, for servers that do not count.
BYTES_PER_TOKEN: Final = 4


class Consumption:
    """The counts of one response, gathered over its chunks.

    Servers report once at the end, or with each chunk so far, or null in between; so
    every count is the largest that was told.
    """

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def take(self, report: Any) -> None:  # noqa: ANN401  # a foreign document
        """Read a `usage` object; anything else is no report."""
        if not isinstance(report, dict):
            return
        prompt = report.get("prompt_tokens_details")
        completion = report.get("completion_tokens_details")
        self._keep("input", report, "prompt_tokens")
        self._keep("output", report, "completion_tokens")
        self._keep("cached", prompt, "cached_tokens")
        self._keep("cached", report, "prompt_cache_hit_tokens")
        self._keep("written", prompt, "cache_write_tokens")
        self._keep("reasoning", completion, "reasoning_tokens")

    def total(self, *, sent_bytes: int, received_bytes: int) -> Usage:
        """Sum up; what no server counted is estimated from the sizes, and says so."""
        counts = self._counts
        # A server that counts nothing would otherwise never reach any limit.
        is_counted = bool(counts.get("input") or counts.get("output"))
        if not is_counted:
            return Usage(
                input_tokens=sent_bytes // BYTES_PER_TOKEN,
                output_tokens=received_bytes // BYTES_PER_TOKEN,
                requests=1,
                estimated=True,
            )
        cached = counts.get("cached", 0)
        written = counts.get("written", 0)
        return Usage(
            input_tokens=max(0, counts.get("input", 0) - cached - written),
            output_tokens=counts.get("output", 0),
            cache_read_tokens=cached,
            cache_write_tokens=written,
            reasoning_tokens=counts.get("reasoning", 0),
            requests=1,
        )

    def _keep(self, name: str, report: Any, key: str) -> None:  # noqa: ANN401  # as above
        value = report.get(key) if isinstance(report, dict) else None
        if isinstance(value, int | float) and value > 0:
            self._counts[name] = max(self._counts.get(name, 0), int(value))
