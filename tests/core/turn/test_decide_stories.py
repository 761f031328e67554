"""What inputs and results lead to, alone: entries, effects, answer."""

from __future__ import annotations

import pytest

from podd.core.pod.state import Answer
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    RENDERED,
    SURFACE,
    USAGE,
    Host,
    asking,
    call,
    calling,
    finished,
    kinds,
    queued,
    steered,
    told,
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
    decision = asking().decide(steered("also"))

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
    assert asking().decide(offer).refusal == "busy"


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


# What effects come back with


def test_calls_are_named_after_their_turn_step_and_place_among_the_calls():
    host = asking()

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
    host = asking()

    entry = host.fails("cut", partial="I was going", began=True).entries[0]

    assert entry == e.StepFailed(
        n=entry.n,
        at=entry.at,
        seq=entry.seq,
        elapsed=entry.elapsed,
        turn="t1",
        step=1,
        attempt=1,
        fault="cut",
        message="no",
        partial="I was going",
        began=True,
    )
    assert host.texts() == ["user: work"]


def test_a_result_is_preceded_by_the_files_it_changed():
    host = calling("read_file", "write_file")
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


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("t1.1.1", "stale"),
        ("t1.2.1", "duplicate"),
        ("t1.2.9", "unknown"),
        ("t0.1.1", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_late_a_second_and_a_foreign_result_are_told_apart(name, verdict):
    host = calling("read_file")
    host.tell(finished("t1.1.1"))
    host.answers(call("read_file"), call("write_file"))
    host.tell(finished("t1.2.1"))

    assert host.tell(finished(name)).entries == []
    decision = host.decide(finished(name))
    assert (decision.verdict, decision.refusal) == (verdict, None)


def test_a_late_result_of_a_cancelled_turn_does_not_reach_the_next_one():
    host = calling("read_file", "write_file")
    host.tell(CANCEL)
    host.tell(queued("next"))
    host.answers(call("read_file"))

    assert host.decide(finished("t1.1.1")).verdict == "unknown"
    assert list(host.state.turn.calls) == ["t2.1.1"]


# Surface


def test_a_surface_is_one_entry_and_begins_nothing_in_an_idle_pod():
    heard = Host().tell(RENDERED)

    assert heard.kinds == ["surface_set"]
    assert heard.entries[0].surface == SURFACE
    assert heard.effects == []
