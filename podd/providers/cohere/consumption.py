"""What a chat with Cohere used. Pure.

`billed_units` are not read: they leave out what is not charged for, so they say
nothing of how full the context is.
"""

from __future__ import annotations

from typing import Any

from podd.providers.counts import Counts


def take(counts: Counts, report: Any) -> None:  # noqa: ANN401  # a foreign document
    """Read a `usage` object; anything else is no report."""
    if not isinstance(report, dict):
        return
    tokens = report.get("tokens")
    counts.keep("input", tokens, "input_tokens")
    counts.keep("output", tokens, "output_tokens")
    counts.keep("cache_read", report, "cached_tokens")
