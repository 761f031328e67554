"""What a chat completion used, from whatever a server tells of it. Pure."""

from __future__ import annotations

from typing import Any

from podd.providers.counts import Counts


def take(counts: Counts, report: Any) -> None:  # noqa: ANN401  # a foreign document
    """Read a `usage` object; anything else is no report."""
    if not isinstance(report, dict):
        return
    prompt = report.get("prompt_tokens_details")
    completion = report.get("completion_tokens_details")
    counts.keep("input", report, "prompt_tokens")
    counts.keep("output", report, "completion_tokens")
    counts.keep("cache_read", prompt, "cached_tokens")
    counts.keep("cache_read", report, "prompt_cache_hit_tokens")
    counts.keep("cache_write", prompt, "cache_write_tokens")
    counts.keep("reasoning", completion, "reasoning_tokens")
