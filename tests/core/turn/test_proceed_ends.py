"""What follows when a turn is paused, cancelled, stopped or restored."""

from __future__ import annotations

import pytest

from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState, machine_state
from podd_protocol.values import Cancelled, Completed
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OVER,
    PAUSE,
    RESTORED,
    RESUME,
    Host,
    asking,
    call,
    calling,
    finished,
    queued,
    request,
    run,
    told,
)
from tests.core.turn.situations import answered

END = f.EndPod(mode="drain")


# Pause and resume


def test_a_paused_request_goes_out_again_as_a_higher_attempt():
    host = asking()

    assert host.tell(PAUSE).kinds == ["step_failed", "turn_paused"]
    assert host.tell(i.Proceeded()).entries == []
    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "step_started"]
    assert heard.effects == [request(1, attempt=2)]


def test_a_turn_paused_while_tools_run_asks_nothing_until_it_is_resumed():
    host = calling()
    assert host.tell(PAUSE).kinds == ["turn_paused"]
    assert host.tell(finished("t1.1.1")).kinds == ["tool_result"]
    assert machine_state(host.state) is MachineState.PAUSED

    assert host.tell(RESUME).effects == [request(2)]


def test_a_turn_resumed_while_tools_run_begins_none_of_them_twice():
    host = calling("read_file", "write_file")
    host.tell(PAUSE)

    assert host.tell(RESUME).kinds == ["turn_resumed"]
    assert host.tell(RESUME).decision.refusal == "not_paused"


def test_calls_of_an_answer_that_was_paused_first_are_begun_when_it_goes_on():
    host = asking()
    answered(host, call("read_file"), call("rm"))
    host.decide(PAUSE)

    assert host.tell(i.Proceeded()).kinds == ["tool_result"]
    heard = host.tell(RESUME)

    assert heard.kinds == ["turn_resumed", "tool_started"]
    assert heard.effects == [run("t1.1.1")]


def test_a_turn_paused_after_its_last_word_ends_when_it_is_resumed():
    host = asking()
    answered(host, "Done.")
    host.decide(PAUSE)

    assert host.tell(i.Proceeded()).entries == []
    assert host.tell(RESUME).kinds == ["turn_resumed", "turn_ended"]


def test_a_turn_paused_after_a_failure_fails_when_it_is_resumed():
    host = asking()
    host.decide(i.ModelFailed(turn="t1", step=1, attempt=1, fault="cut", message="no"))
    host.decide(PAUSE)

    assert host.tell(i.Proceeded()).entries == []
    assert host.tell(RESUME).kinds == ["turn_resumed", "turn_ended"]


# Cancel


def test_a_cancelled_turn_is_followed_by_the_next_one():
    host = calling()
    host.tell(queued("next"))

    heard = host.tell(CANCEL)

    assert heard.kinds == ["tool_result", "turn_ended", "turn_started", "step_started"]
    assert heard.effects == [f.CancelTool(call="t1.1.1"), request(1, turn="t2")]
    assert host.state.last_outcome == Cancelled(by="user", reason="enough")


# Stop


def test_an_idle_pod_drains_at_once():
    heard = Host.after().tell(DRAIN)

    assert heard.kinds == ["stop_requested", "session_closed"]
    assert heard.effects[-1] == END


def test_a_drain_finishes_the_turn_and_leaves_the_queue():
    host = calling()
    host.tell(queued("never"))
    assert host.tell(DRAIN).kinds == ["stop_requested"]
    assert host.tell(finished("t1.1.1")).effects == [request(2)]

    heard = host.answers("Done.")

    assert heard.kinds == ["model_responded", "turn_ended", "session_closed"]
    assert heard.entries[1].state == "stopping"
    assert heard.entries[2].open_turn is None
    assert heard.effects == [END]
    assert [cause.text for cause in host.state.queue] == ["never"]


def test_a_draining_pod_takes_nothing_in():
    host = calling()
    host.tell(told("rain"))
    host.tell(DRAIN)

    assert host.tell(queued("more")).decision.refusal == "stopping"
    assert host.tell(finished("t1.1.1")).kinds == ["tool_result", "step_started"]
    assert host.answers("Done.").kinds[-2:] == ["turn_ended", "session_closed"]
    assert [cause.text for cause in host.state.waiting] == ["[user] rain"]


def test_a_failure_in_a_draining_pod_ends_the_turn_and_the_pod():
    host = asking()
    host.tell(DRAIN)

    heard = host.fails()

    assert heard.kinds == ["step_failed", "turn_ended", "session_closed"]
    assert heard.effects == [END]


