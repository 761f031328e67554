from __future__ import annotations

from typing import get_args

import pytest

from podd.errors import ProviderError, ProviderFault
from podd.providers.retry_policy import RETRIED, next_delay
from podd.providers.settings import RetryLimits

LIMITS = RetryLimits(attempts=10, wait_seconds=60)


def _delay(fault="overloaded", *, after=None, **more):
    error = ProviderError(
        fault=fault, message="", provider="p", retry_after_seconds=after
    )
    circumstances = {
        "attempt": 1,
        "waited_seconds": 0,
        "remaining_seconds": 600,
        "limits": LIMITS,
        "chance": 1.0,
    }
    return next_delay(error, **circumstances | more)


@pytest.mark.parametrize("fault", get_args(ProviderFault))
def test_only_what_may_pass_is_waited_for(fault):
    assert (_delay(fault) is not None) == (fault in RETRIED)


def test_waits_double_up_to_a_ceiling():
    assert [_delay(attempt=n) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_chance_spreads_a_wait_from_nothing_to_all():
    assert [_delay(attempt=3, chance=c) for c in (0.0, 0.25, 0.5)] == [0, 0.5, 1]


def test_what_the_server_asks_for_is_never_undercut():
    assert _delay(after=20, chance=0.0) == 20
    assert 20 < _delay(after=20, chance=0.5) < 22.1


@pytest.mark.parametrize(
    "circumstances",
    [
        {"attempt": 10},
        {"after": 61},
        {"after": 20, "waited_seconds": 41},
        {"after": 20, "remaining_seconds": 20},
    ],
)
def test_patience_ends(circumstances):
    assert _delay(chance=0.0, **circumstances) is None


def test_an_attempt_may_be_the_only_one():
    assert _delay(limits=RetryLimits(attempts=1)) is None
