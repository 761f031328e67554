"""Loans: from the intention to their end, with what is assumed."""

from __future__ import annotations

import pytest

from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from tests.core.turn.family import (
    SETTINGS,
    accepted,
    asks,
    child,
    ended,
    family,
    gone,
    idle_parent_of,
    parent_of,
    planned,
    read,
    ready,
    spawn,
    wants,
    working,
)
from tests.core.turn.host import (
    CANCEL,
    DRAIN,
    NOW,
    PAUSE,
    RESTORED,
    Host,
    call,
    finished,
    kinds,
    queued,
    request,
    run,
)

WATCH = f.WatchChild(session="s-a")


def _spawning() -> Host:
    """The call of `spawn_pod` runs."""
    host = working()
    host.answers(call("spawn_pod"))
    return host


# Lending


def test_an_intention_to_lend_is_journalled_with_all_that_a_restore_needs():
    host = _spawning()

    decision = host.decide(planned("a", "t1.1.1"))

    fact = planned("a", "t1.1.1")
    assert decision.entries == (
        e.LoanIntended(
            turn="t1",
            call="t1.1.1",
            pod="p.a",
            session="s-a",
            scope=fact.scope,
            token="token-a",
            task="Do a.\nWell.",
        ),
    )
    assert decision.effects == ()
    one = child(host, "a")
    assert (one.stage, one.state, one.parent) == ("intended", "starting", "p")
    assert (one.call, one.token, one.lent) == ("t1.1.1", "token-a", ("/w/a",))
    assert one.scope == fact.scope
    assert one.is_lent_to


@pytest.mark.parametrize("over", [CANCEL, finished("t1.1.1")])
def test_a_loan_that_is_planned_too_late_is_not_made(over):
    """Its call was ended meanwhile."""
    host = _spawning()
    host.tell(over)

    decision = host.decide(planned("a", "t1.1.1"))

    assert decision.verdict == "stale"
    assert host.state.children == {}


def test_a_call_that_was_not_begun_plans_nothing():
    assert _spawning().decide(planned("a", "t1.1.9")).verdict == "stale"
    assert family().decide(planned("a", "t1.1.1")).verdict == "stale"


def test_a_child_that_is_ready_is_watched_from_then_on():
    host = _spawning()
    host.tell(planned("a", "t1.1.1"))

    decision = host.decide(ready("a"))

    assert decision.entries == (e.LoanMade(pod="p.a", session="s-a"),)
    assert decision.effects == (WATCH,)
    assert (child(host, "a").stage, child(host, "a").state) == ("made", "idle")
    assert host.decide(ready("a")).verdict == "stale"
    assert host.decide(ready("b")).verdict == "stale"


def test_a_task_that_a_child_has_taken_is_known_by_its_turn_there():
    host = _spawning()
    host.tell(planned("a", "t1.1.1"))
    host.tell(ready("a"))

    decision = host.decide(accepted("a", "t1.1.1", "t7"))

    assert decision.entries == (e.TaskGiven(session="s-a", call="t1.1.1", turn="t7"),)
    assert (child(host, "a").turns, child(host, "a").state) == (["t7"], "running")
    assert host.decide(accepted("a", "t1.1.1", "t7")).verdict == "stale"
    assert host.decide(accepted("b", "t1.1.1", "t7")).verdict == "stale"


def test_a_task_given_again_after_its_end_is_stale():
    """The same key was sent again, and has the first answer again."""
    host = idle_parent_of("a")
    host.tell(read(host, ended("a", "t1")))

    assert host.decide(accepted("a", "t1.1.1", "t1")).verdict == "stale"
    assert child(host, "a").turns == []


def test_a_task_cannot_be_given_to_a_child_that_is_gone():
    host = parent_of("a")
    host.tell(gone("a"))

    assert host.decide(accepted("a", "t1.1.1", "t2")).verdict == "stale"


def test_children_are_spawned_side_by_side():
    host = working()

    heard = spawn(host, "a", "b")

    assert heard.effects == [request(2)]
    assert list(host.state.children) == ["s-a", "s-b"]
    assert host.state.child_named("a") is host.state.child_named("p.a")


# Ends


def test_a_child_that_is_gone_is_one_entry_and_one_cause():
    host = parent_of("a")

    decision = host.decide(gone("a", "crashed", message="killed"))

    assert decision.entries == (
        e.LoanReturned(
            pod="p.a",
            session="s-a",
            end="crashed",
            message="killed",
            cause="c2",
            rendered="a crashed: killed",
        ),
    )
    one = child(host, "a")
    assert (one.stage, one.state, one.end) == ("returned", "ended", "crashed")
    assert (one.message, one.lent, one.turns) == ("killed", (), [])
    assert not one.is_lent_to
    assert [(c.kind, c.origin, c.child) for c in host.state.waiting] == [
        ("child", "p.a", "s-a")
    ]


