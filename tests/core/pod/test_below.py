"""What entries about others change, and that those about strangers change nothing."""

from __future__ import annotations

import copy

import pytest

from podd.core.pod.child import Child, short_name
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd_protocol.values import Completed, Usage
from tests.core.turn.family import ask, bash, idle_parent_of, parent_of, working
from tests.core.turn.host import Host


def _applied(state: PodState, entry: e.AnyEntry) -> PodState:
    after = copy.deepcopy(state)
    apply(after, entry)
    after.n = state.n
    return after


STRANGERS = [
    e.LoanMade(pod="p.z", session="s-z"),
    e.TaskGiven(session="s-z", call="t1.1.1", turn="t1"),
    e.LoanReturned(pod="p.z", session="s-z", end="lost", message=""),
    e.ApprovalResolved(pod="p", call="t9.9.9", verdict="approved", by="user"),
    e.ApprovalResolved(
        pod="p", call="t9.9.9", verdict="denied", by="user", remember="session"
    ),
    e.QuestionAnswered(pod="p", question="t9.9.9", text="x", by="user"),
    e.CommandEnded(command="t9.9.9", end="exited", status=0),
]


@pytest.mark.parametrize("entry", STRANGERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize(
    "host",
    [working(), parent_of("a"), idle_parent_of("a")],
    ids=["working", "parent", "idle"],
)
def test_an_entry_about_a_stranger_changes_nothing(host, entry):
    assert _applied(host.state, entry) == host.state


def test_a_task_given_twice_is_one_task():
    host = parent_of("a")
    given = e.TaskGiven(session="s-a", call="t1.1.1", turn="t1")

    assert _applied(host.state, given) == host.state


def test_what_was_read_never_goes_back():
    host = parent_of("a")
    host.record(_news(upto=9))
    host.record(_news(upto=3))
    assert host.state.children["s-a"].upto == 9

    answered = e.QuestionAnswered(
        pod="p.a", question="t1.1.1", text="", by="limit", via="s-a", upto=5
    )
    assert _applied(host.state, answered) == host.state


def _news(**fields) -> e.ChildNews:
    named = {"via": "s-a", "news": "paused", "pod": "p.a", "session": "s-a"}
    return e.ChildNews(**{**named, "parent": "p", **fields})


def test_only_an_assumption_changes_who_lends():
    """The dead lender's entries may be read after the loan has passed on."""
    host = parent_of("a")
    host.record(_news(upto=1, parent="p.z"))
    assert host.state.children["s-a"].parent == "p"

    host.record(_news(upto=2, news="assumed", parent="p.z"))
    assert host.state.children["s-a"].parent == "p.z"


def test_a_turn_read_twice_is_counted_once():
    """Who assumes a loan reads the child from its beginning."""
    host = parent_of("a")
    spent = Usage(input_tokens=5)
    for upto, turn in ((1, "t1"), (2, "t2"), (3, "t1")):
        host.record(
            _news(
                upto=upto,
                news="turn_ended",
                turn=turn,
                outcome=Completed(),
                usage=spent,
            )
        )

    assert host.state.children["s-a"].usage == Usage(input_tokens=10)


def test_an_answer_is_kept_for_the_call_that_asked_until_its_result():
    host = working()
    host.answers(ask())
    host.record(e.QuestionAnswered(pod="p", question="t1.1.1", text="x", by="user"))

    reply = host.state.turn.calls["t1.1.1"].reply

    assert (reply.text, reply.by, reply.wait_seconds) == ("x", "user", 60.0)


def test_who_waits_since_when_and_for_how_long_is_known():
    host = working()
    host.answers(bash(), ask())

    (approval,) = host.state.approvals.values()
    (question,) = host.state.questions.values()

    times = {entry.at for entry in host.entries}
    assert {approval.since, question.since} <= times
    assert (approval.wait_seconds, question.wait_seconds) == (60.0, 60.0)
    assert (approval.subject, approval.arguments) == ("rm x", '{"command":"rm x"}')
    assert (question.text, question.to) == ("Why?", "user")


def test_a_child_that_lives_again_is_no_longer_ended():
    host = parent_of("a")
    scope = Scope((Rule("/w", "write"),))
    host.record(_news(upto=1, news="spawned", session="s-x", pod="p.a.x"))
    host.record(_news(upto=2, news="ended", session="s-x", pod="p.a.x", end="lost"))

    host.record(e.LoanAssumed(pod="p.a.x", session="s-x", parent="p", scope=scope))

    one = host.state.children["s-x"]
    assert (one.state, one.end, one.is_lent_to) == ("idle", None, True)


@pytest.mark.parametrize(
    ("stage", "turns", "done", "lent"),
    [
        ("intended", [], False, True),
        ("made", [], True, True),
        ("made", ["t1"], False, True),
        ("returned", [], True, False),
        ("below", [], True, False),
        ("below", ["t1"], False, False),
    ],
)
def test_when_a_child_is_done_and_when_something_is_in_its_hands(
    stage, turns, done, lent
):
    one = Child(pod="p.a", session="s", parent="p", stage=stage, turns=turns)

    assert (one.is_done, one.is_lent_to) == (done, lent)


@pytest.mark.parametrize(
    ("parent", "pod", "name"),
    [
        ("p", "p.a", "a"),
        ("p", "p.a.x", "a.x"),
        ("p", "pa", "pa"),
        ("p.a", "p.b", "p.b"),
    ],
)
def test_a_child_is_called_by_what_its_parent_added(parent, pod, name):
    assert short_name(parent, pod) == name


def test_a_child_is_found_by_both_its_names_and_nobody_else_is():
    state = parent_of("a").state

    assert state.child_named("a") is state.child_named("p.a")
    for name in ("", "p", "b", "p.p.a", "x.a"):
        assert state.child_named(name) is None
    assert Host().state.child_named("a") is None
