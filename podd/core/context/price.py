"""What an answer cost, from what was used and what its model's vendor asks. Pure."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from podd_protocol.values import Usage

#: What prices are given for.
_MILLION: Final = 1_000_000

#: US dollars for a million tokens. Nothing that is sold by the token costs more than a
#: tenth of a dollar for one.
Rate = Annotated[float, msgspec.Meta(ge=0, le=100_000)]


class Rates(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
):
    """What a million tokens of each kind cost, in US dollars."""

    input: Rate
    """Read, and not from a cache."""
    output: Rate
    """Written, reasoning included."""
    cache_read: Rate | None = None
    """Read from a cache. None: as much as `input`."""
    cache_write: Rate | None = None
    """Read, and put into a cache. None: as much as `input`."""


class LongRates(
    Rates,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
):
    """What they cost in a request that reads much."""

    more_than: Annotated[int, msgspec.Meta(ge=1)]
    """Tokens read in one request, from caches or not. All of the request's tokens then
    cost this, which is how the vendors count it."""


class Price(
    Rates,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
):
    """What a model costs."""

    long: tuple[LongRates, ...] = ()
    """In any order; of those that a request passes, the highest counts."""


def cost_usd(usage: Usage, price: Price | None) -> float | None:
    """What a request with this usage costs.

    Args:
        usage: of one request; the kinds of tokens do not overlap.
        price: of its model; None: nobody knows it.

    Returns:
        US dollars. None where no price is known: that is not nothing.
    """
    if price is None:
        return None
    rates = _rates(usage, price)
    kinds = (
        (usage.input_tokens, rates.input),
        (usage.output_tokens, rates.output),
        (usage.cache_read_tokens, rates.cache_read),
        (usage.cache_write_tokens, rates.cache_write),
    )
    return sum(
        tokens * (rates.input if rate is None else rate) / _MILLION
        for tokens, rate in kinds
    )


def priced(usage: Usage, price: Price | None) -> Usage:
    """The same usage with its cost; as it is where a provider has said the cost."""
    if usage.cost_usd is not None:
        return usage
    return msgspec.structs.replace(usage, cost_usd=cost_usd(usage, price))


def _rates(usage: Usage, price: Price) -> Rates:
    read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    passed = [rates for rates in price.long if read > rates.more_than]
    return max(passed, key=lambda rates: rates.more_than, default=price)
