"""Usage is summed over steps, turns and pods: in any order, in any groups."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podd_protocol.values import Usage

COUNTS = st.integers(min_value=0, max_value=2**40)
#: Parts of a dollar that floats hold exactly, so that sums can be compared.
COSTS = st.none() | st.integers(min_value=0, max_value=2**30).map(lambda n: n / 1024)
USAGES = st.builds(
    Usage,
    input_tokens=COUNTS,
    output_tokens=COUNTS,
    cache_read_tokens=COUNTS,
    cache_write_tokens=COUNTS,
    reasoning_tokens=COUNTS,
    requests=COUNTS,
    cost_usd=COSTS,
    estimated=st.booleans(),
)


@given(USAGES, USAGES, USAGES)
def test_sums_do_not_depend_on_how_they_are_grouped(a, b, c) -> None:
    assert (a + b) + c == a + (b + c)


@given(USAGES, USAGES)
def test_sums_do_not_depend_on_the_order(a, b) -> None:
    assert a + b == b + a


@given(USAGES)
def test_nothing_spent_adds_nothing(a) -> None:
    assert a + Usage() == a
    assert Usage() + a == a


@given(USAGES, USAGES)
def test_each_count_is_summed_by_itself(a, b) -> None:
    total = a + b
    counts = (name for name in Usage.__struct_fields__ if name.endswith("_tokens"))

    for name in (*counts, "requests"):
        assert getattr(total, name) == getattr(a, name) + getattr(b, name)


def test_a_cost_that_nobody_knows_is_not_a_cost_of_nothing() -> None:
    assert (Usage() + Usage()).cost_usd is None
    assert (Usage(cost_usd=0.0) + Usage()).cost_usd == 0.0
    assert (Usage() + Usage(cost_usd=0.5)).cost_usd == 0.5


def test_a_guess_in_a_sum_makes_the_sum_a_guess() -> None:
    guessed, told = Usage(estimated=True), Usage(estimated=False)

    assert (guessed + told).estimated
    assert (told + guessed).estimated
    assert not (told + told).estimated
