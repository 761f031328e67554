"""What pause, cancel, stop and restore lead to, alone: entries and effects."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.known import KnownOfCall
from podd.core.turn.states import MachineState, machine_state
from podd_protocol.values import Cancelled, Usage
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OVER,
    PAUSE,
    RESTORED,
    RESUME,
    SETTINGS,
    TEXTS,
    USAGE,
    Host,
    asking,
    call,
    calling,
    finished,
    kinds,
    queued,
    request,
    run,
)
from tests.core.turn.situations import answered

DEADLINE = f.SetDeadline(deadline="drain", seconds=10.0)


def _interrupted(name: str, tool: str) -> e.ToolResulted:
    return e.ToolResulted(
        turn="t1",
        step=1,
        call=name,
        name=tool,
        status="interrupted",
        summary="interrupted",
    )


def _given_up(why: str, attempt: int = 1) -> e.StepFailed:
    return e.StepFailed(
        turn="t1", step=1, attempt=attempt, fault="interrupted", message=why
    )


# Pause and resume


def test_a_pause_gives_the_request_up():
    decision = asking().decide(PAUSE)

    assert decision.entries == (
        _given_up("the turn was paused"),
        e.TurnPaused(turn="t1", reason="lunch"),
    )
    assert decision.effects == (f.CancelModel(),)


def test_a_pause_lets_the_calls_that_were_begun_run():
    host = calling("read_file", "write_file")

    decision = host.decide(PAUSE)

    assert decision.entries == (e.TurnPaused(turn="t1", reason="lunch"),)
    assert decision.effects == ()
    assert machine_state(host.state) is MachineState.PAUSED_AWAITING_TOOLS


def test_a_paused_turn_is_not_paused_again_and_a_running_one_not_resumed():
    assert Host.after(queued("w"), PAUSE).decide(PAUSE).refusal == "not_running"
    assert asking().decide(RESUME).refusal == "not_paused"
    assert Host.after().decide(PAUSE).refusal == "not_running"


def test_a_resume_is_one_entry():
    decision = Host.after(queued("work"), PAUSE).decide(RESUME)

    assert decision.entries == (e.TurnResumed(turn="t1"),)
    assert decision.effects == ()


# Cancel


def test_cancelling_a_request_closes_its_attempt_and_the_turn():
    decision = asking().decide(CANCEL)

    assert decision.entries == (
        _given_up("the turn was cancelled"),
        e.TurnEnded(
            turn="t1",
            outcome=Cancelled(by="user", reason="enough"),
            text="",
            usage=Usage(),
        ),
    )
    assert decision.effects == (f.CancelModel(),)


def test_cancelling_calls_gives_each_open_one_its_result():
    """Promise 3, after a cancel."""
    host = calling("read_file", "write_file")
    host.tell(finished("t1.1.1"))

    decision = host.decide(CANCEL)

    assert decision.entries == (
        _interrupted("t1.1.2", "write_file"),
        e.TurnEnded(
            turn="t1",
            outcome=Cancelled(by="user", reason="enough"),
            text="",
            usage=USAGE,
        ),
    )
    assert decision.effects == (f.CancelTool(call="t1.1.2"),)


def test_cancelling_before_a_call_was_begun_stops_nothing_and_leaves_none_open():
    host = asking()
    answered(host, call("read_file"), call("write_file"))

    decision = host.decide(CANCEL)

    assert kinds(decision.entries) == ["tool_result", "tool_result", "turn_ended"]
    assert decision.effects == ()


def test_cancelling_a_paused_turn_ends_it():
    heard = Host.after(queued("work"), PAUSE).tell(CANCEL)

    assert heard.kinds == ["turn_ended"]
    assert heard.effects == []


def test_nothing_can_be_cancelled_where_no_turn_is_open():
    host = Host.after()
    assert host.decide(CANCEL).refusal == "not_running"
    host.decide(queued("work"))
    assert host.decide(CANCEL).refusal == "not_running"
    host.decide(DRAIN)
    assert host.decide(CANCEL).refusal == "stopping"


# Stop


def test_a_drain_sets_its_deadline_once():
    host = asking()

    first, second = host.decide(DRAIN), host.decide(DRAIN)

    assert first.entries == (e.StopRequested(mode="drain", by="user"),)
    assert first.effects == (DEADLINE,)
    assert second.verdict == "take"
    assert second.entries == second.effects == ()


@pytest.mark.parametrize("stop", [(NOW,), (DRAIN, NOW), (DRAIN, OVER)])
def test_an_end_while_the_model_is_asked_leaves_the_turn_open(stop):
    host = asking()
    for fact in stop[:-1]:
        host.decide(fact)

    decision = host.decide(stop[-1])

    asked = (e.StopRequested(mode="now", by="signal"),) if stop[-1] is NOW else ()
    assert decision.entries == (
        *asked,
        _given_up("the pod was stopped"),
        e.SessionClosed(open_turn="t1"),
    )
    assert decision.effects == (f.CancelModel(), f.EndPod(mode="now"))


@pytest.mark.parametrize("stop", [(NOW,), (DRAIN, NOW), (DRAIN, OVER)])
def test_an_end_while_tools_run_gives_each_call_its_result(stop):
    """Promise 3, when the pod is stopped."""
    host = calling("read_file", "write_file")
    for fact in stop[:-1]:
        host.decide(fact)

    decision = host.decide(stop[-1])

    assert decision.entries[-3:] == (
        _interrupted("t1.1.1", "read_file"),
        _interrupted("t1.1.2", "write_file"),
        e.SessionClosed(open_turn="t1"),
    )
    assert decision.effects == (
        f.CancelTool(call="t1.1.1"),
        f.CancelTool(call="t1.1.2"),
        f.EndPod(mode="now"),
    )


def test_an_idle_pod_ends_now_without_an_open_turn():
    decision = Host.after().decide(NOW)

    assert decision.entries == (
        e.StopRequested(mode="now", by="signal"),
        e.SessionClosed(open_turn=None),
    )
    assert decision.effects == (f.EndPod(mode="now"),)


def test_a_deadline_without_a_drain_is_stale():
    assert asking().decide(OVER).verdict == "stale"
    assert Host.after(NOW).decide(OVER).verdict == "stale"


def test_a_second_stop_after_the_end_is_stale():
    host = Host.after(NOW)

    assert host.decide(NOW).verdict == "stale"
    assert host.decide(DRAIN).verdict == "stale"


# Restore


def test_a_restored_pod_says_what_it_is_from_here():
    for host, state in (
        (Host.after(), "idle"),
        (asking(), "running"),
        (Host.after(queued("w"), PAUSE), "paused"),
    ):
        started = host.crash().decide(RESTORED).entries[0]
        assert started == e.PodStarted(pid=7, state=state, podd="0.1.0")


def test_a_request_that_a_crash_left_open_is_given_up():
    decision = asking().crash().decide(RESTORED)

    assert decision.entries[1:] == (_given_up("the pod ended while it waited"),)
    assert decision.effects == ()


def test_a_request_that_is_no_longer_what_it_was_is_an_alert():
    host = asking()
    host.state.surface_digest = "another"

    (alert,) = host.decide(RESTORED).effects

    assert (alert.level, alert.code) == ("warning", "request_changed")


def test_a_call_that_may_run_again_does_and_the_end_of_another_is_unknown():
    host = calling("read_file", "write_file").crash()

    decision = host.decide(RESTORED)

    began = next(en.at for en in host.entries if getattr(en, "call", "") == "t1.1.2")
    assert decision.entries[1:] == (
        e.ToolResulted(
            turn="t1",
            step=1,
            call="t1.1.2",
            name="write_file",
            status="unknown",
            summary=f"write_file since {began}: unknown",
        ),
    )
    assert decision.effects == (run("t1.1.1"),)


def test_a_call_that_was_not_begun_is_begun_after_the_crash_and_not_unknown():
    host = asking()
    host.entries.append(calling("read_file", "write_file").entries[len(host.entries)])
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_started", "tool_started"]
    assert heard.effects == [run("t1.1.1"), run("t1.1.2", "write_file")]


def test_a_restore_after_an_orderly_end_opens_the_session_again():
    host = Host.after(DRAIN).crash()

    assert host.tell(RESTORED).kinds == ["pod_started"]
    assert host.tell(queued("more")).effects == [request(1)]


def test_what_is_known_of_a_lost_call_stands_in_its_result():
    known = KnownOfCall(
        call="t1.1.1", output="so far", output_bytes=6, spilled_to="/outputs/t1.1.1.txt"
    )
    texts = msgspec.structs.replace(
        TEXTS, unknown=lambda _tool, _since, known: f"{known.output_bytes} bytes"
    )
    host = calling("write_file", "write_file").crash()
    host.settings = msgspec.structs.replace(SETTINGS, texts=texts)

    decision = host.decide(msgspec.structs.replace(RESTORED, known=(known,)))

    first, second = decision.entries[1:]
    assert (first.status, first.summary) == ("unknown", "6 bytes")
    assert (first.output, first.spilled_to) == ("so far", "/outputs/t1.1.1.txt")
    assert (second.status, second.summary, second.output) == ("unknown", "0 bytes", "")