def test_a_cancel_in_a_draining_pod_ends_the_turn_and_the_pod():
    host = calling()
    host.tell(DRAIN)

    heard = host.tell(CANCEL)

    assert heard.kinds == ["tool_result", "turn_ended", "session_closed"]
    assert heard.entries[1].state == "stopping"
    assert heard.effects == [f.CancelTool(call="t1.1.1"), END]


def test_a_paused_turn_stays_open_when_its_pod_drains():
    host = asking()
    host.tell(PAUSE)

    heard = host.tell(DRAIN)

    assert heard.kinds == ["stop_requested", "session_closed"]
    assert heard.entries[-1].open_turn == "t1"
    assert heard.effects[-1] == END


def test_a_paused_turn_lets_its_calls_end_before_its_pod_drains():
    host = calling()
    host.tell(PAUSE)
    assert host.tell(DRAIN).kinds == ["stop_requested"]

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "session_closed"]
    assert heard.effects == [END]


def test_a_drain_does_not_wait_for_calls_that_a_pause_kept_from_beginning():
    host = asking()
    answered(host, call("read_file"))
    host.decide(PAUSE)

    heard = host.tell(DRAIN)

    assert heard.kinds == ["stop_requested", "session_closed"]
    restored = host.crash()
    assert restored.tell(RESTORED).effects == []
    assert restored.tell(RESUME).effects == [run("t1.1.1")]


def test_a_turn_that_was_answered_when_the_drain_came_ends_before_the_pod_does():
    host = asking()
    answered(host, "Done.")

    assert host.tell(DRAIN).kinds == ["stop_requested", "turn_ended", "session_closed"]


@pytest.mark.parametrize("stop", [NOW, OVER])
@pytest.mark.parametrize("begun", [asking, calling], ids=["model", "tools"])
def test_a_turn_that_a_stop_interrupted_goes_on_after_the_restore(begun, stop):
    host = begun()
    host.tell(DRAIN)
    host.tell(stop)
    assert machine_state(host.state) is MachineState.CLOSED
    assert host.tell(i.Proceeded()).entries == []

    restored = host.crash()
    heard = restored.tell(RESTORED)

    again = request(1, attempt=2) if begun is asking else request(2)
    assert heard.kinds == ["pod_started", "step_started"]
    assert heard.effects == [again]
    restored.answers("Done.")
    assert restored.state.last_outcome == Completed()


# Restore


def test_a_request_goes_out_again_after_a_crash_as_a_higher_attempt():
    host = asking().crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "step_failed", "step_started"]
    assert heard.effects == [request(1, attempt=2)]
    third = host.crash()
    assert third.tell(RESTORED).effects == [request(1, attempt=3)]


def test_an_answer_to_the_attempt_before_the_crash_is_stale():
    host = asking()
    answer = i.ModelAnswered(
        turn="t1",
        step=1,
        attempt=1,
        response=None,  # type: ignore[arg-type]  # nobody may look at it
    )
    restored = host.crash()
    restored.tell(RESTORED)

    assert restored.tell(answer).decision.verdict == "stale"


def test_a_crash_while_calls_ran_is_settled_once_and_the_turn_goes_on():
    host = calling("write_file", "read_file").crash()

    heard = host.tell(RESTORED)
    assert heard.kinds == ["pod_started", "tool_result"]
    assert heard.effects == [run("t1.1.2")]

    again = host.crash()
    assert again.tell(RESTORED).kinds == ["pod_started"]
    assert again.tell(finished("t1.1.2")).effects == [request(2)]


def test_a_paused_turn_stays_paused_over_a_restore():
    host = calling("write_file")
    host.tell(PAUSE)
    restored = host.crash()

    heard = restored.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result"]
    assert heard.entries[0].state == "paused"
    assert machine_state(restored.state) is MachineState.PAUSED
    assert restored.tell(RESUME).effects == [request(2)]


def test_a_queue_is_taken_up_after_a_restore():
    host = Host.after()
    host.decide(queued("a"))
    restored = host.crash()

    assert restored.tell(RESTORED).kinds == [
        "pod_started",
        "turn_started",
        "step_started",
    ]


def test_a_crash_in_a_drain_is_no_end_and_the_turn_goes_on():
    host = calling()
    host.tell(DRAIN)
    restored = host.crash()

    assert restored.tell(RESTORED).effects == [run("t1.1.1")]
    assert restored.tell(finished("t1.1.1")).effects == [request(2)]
