"""What each fact leads to, alone: its entries, its effects, its answer."""

from __future__ import annotations

import pytest

from podd.core.pod.state import Answer
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState, machine_state
from podd_protocol.values import Cancelled, Usage
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    OVER,
    PAUSE,
    RENDERED,
    RESTORED,
    RESUME,
    SURFACE,
    USAGE,
    Host,
    call,
    finished,
    kinds,
    queued,
    request,
    run,
    steered,
    told,
)
from tests.core.turn.situations import answered

DEADLINE = f.SetDeadline(deadline="drain", seconds=10.0)


def _asking() -> Host:
    return Host.after(queued("work"))


def _calling() -> Host:
    """One call that may run again, one that may not."""
    host = _asking()
    host.answers(call("read_file"), call("write_file"))
    return host


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


# Inputs


def test_an_input_is_one_entry_and_is_answered_with_its_turn():
    host = Host.after()

    decision = host.decide(queued("work", key="k"))

    assert decision.entries == (
        e.InputAccepted(
            turn="t1",
            cause="c1",
            origin="user",
            text="work",
            delivery="queue",
            position=0,
            key="k",
        ),
    )
    assert decision.effects == ()
    assert decision.answer == Answer("c1", "t1", 0)


def test_positions_count_the_turns_before_an_input():
    host = Host.after()

    answers = [host.tell(queued(text)).decision.answer for text in "abc"]

    assert answers == [Answer(f"c{n}", f"t{n}", n - 1) for n in (1, 2, 3)]


def test_inputs_that_come_before_anything_could_follow_are_counted_too():
    host = Host.after()

    answers = [host.decide(queued(text)).answer for text in "abc"]

    assert [answer.position for answer in answers] == [0, 1, 2]


def test_a_steered_input_belongs_to_the_running_turn():
    decision = _asking().decide(steered("also"))

    assert decision.answer == Answer("c2", "t1", 0)
    assert kinds(decision.entries) == ["input_accepted"]
    assert decision.entries[0].delivery == "steer"


def test_inputs_steered_into_an_idle_pod_are_told_the_one_turn_they_share():
    host = Host.after()

    answers = [host.decide(steered(text)).answer for text in "ab"]
    started = host.decide(i.Proceeded()).entries

    assert answers == [Answer("c1", "t1", 0), Answer("c2", "t1", 0)]
    assert started == (e.TurnStarted(turn="t1", causes=("c1", "c2")),)


def test_an_input_behind_a_steered_one_is_told_that_it_has_to_wait():
    host = Host.after()
    host.decide(steered("first"))

    assert host.decide(queued("second")).answer == Answer("c2", "t2", 1)


def test_an_offer_is_taken_by_an_idle_pod_alone():
    offer = i.InputOffered(text="now?")

    assert Host.after().decide(offer).answer == Answer("c1", "t1", 0)
    assert _asking().decide(offer).refusal == "busy"


def test_an_offer_behind_work_that_is_about_to_start_is_refused():
    host = Host.after()
    host.decide(queued("first"))

    assert host.decide(i.InputOffered(text="now?")).refusal == "busy"


def test_a_notification_is_rendered_once_and_answered_with_its_cause():
    decision = Host.after().decide(told("rain", wake=True, key="k"))

    assert decision.entries == (
        e.NotificationAccepted(
            cause="c1",
            origin="user",
            text="rain",
            rendered="[user] rain",
            wake=True,
            turn="t1",
            key="k",
        ),
    )
    assert decision.answer == Answer("c1", None, None)


@pytest.mark.parametrize("later", [(), (CANCEL,), (DRAIN,), (NOW,)])
def test_a_repeated_key_gets_the_first_answer_in_every_state(later):
    host = Host.after()
    first = host.tell(queued("work", key="k")).decision.answer
    for fact in later:
        host.tell(fact)

    for again in (
        queued("other", key="k"),
        steered("other", key="k"),
        i.InputOffered(text="other", key="k"),
    ):
        heard = host.tell(again)
        assert heard.decision.answer == first
        assert heard.entries == []
        assert heard.decision.verdict == "take"


def test_a_repeated_key_gets_the_first_answer_after_a_crash():
    host = Host.after()
    first = host.tell(queued("work", key="k")).decision.answer

    assert host.crash().decide(queued("work", key="k")).answer == first


def test_a_notification_under_the_key_of_an_input_is_one_of_its_own():
    host = Host.after(queued("work", key="k"))

    noted = host.tell(told("rain", key="k")).decision.answer

    assert noted == Answer("c2", None, None)
    assert host.tell(told("rain", key="k")).decision.answer == noted
    assert host.tell(queued("work", key="k")).decision.answer == Answer("c1", "t1", 0)


def test_inputs_without_a_key_are_never_taken_for_repeated_ones():
    host = Host.after(queued("work"))

    assert host.tell(queued("work")).decision.answer == Answer("c2", "t2", 1)


# Pause and resume


def test_a_pause_gives_the_request_up():
    decision = _asking().decide(PAUSE)

    assert decision.entries == (
        _given_up("the turn was paused"),
        e.TurnPaused(turn="t1", reason="lunch"),
    )
    assert decision.effects == (f.CancelModel(),)


def test_a_pause_lets_the_calls_that_were_begun_run():
    host = _calling()

    decision = host.decide(PAUSE)

    assert decision.entries == (e.TurnPaused(turn="t1", reason="lunch"),)
    assert decision.effects == ()
    assert machine_state(host.state) is MachineState.PAUSED_AWAITING_TOOLS