def test_the_end_of_a_child_wakes_an_idle_parent():
    host = idle_parent_of("a")

    heard = host.tell(gone("a", "crashed", message="killed"))

    assert heard.kinds == ["loan_returned", "turn_started", "step_started"]
    assert heard.entries[1].causes == ("c2",)
    assert host.texts()[-1] == "notification: a crashed: killed"


def test_an_end_that_a_result_tells_is_no_cause():
    host = idle_parent_of("a")

    heard = host.tell(gone("a", told=True))

    assert heard.kinds == ["loan_returned"]
    assert (heard.entries[0].cause, heard.entries[0].rendered) == (None, "")
    assert host.state.causes == 1


def test_an_end_that_comes_before_its_call_runs_again_is_told_by_that_call():
    """After a crash: the child died of the call that the last process began."""
    host = parent_of("a", "b")
    host.answers(call("stop_pod", '{"name":"a"}'), call("stop_pod", "{"))
    host = host.crash()
    host.tell(RESTORED)

    (stopped,) = host.decide(gone("a")).entries
    (other,) = host.decide(gone("b")).entries

    assert (stopped.cause, stopped.rendered) == (None, "")
    assert other.cause is not None


def test_a_loan_that_came_to_nothing_is_told_by_the_call_that_made_it():
    host = _spawning()
    host.tell(planned("a", "t1.1.1"))

    heard = host.tell(gone("a", "not_started", message="no room"))

    assert heard.kinds == ["loan_returned"]
    assert heard.entries[0].cause is None
    assert host.state.waiting == []


@pytest.mark.parametrize("fact", [gone("a"), gone("b")])
def test_an_end_that_is_known_or_of_nobody_is_stale(fact):
    host = parent_of("a")
    host.tell(gone("a"))

    assert host.decide(fact).verdict == "stale"


def test_what_a_dead_child_asked_waits_for_nobody():
    host = parent_of("a", "b")
    host.tell(read(host, asks("a"), wants("a"), asks("b"), wants("b")))
    host.tell(gone("a"))

    assert set(host.state.questions) == {("p.b", "t1.1.1")}
    assert set(host.state.approvals) == {("p.b", "t1.1.1")}


# Restore


def test_a_restored_parent_watches_whom_it_lends_to():
    host = parent_of("a", "b", "c")
    host.tell(gone("b", told=True))
    host = host.crash()

    effects = host.decide(RESTORED).effects

    assert [one.session for one in effects if isinstance(one, f.WatchChild)] == [
        *("s-a", "s-c"),
    ]


def test_a_loan_that_a_crash_left_half_made_is_gone_on_with():
    """Promise 6: the call is run again, and finds the child that it began."""
    host = _spawning()
    host.tell(planned("a", "t1.1.1"))
    host = host.crash()

    heard = host.tell(RESTORED)

    assert run("t1.1.1", "spawn_pod").call in {
        one.call for one in heard.effects if isinstance(one, f.RunTool)
    }
    assert child(host, "a").call == "t1.1.1"
    assert host.tell(ready("a")).kinds == ["loan_made"]


@pytest.mark.parametrize("stop", [CANCEL, NOW])
def test_a_call_that_lends_can_be_ended(stop):
    host = _spawning()
    host.tell(planned("a", "t1.1.1"))

    assert f.CancelTool(call="t1.1.1") in host.tell(stop).effects
    assert child(host, "a").is_lent_to


def test_a_closed_pod_hears_of_children_no_more():
    host = parent_of("a")
    fact = read(host, ended("a"))
    host.tell(NOW)

    for late in (fact, gone("a"), ready("a"), accepted("a", "t1.1.1", "t2")):
        assert host.decide(late).verdict == "stale"


def test_a_draining_pod_still_gets_its_loans_back():
    host = idle_parent_of("a")
    host.decide(DRAIN)

    assert kinds(host.decide(gone("a")).entries) == ["loan_returned"]
    assert host.tell(i.Proceeded()).kinds == ["session_closed"]
    restored = host.crash()
    assert restored.tell(RESTORED).kinds[1:] == ["turn_started", "step_started"]


def test_a_paused_parent_is_told_when_it_goes_on():
    host = parent_of("a")
    host.tell(PAUSE)

    assert host.tell(gone("a")).kinds == ["loan_returned"]
    assert host.tell(queued("next")).kinds == ["input_accepted"]
    assert len(Host.restored(host.entries, SETTINGS).state.waiting) == 1
