from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.price import LongRates, Price, cost_usd, priced
from podd_protocol.values import Usage

USAGE = Usage(
    input_tokens=1_000_000,
    output_tokens=200_000,
    cache_read_tokens=3_000_000,
    cache_write_tokens=400_000,
    reasoning_tokens=150_000,
    requests=1,
)
SONNET = Price(input=3, output=15, cache_read=0.3, cache_write=3.75)


def test_each_kind_of_token_has_its_rate_and_reasoning_is_output():
    assert cost_usd(USAGE, SONNET) == pytest.approx(3 + 3 + 0.9 + 1.5)


def test_a_model_without_a_price_costs_nobody_knows_what():
    assert cost_usd(USAGE, None) is None
    assert priced(USAGE, None).cost_usd is None


def test_what_costs_nothing_costs_nothing():
    assert cost_usd(USAGE, Price(input=0, output=0)) == 0.0


def test_caches_cost_as_much_as_input_where_they_have_no_rate():
    usage = Usage(cache_read_tokens=500_000, cache_write_tokens=500_000)

    assert cost_usd(usage, Price(input=2, output=9)) == pytest.approx(2)
    assert cost_usd(usage, Price(input=2, output=9, cache_read=0)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("read", "dollars"),
    [(200_000, 0.2), (200_001, 0.400002), (400_000, 0.8), (400_001, 1.2 + 3e-6)],
)
def test_a_request_that_reads_much_costs_more_as_a_whole(read, dollars):
    price = Price(
        input=1,
        output=1,
        # In no order.
        long=(
            LongRates(more_than=400_000, input=3, output=1),
            LongRates(more_than=200_000, input=2, output=1),
        ),
    )
    cached = Usage(input_tokens=read - 1000, cache_read_tokens=1000)

    assert cost_usd(Usage(input_tokens=read), price) == pytest.approx(dollars)
    assert cost_usd(cached, price) == pytest.approx(dollars)


def test_what_a_provider_says_itself_stands():
    said = msgspec.structs.replace(USAGE, cost_usd=0.25)

    assert priced(said, SONNET) == said


@given(
    st.builds(
        Usage,
        input_tokens=st.integers(0, 10**9),
        output_tokens=st.integers(0, 10**9),
        cache_read_tokens=st.integers(0, 10**9),
        cache_write_tokens=st.integers(0, 10**9),
    )
)
def test_nothing_else_of_a_usage_changes_and_no_cost_is_negative(usage):
    found = priced(usage, SONNET)

    assert found.cost_usd is not None
    assert found.cost_usd >= 0
    assert msgspec.structs.replace(found, cost_usd=None) == usage
