"""When inputs and notifications are taken in, and in which turn."""

from __future__ import annotations

import pytest

from podd.core.turn import inputs as i
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    PAUSE,
    RESTORED,
    RESUME,
    SETTINGS,
    Host,
    asking,
    call,
    calling,
    finished,
    queued,
    request,
    steered,
    told,
)

TURN_BEGINS = ["input_accepted", "turn_started", "step_started"]


def _in_last_step() -> Host:
    host = asking()
    for step in range(1, SETTINGS.max_steps + 1):
        host.answers(call("read_file"))
        host.tell(finished(f"t1.{step}.1"))
    return host


# The queue


def test_queued_inputs_become_turns_of_their_own_in_order():
    host = Host.after(*map(queued, "abc"))

    first, second, third = (host.answers("ok") for _ in range(3))

    assert first.kinds == [
        "model_responded",
        "turn_ended",
        "turn_started",
        "step_started",
    ]
    assert first.effects == [request(1, turn="t2")]
    assert second.effects == [request(1, turn="t3")]
    assert third.kinds == ["model_responded", "turn_ended"]
    assert host.texts() == [
        *("user: a", "model: ok"),
        *("user: b", "model: ok"),
        *("user: c", "model: ok"),
    ]


# Steering


def test_steering_while_the_model_speaks_is_taken_in_before_completion():
    host = asking()
    assert host.tell(steered("also")).kinds == ["input_accepted"]

    heard = host.answers("Done.")

    assert heard.kinds == ["model_responded", "causes_taken", "step_started"]
    assert heard.entries[1].checkpoint == "before_completion"
    assert heard.effects == [request(2)]
    assert host.texts() == ["user: work", "model: Done.", "user: also"]


def test_steering_while_tools_run_is_taken_in_after_work():
    host = calling()
    assert host.tell(steered("also")).kinds == ["input_accepted"]

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "causes_taken", "step_started"]
    assert heard.entries[1].checkpoint == "after_work"
    assert host.texts()[-2:] == ["t1.1.1: ok", "user: also"]


def test_steering_an_idle_pod_starts_a_turn():
    heard = Host.after().tell(steered("work"))

    assert heard.kinds == TURN_BEGINS
    assert heard.effects == [request(1)]


def test_steering_before_the_first_step_waits_for_the_checkpoint():
    host = Host.after()
    host.decide(queued("work"))
    host.decide(i.Proceeded())

    heard = host.tell(steered("also"))

    assert heard.kinds == ["input_accepted", "step_started"]
    assert host.texts() == ["user: work"]


@pytest.mark.parametrize("paused_in", [asking, calling], ids=["model", "tools"])
def test_steering_a_paused_turn_is_taken_in_when_it_goes_on(paused_in):
    host = paused_in()
    host.tell(PAUSE)
    assert host.tell(steered("also")).kinds == ["input_accepted"]
    host.tell(finished("t1.1.1"))
    host.tell(RESUME)
    if host.texts()[-1] != "user: also":
        host.answers("Done.")

    assert host.texts().count("user: also") == 1
    assert host.state.turn.turn == "t1"


@pytest.mark.parametrize("end", ["cancel", "fail", "last step", "output limit"])
def test_what_no_checkpoint_took_in_becomes_the_next_turn_before_the_queue(end):
    host = _in_last_step() if end == "last step" else asking()
    host.tell(queued("queued"))
    host.tell(steered("also"))

    match end:
        case "cancel":
            heard = host.tell(CANCEL)
        case "fail":
            heard = host.fails()
        case "output limit":
            heard = host.answers("Do", stop_reason="output_limit")
        case _:
            heard = host.answers("So far.")

    assert heard.kinds[-3:] == ["turn_ended", "turn_started", "step_started"]
    assert heard.entries[-2].causes == ("c3",)
    assert heard.effects[-1] == request(1, turn="t3")
    assert host.answers("ok").effects == [request(1, turn="t2")]


def test_steering_that_a_closing_pod_did_not_take_in_waits_for_its_restore():
    host = asking()
    host.tell(steered("also"))
    host.tell(DRAIN)
    assert host.answers("Done.").kinds[-2:] == ["turn_ended", "session_closed"]

    restored = host.crash()

    assert restored.tell(RESTORED).kinds == [
        "pod_started",
        "turn_started",
        "step_started",
    ]
    assert restored.texts()[-1] == "user: also"


# Notifications


def test_a_notification_that_wakes_starts_a_turn_in_an_idle_pod():
    heard = Host.after().tell(told("rain", wake=True))

    assert heard.kinds == ["notification_accepted", "turn_started", "step_started"]
    assert heard.effects == [request(1)]


def test_a_notification_that_does_not_wake_waits_for_the_next_turn():
    host = Host.after()

    assert host.tell(told("rain")).kinds == ["notification_accepted"]
    heard = host.tell(queued("work"))

    assert heard.entries[1].causes == ("c1", "c2")
    assert heard.entries[1].turn == "t2"
    assert host.texts() == ["notification: [user] rain", "user: work"]


def test_notifications_that_arrive_together_are_told_in_one_turn():
    host = Host.after()
    for fact in (told("a"), told("b", wake=True), told("c", wake=True)):
        host.decide(fact)

    heard = host.tell(told("d"))

    assert heard.kinds == ["notification_accepted", "turn_started", "step_started"]
    assert heard.entries[1].causes == ("c1", "c2", "c3", "c4")
    assert heard.entries[1].turn == "t1"


@pytest.mark.parametrize("wake", [True, False])
def test_a_notification_is_taken_in_by_the_turn_that_runs(wake):
    host = calling()
    host.tell(told("rain", wake=wake))
    host.tell(told("hail", wake=wake))

    heard = host.tell(finished("t1.1.1"))

    assert heard.kinds == ["tool_result", "causes_taken", "step_started"]
    assert heard.entries[1].causes == ("c2", "c3")
    assert host.texts()[-2:] == [
        "notification: [user] rain",
        "notification: [user] hail",
    ]


def test_a_notification_before_completion_is_told_before_the_turn_ends():
    host = asking()
    host.tell(told("rain"))

    assert host.answers("Done.").kinds == [
        "model_responded",
        "causes_taken",
        "step_started",
    ]
