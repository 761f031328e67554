"""What an answer used, as Gemini counts it. Pure.

Its counts are parts of one sum: of the prompt (with what came from a cache), of what
tools of the server's added to it, of the answer, and of the thoughts, which the answer
does not include.

https://ai.google.dev/api/generate-content#UsageMetadata
"""

from __future__ import annotations

from typing import Any, Final

from podd.providers.counts import Count, Counts
from podd_protocol.values import Usage

#: Which counts make up ours.
_SUMS: Final[dict[Count, tuple[str, ...]]] = {
    "input": ("promptTokenCount", "toolUsePromptTokenCount"),
    "output": ("candidatesTokenCount", "thoughtsTokenCount"),
    "cache_read": ("cachedContentTokenCount",),
    "reasoning": ("thoughtsTokenCount",),
}


class Consumption:
    """The counts of one answer; each event tells those so far."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def take(self, report: Any) -> None:  # noqa: ANN401  # a foreign document
        """Read a `usageMetadata` object; anything else is no report."""
        if not isinstance(report, dict):
            return
        for name in {name for names in _SUMS.values() for name in names}:
            value = report.get(name)
            if isinstance(value, int | float):
                self._told[name] = max(self._told.get(name, 0), int(value))

    def total(self, *, sent_bytes: int, received_bytes: int) -> Usage:
        """Sum up; see `Counts.total`."""
        sums = {
            ours: sum(self._told.get(name, 0) for name in names)
            for ours, names in _SUMS.items()
        }
        counts = Counts(includes_cache=True)
        for name in _SUMS:
            counts.keep(name, sums, name)
        return counts.total(sent_bytes=sent_bytes, received_bytes=received_bytes)