def test_a_paused_turn_is_not_paused_again_and_a_running_one_not_resumed():
    assert Host.after(queued("w"), PAUSE).decide(PAUSE).refusal == "not_running"
    assert _asking().decide(RESUME).refusal == "not_paused"
    assert Host.after().decide(PAUSE).refusal == "not_running"


def test_a_resume_is_one_entry():
    decision = Host.after(queued("work"), PAUSE).decide(RESUME)

    assert decision.entries == (e.TurnResumed(turn="t1"),)
    assert decision.effects == ()


# Cancel


def test_cancelling_a_request_closes_its_attempt_and_the_turn():
    decision = _asking().decide(CANCEL)

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
    host = _calling()
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
    host = _asking()
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
    host = _asking()

    first, second = host.decide(DRAIN), host.decide(DRAIN)

    assert first.entries == (e.StopRequested(mode="drain", by="user"),)
    assert first.effects == (DEADLINE,)
    assert second.verdict == "take"
    assert second.entries == second.effects == ()


@pytest.mark.parametrize("stop", [(NOW,), (DRAIN, NOW), (DRAIN, OVER)])
def test_an_end_while_the_model_is_asked_leaves_the_turn_open(stop):
    host = _asking()
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
    host = _calling()
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
    assert _asking().decide(OVER).verdict == "stale"
    assert Host.after(NOW).decide(OVER).verdict == "stale"


def test_a_second_stop_after_the_end_is_stale():
    host = Host.after(NOW)

    assert host.decide(NOW).verdict == "stale"
    assert host.decide(DRAIN).verdict == "stale"


# What effects come back with


def test_calls_are_named_after_their_turn_step_and_place_among_the_calls():
    host = _asking()

    entry = host.answers("a", call("read_file"), "b", call("read_file")).entries[0]

    assert [getattr(part, "call", None) for part in entry.parts] == [
        None,
        "t1.1.1",
        None,
        "t1.1.2",
    ]
    assert (entry.turn, entry.step, entry.attempt) == ("t1", 1, 1)
    assert entry.usage == USAGE


def test_what_a_failed_attempt_said_is_in_the_journal_and_not_in_the_conversation():
    host = _asking()

    entry = host.fails("cut", partial="I was going").entries[0]

    assert entry == e.StepFailed(
        n=entry.n,
        at=entry.at,
        seq=entry.seq,
        turn="t1",
        step=1,
        attempt=1,
        fault="cut",
        message="no",
        partial="I was going",
    )
    assert host.texts() == ["user: work"]


def test_a_result_is_preceded_by_the_files_it_changed():
    host = _calling()
    change = i.FileChange(path="/a", change="created", before=None, after="f" * 64)

    decision = host.decide(
        finished("t1.1.2", output="text", spilled_to="/out", changes=(change,))
    )

    assert decision.entries == (
        e.FileChanged(
            turn="t1",
            call="t1.1.2",
            path="/a",
            change="created",
            before=None,
            after="f" * 64,
        ),
        e.ToolResulted(
            turn="t1",
            step=1,
            call="t1.1.2",
            name="write_file",
            status="ok",
            summary="t1.1.2 done",
            output="text",
            spilled_to="/out",
        ),
    )


@pytest.mark.parametrize("name", ["t1.1.1", "t1.1.9", "t0.1.1", ""])
def test_a_second_or_foreign_result_is_stale(name):
    host = _calling()
    host.tell(finished("t1.1.1"))

    assert host.tell(finished(name)).entries == []
    assert host.decide(finished(name)).verdict == "stale"


def test_a_late_result_of_a_cancelled_turn_does_not_reach_the_next_one():
    host = _calling()
    host.tell(CANCEL)
    host.tell(queued("next"))
    host.answers(call("read_file"))

    assert host.decide(finished("t1.1.1")).verdict == "stale"
    assert list(host.state.turn.calls) == ["t2.1.1"]


# Surface


def test_a_surface_is_one_entry_and_begins_nothing_in_an_idle_pod():
    heard = Host().tell(RENDERED)

    assert heard.kinds == ["surface_set"]
    assert heard.entries[0].surface == SURFACE
    assert heard.effects == []


# Restore


def test_a_restored_pod_says_what_it_is_from_here():
    for host, state in (
        (Host.after(), "idle"),
        (_asking(), "running"),
        (Host.after(queued("w"), PAUSE), "paused"),
    ):
        started = host.crash().decide(RESTORED).entries[0]
        assert started == e.PodStarted(pid=7, state=state, podd="0.1.0")


def test_a_request_that_a_crash_left_open_is_given_up():
    decision = _asking().crash().decide(RESTORED)

    assert decision.entries[1:] == (_given_up("the pod ended while it waited"),)
    assert decision.effects == ()


def test_a_request_that_is_no_longer_what_it_was_is_an_alert():
    host = _asking()
    host.state.surface_digest = "another"

    (alert,) = host.decide(RESTORED).effects

    assert (alert.level, alert.code) == ("warning", "request_changed")


def test_a_call_that_may_run_again_does_and_the_end_of_another_is_unknown():
    host = _calling().crash()

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
    host = _asking()
    host.entries.append(_calling().entries[len(host.entries)])
    host = host.crash()

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_started", "tool_started"]
    assert heard.effects == [run("t1.1.1"), run("t1.1.2", "write_file")]


def test_a_restore_after_an_orderly_end_opens_the_session_again():
    host = Host.after(DRAIN).crash()

    assert host.tell(RESTORED).kinds == ["pod_started"]
    assert host.tell(queued("more")).effects == [request(1)]
