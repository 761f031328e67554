"""What an answer used, from whatever a server tells of it. Pure."""

from __future__ import annotations

from typing import Any, Final, Literal

from podd_protocol.values import Usage

#: What a token of English or code takes on average, for servers that do not count.
BYTES_PER_TOKEN: Final = 4

Count = Literal["input", "output", "cache_read", "cache_write", "reasoning"]
"""input: with or without what concerns the cache, see `Counts`; output: with what was
thought."""


class Counts:
    """The counts of one response, gathered over its events.

    Servers report once at the end, or with each event so far, or null in between; so
    every count is the largest that was told.
    """

    __slots__ = ("_counts", "_includes_cache")

    def __init__(self, *, includes_cache: bool) -> None:
        """Start; `includes_cache`: this server counts cached tokens as input too."""
        self._counts: dict[Count, int] = {}
        self._includes_cache = includes_cache

    def keep(self, name: Count, report: Any, key: str) -> None:  # noqa: ANN401  # a foreign document
        """Read one count, if it is there; anything else is no report."""
        value = report.get(key) if isinstance(report, dict) else None
        if isinstance(value, int | float) and value > 0:
            self._counts[name] = max(self._counts.get(name, 0), int(value))

    def total(self, *, sent_bytes: int, received_bytes: int) -> Usage:
        """Sum up; what no server counted is estimated from the sizes, and says so."""
        counts = self._counts
        read, written = counts.get("cache_read", 0), counts.get("cache_write", 0)
        # A server that counts nothing would otherwise never reach any limit.
        if not (counts.get("input") or counts.get("output") or read):
            return Usage(
                input_tokens=sent_bytes // BYTES_PER_TOKEN,
                output_tokens=received_bytes // BYTES_PER_TOKEN,
                requests=1,
                estimated=True,
            )
        cached = read + written if self._includes_cache else 0
        return Usage(
            input_tokens=max(0, counts.get("input", 0) - cached),
            output_tokens=counts.get("output", 0),
            cache_read_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=counts.get("reasoning", 0),
            requests=1,
        )
