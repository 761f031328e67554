"""Code of the model that is paused, stopped, or dies with its pod."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.permission import Permission
from podd.core.pod.fold import fold
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd_protocol.values import Cancelled
from tests.core.turn.host import (
    CANCEL,
    CODING,
    DRAIN,
    NOW,
    OVER,
    PAUSE,
    RESTORED,
    RESUME,
    Host,
    block,
    code_called,
    code_over,
    coding,
    finished,
    queued,
    reread,
    run,
)

ASKED = msgspec.structs.replace(
    CODING,
    permission=lambda tool, _: Permission("ask" if tool == "write_file" else "allow"),
)


def _working(settings=CODING) -> Host:
    return Host.after(queued("work"), settings=settings)


@pytest.mark.parametrize("called", [(), ("read_file",)])
def test_paused_code_runs_on_and_what_it_calls_waits(called):
    host = coding(*called)
    assert host.tell(PAUSE).effects == []

    assert host.tell(code_called(name="write_file")).kinds == ["tool_called"]
    waiting = f"t1.1.{len(called) + 1}"
    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "tool_started"]
    assert heard.effects == [run(waiting, "write_file")]


def test_code_that_ends_in_a_pause_is_gone_on_from_afterwards():
    host = coding()
    host.tell(PAUSE)
    assert host.tell(code_over(submitted=True, value=1)).kinds == ["code_ended"]

    assert host.tell(RESUME).kinds == ["turn_resumed", "turn_ended"]


@pytest.mark.parametrize("called", [(), ("read_file", "write_file")])
def test_cancelled_code_ends_with_its_calls_and_its_turn(called):
    """Promises 3 and 8."""
    host = coding(*called)

    heard = host.tell(CANCEL)

    results = ["tool_result"] * len(called)
    assert heard.kinds == [*results, "code_ended", "turn_ended"]
    assert heard.entries[-2].status == "interrupted"
    assert isinstance(heard.entries[-1].outcome, Cancelled)
    assert heard.effects == [
        *(f.CancelTool(call=f"t1.1.{n + 1}") for n in range(len(called))),
        f.CancelCode(),
    ]
    host.tell(queued("next"))
    assert host.answers("Done.").kinds == ["model_responded", "turn_ended"]


@pytest.mark.parametrize("facts", [(NOW,), (DRAIN, OVER)])
def test_a_stop_interrupts_code_and_leaves_the_turn_open(facts):
    host = coding("read_file")
    for fact in facts:
        heard = host.tell(fact)

    assert heard.kinds[-3:] == ["tool_result", "code_ended", "session_closed"]
    assert heard.effects == [
        f.CancelTool(call="t1.1.1"),
        f.CancelCode(),
        f.EndPod(mode="now"),
    ]
    assert host.state.turn is not None


def test_a_drain_lets_code_and_its_turn_come_to_their_end():
    host = coding()
    host.tell(DRAIN)
    assert host.tell(code_called()).kinds == ["tool_called", "tool_started"]
    host.tell(finished("t1.1.1"))

    heard = host.tell(code_over(submitted=True, value=1))

    assert heard.kinds == ["code_ended", "turn_ended", "session_closed"]


# Restores


def test_code_that_died_with_its_pod_is_not_run_again():
    """Promise 2: its calls may have done something, and so may it."""
    host = coding("read_file", "write_file", settings=ASKED)
    host.tell(i.ApprovalGiven(call="t1.1.2", verdict="approved"))
    host.tell(code_called(name="write_file"))
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == [
        *("pod_started", "approval_resolved"),
        *("tool_result", "tool_result", "tool_result", "code_ended", "step_started"),
    ]
    results = {one.call: one.status for one in heard.entries[2:5]}
    assert results == {
        "t1.1.1": "interrupted",
        "t1.1.2": "unknown",
        "t1.1.3": "interrupted",
    }
    ended = heard.entries[5]
    assert (ended.status, ended.lost) == ("unknown", True)
    assert all(isinstance(effect, f.RequestModel) for effect in heard.effects)
    assert not host.state.has_names


def test_code_that_died_in_a_pause_is_told_of_when_the_turn_goes_on():
    host = coding()
    host.tell(PAUSE)
    host = host.crash()

    assert host.tell(RESTORED).kinds == ["pod_started", "code_ended"]
    assert host.tell(RESUME).kinds == ["turn_resumed", "step_started"]


def test_names_that_died_with_an_idle_interpreter_are_told_of_once():
    host = coding()
    host.tell(code_over())
    host.answers("Done.")
    host = host.crash()

    assert host.tell(RESTORED).kinds == ["pod_started", "interpreter_lost"]
    host = host.crash()
    assert host.tell(RESTORED).kinds == ["pod_started"], "it wakes nobody"
    host.tell(queued("next"))
    assert host.texts()[-2:] == ["notification: names are gone", "user: next"]


def test_names_are_lost_between_steps_too_and_the_next_one_knows():
    host = coding()
    host.tell(code_over())
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == [
        *("pod_started", "step_failed", "interpreter_lost", "step_started"),
    ]
    host.answers(block())
    assert host.state.waiting[0].text == "names are gone"


def test_a_pod_that_stopped_in_order_has_lost_its_names_too():
    host = coding()
    host.tell(NOW)
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == [
        *("pod_started", "interpreter_lost", "causes_taken", "step_started"),
    ]


def test_an_interpreter_that_ended_with_its_code_is_not_missed_twice():
    host = coding()
    host.tell(code_over(status="error", lost=True))
    host.answers("Done.")

    assert host.crash().tell(RESTORED).kinds == ["pod_started"]


def test_a_pod_that_never_ran_code_misses_nothing():
    host = _working()
    host.answers("Done.")

    assert host.crash().tell(RESTORED).kinds == ["pod_started"]


def test_the_journal_of_code_is_read_as_it_was_written():
    host = coding("read_file", "write_file")
    host.tell(finished("t1.1.1"))

    assert fold(reread(host.entries)) == host.state
