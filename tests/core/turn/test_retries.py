"""An answer that had begun and broke off is asked for again, within limits."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from podd.errors import ProviderFault
from podd_protocol.values import Failed, Limited
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    PAUSE,
    RESTORED,
    RESUME,
    SETTINGS,
    Host,
    asking,
    at_most,
    call,
    finished,
    queued,
    steered,
)

PASSING = [
    *("cut", "malformed", "timed_out", "unreachable"),
    *("overloaded", "server_error", "rate_limited"),
]


def _breaks(host: Host, fault="cut"):
    return host.fails(fault, partial="As I", began=True)


@pytest.mark.parametrize("fault", get_args(ProviderFault))
def test_only_what_may_pass_is_asked_for_again(fault):
    heard = _breaks(asking(), fault)

    again = heard.kinds == ["step_failed", "step_started"]
    assert again is (fault in PASSING)
    if again:
        (request,) = heard.effects
        assert (request.step, request.attempt) == (1, 2)
        assert (request.delay_seconds, request.reason) == (0.5, fault)
    else:
        assert heard.kinds == ["step_failed", "turn_ended"]


@pytest.mark.parametrize("fault", PASSING)
def test_what_never_began_was_tried_again_before_and_ends_the_turn(fault):
    heard = asking().fails(fault)

    assert heard.kinds == ["step_failed", "turn_ended"]


def test_delays_grow_up_to_a_limit_and_tries_are_bounded():
    settings = msgspec.structs.replace(SETTINGS, broken_streams=7)
    host = Host.after(queued("work"), settings=settings)
    delays = []
    for attempt in range(2, 9):
        (request,) = _breaks(host).effects
        assert request.attempt == attempt
        delays.append(request.delay_seconds)

    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert _breaks(host).kinds == ["step_failed", "turn_ended"]
    assert host.state.last_outcome == Failed(code="cut", message="no")


def test_two_tries_more_are_the_usual():
    host = asking()
    assert [_breaks(host).kinds[-1] for _ in range(3)] == [
        *("step_started", "step_started", "turn_ended"),
    ]


def test_without_such_tries_the_first_break_is_the_end():
    settings = msgspec.structs.replace(SETTINGS, broken_streams=0)

    heard = _breaks(Host.after(queued("work"), settings=settings))

    assert heard.kinds == ["step_failed", "turn_ended"]


def test_the_same_is_asked_again_and_what_broke_off_is_not_in_it():
    host = asking()
    first = host.state.turn.request
    host.tell(steered("also"))

    heard = _breaks(host)

    assert heard.entries[0].partial == "As I"
    assert heard.entries[1].request == first
    assert host.texts() == ["user: work"]
    host.answers("As I said.")
    assert host.texts()[1] == "model: As I said."


def test_each_step_has_its_own_tries():
    host = asking()
    _breaks(host)
    _breaks(host)
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))

    (request,) = _breaks(host).effects

    assert (request.step, request.attempt, request.delay_seconds) == (2, 2, 0.5)


def test_a_break_that_another_fault_follows_is_no_row():
    host = asking()
    _breaks(host)

    assert host.fails("unreachable").kinds == ["step_failed", "turn_ended"]


def test_a_pause_uses_no_try_up_and_needs_no_delay():
    host = asking()
    _breaks(host)
    host.tell(PAUSE)

    (request,) = host.tell(RESUME).effects

    assert (request.attempt, request.delay_seconds, request.reason) == (3, 0.0, None)
    assert _breaks(host).effects[0].delay_seconds == 1.0
    assert _breaks(host).kinds == ["step_failed", "turn_ended"]


def test_a_crash_uses_no_try_up():
    host = asking()
    _breaks(host)
    host = host.crash()
    assert pending(host.state)[0].attempt == 2

    (request,) = host.tell(RESTORED).effects

    assert (request.attempt, request.reason) == (3, None)
    assert _breaks(host).kinds[-1] == "step_started"
    assert _breaks(host).kinds[-1] == "turn_ended"


def test_a_crash_right_behind_the_break_costs_nothing():
    host = asking()
    failed = i.ModelFailed(
        turn="t1", step=1, attempt=1, fault="cut", message="no", began=True
    )
    host.decide(failed)
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "step_started"]
    assert heard.effects[0].delay_seconds == 0.5


def test_a_cancel_in_the_delay_ends_the_turn():
    host = asking()
    _breaks(host)

    assert host.tell(CANCEL).kinds == ["step_failed", "turn_ended"]


def test_a_drain_still_asks_again():
    host = asking()
    host.tell(DRAIN)

    assert _breaks(host).kinds == ["step_failed", "step_started"]


def test_a_last_step_that_breaks_off_is_the_last_step_again():
    host = Host.after(queued("work"), settings=at_most(1))
    host.answers(call("read_file"))
    host.tell(finished("t1.1.1"))

    heard = _breaks(host)

    assert heard.entries[1].last
    assert not heard.effects[0].offer_tools
    host.answers("So far.")
    assert host.state.last_outcome == Limited(limit="steps")
