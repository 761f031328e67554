"""Prices from the package `genai-prices`, for models that podd itself has none of.

The list that came with the package is read, and never a newer one from the network.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from podd.core.context.price import LongRates, Price

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

#: How the list names a manifest's providers. Who is not here has no price there, as
#: servers on one's own machine.
_NAMES: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "azure_openai": "azure",
    "bedrock": "aws",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai_chat": "openai",
    "openai_responses": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "xai": "x-ai",
}

#: Our names of the rates and the list's.
_RATES: Final = (
    ("input", "input_mtok"),
    ("output", "output_mtok"),
    ("cache_read", "cache_read_mtok"),
    ("cache_write", "cache_write_mtok"),
)


def price_of(provider: str, name: str) -> Price | None:
    """Return today's price; None where the list has none, or is not installed."""
    known = _NAMES.get(provider)
    if known is None:
        return None
    try:
        # Late: it takes a fifth of a second.
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return None
    try:
        _, model = get_snapshot().find_provider_model(name, None, known, None)
    except LookupError:
        return None
    return price_from(model.get_prices(dt.datetime.now(tz=dt.UTC)))


def price_from(listed: ModelPrice) -> Price | None:
    """Translate; None where it is not sold by the token."""
    rates: dict[str, float] = {}
    steps: dict[int, dict[str, float]] = {}
    for ours, theirs in _RATES:
        value: Any = getattr(listed, theirs, None)
        if value is None:
            continue
        rates[ours] = float(getattr(value, "base", value))
        for tier in getattr(value, "tiers", ()):
            steps.setdefault(tier.start, {})[ours] = float(tier.price)
    if not {"input", "output"} <= rates.keys():
        return None
    long = tuple(
        LongRates(more_than=start, **{**rates, **changed})
        for start, changed in sorted(steps.items())
    )
    return Price(**rates, long=long)
