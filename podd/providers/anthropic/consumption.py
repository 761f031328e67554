"""What a message used. Pure.

Input is counted without what was read from a cache and without what went into one; see
https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

from typing import Any

from podd.providers.counts import Counts


def take(counts: Counts, report: Any) -> None:  # noqa: ANN401  # a foreign document
    """Read a `usage` object; anything else is no report."""
    if not isinstance(report, dict):
        return
    counts.keep("input", report, "input_tokens")
    counts.keep("output", report, "output_tokens")
    counts.keep("cache_read", report, "cache_read_input_tokens")
    counts.keep("cache_write", report, "cache_creation_input_tokens")
    details = report.get("output_tokens_details")
    counts.keep("reasoning", details, "thinking_tokens")
