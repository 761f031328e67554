"""What a response used, from whatever a server tells of it. Pure."""

from __future__ import annotations

from typing import Any

from podd.providers.counts import Counts


def take(counts: Counts, report: Any) -> None:  # noqa: ANN401  # a foreign document
    """Read a `usage` object; anything else is no report."""
    if not isinstance(report, dict):
        return
    incoming = report.get("input_tokens_details")
    outgoing = report.get("output_tokens_details")
    counts.keep("input", report, "input_tokens")
    counts.keep("output", report, "output_tokens")
    counts.keep("cache_read", incoming, "cached_tokens")
    counts.keep("cache_write", incoming, "cache_write_tokens")
    counts.keep("reasoning", outgoing, "reasoning_tokens")
