"""What pods below ask: of us, of people, and that it is never taken for our own."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.permission import Permission
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from tests.core.turn.family import (
    SETTINGS,
    answered_below,
    asks,
    family,
    gone,
    idle_parent_of,
    parent_of,
    read,
    resolved_below,
    wants,
)
from tests.core.turn.host import CANCEL, NOW, RESTORED, call, run

WHY = '{"question":"Why?"}'


# Questions of children


def test_a_question_to_the_parent_is_a_cause():
    host = idle_parent_of("a")

    heard = host.tell(read(host, asks("a", text="Which?")))

    assert heard.kinds == ["question_asked", "turn_started", "step_started"]
    asked = heard.entries[0]
    assert (asked.cause, asked.rendered) == ("c2", "a asks Which? []")
    assert (asked.via, asked.upto, asked.pod) == ("s-a", 1, "p.a")
    assert host.texts()[-1] == "notification: a asks Which? []"
    assert host.state.question_of("p.a").question == "t1.1.1"


@pytest.mark.parametrize(
    ("via", "of", "to"), [("a", "a", "user"), ("a", "a.x", "parent")]
)
def test_a_question_to_somebody_else_waits_and_is_no_cause(via, of, to):
    host = idle_parent_of("a")
    _, fact = asks(of, to=to)

    heard = host.tell(read(host, (via, fact)))

    assert heard.kinds == ["question_asked"]
    assert (heard.entries[0].cause, heard.entries[0].rendered) == (None, "")
    assert list(host.state.questions) == [(f"p.{of}", "t1.1.1")]
    assert host.state.question_of(f"p.{of}") is None


def test_a_question_that_was_answered_before_we_read_it_is_no_cause():
    host = idle_parent_of("a")

    heard = host.tell(read(host, asks("a"), answered_below("a")))

    assert heard.kinds == ["question_asked", "question_answered"]
    assert host.state.questions == {}
    another = host.tell(read(host, asks("a", "t1.2.1"), answered_below("a", "t1.3.1")))
    assert another.entries[0].cause == "c2"


def test_an_answer_to_a_question_of_a_child_is_not_ours_to_journal():
    """It goes to the child, and comes back as its news."""
    host = parent_of("a")
    host.tell(read(host, asks("a")))

    decision = host.decide(i.QuestionReplied(question="t1.1.1", text="That."))

    assert decision.refusal == "no_such_question"


# Approvals of children


def test_approvals_below_wait_here_by_pod_and_call():
    host = idle_parent_of("a", "b")

    heard = host.tell(read(host, wants("a"), wants("b"), wants("a", "a.x")))

    assert heard.kinds == ["approval_requested"] * 3
    assert set(host.state.approvals) == {
        *(("p.a", "t1.1.1"), ("p.b", "t1.1.1"), ("p.a.x", "t1.1.1")),
    }
    deep = host.state.approvals["p.a.x", "t1.1.1"]
    assert (deep.via, deep.name, deep.reason) == ("s-a", "bash", "rule 9")
    assert heard.effects == []


def test_a_verdict_below_is_no_verdict_here():
    host = idle_parent_of("a")
    host.tell(read(host, wants("a"), wants("a", "a.x")))
    said = i.ApprovalGiven(call="t1.1.1", verdict="approved")
    assert host.decide(said).refusal == "no_such_call"

    host.tell(read(host, resolved_below("a", "a.x")))

    assert list(host.state.approvals) == [("p.a", "t1.1.1")]
    assert host.state.verdicts == {}


def test_a_verdict_below_does_not_decide_a_call_of_ours_of_the_same_name():
    host = parent_of("a")
    host.answers(call("bash", '{"command":"rm x"}'))
    name = "t1.2.1"

    host.tell(read(host, wants("a", call=name), resolved_below("a", call=name)))

    assert list(host.state.approvals) == [("p", name)]
    assert host.state.turn.calls[name].permission == "asked"


def test_a_verdict_for_our_session_is_none_for_that_of_a_child():
    asks_always = msgspec.structs.replace(
        SETTINGS,
        permission=lambda tool, _arguments: Permission(
            "ask" if tool == "bash" else "allow"
        ),
    )
    host = parent_of("a", settings=asks_always)
    host.answers(call("bash"))
    host.tell(read(host, wants("a")))

    said = i.ApprovalGiven(call="t1.2.1", verdict="approved", remember="session")
    heard = host.tell(said)

    assert heard.kinds == ["approval_resolved", "tool_started"]
    assert list(host.state.approvals) == [("p.a", "t1.1.1")]


def test_a_request_below_does_not_hold_up_a_call_of_ours_of_the_same_name():
    host = parent_of("a")
    host.answers(call("read_file"))
    name = "t1.2.1"

    host.tell(read(host, wants("a", call=name)))

    assert host.state.turn.calls[name].permission == "unasked"
    assert host.crash().tell(RESTORED).effects[0] == run(name)


@pytest.mark.parametrize("end", [CANCEL, NOW])
def test_what_ends_our_turn_takes_back_nothing_that_is_asked_below(end):
    host = parent_of("a")
    host.answers(call("bash", '{"command":"rm x"}'), call("ask_user", WHY))
    host.tell(read(host, wants("a"), asks("a", "t1.1.2", to="user")))

    heard = host.tell(end)

    taken_back = [
        entry
        for entry in heard.entries
        if isinstance(entry, e.ApprovalResolved | e.QuestionAnswered)
    ]
    assert [getattr(one, "call", "") for one in taken_back] == ["t1.2.1", ""]
    assert [getattr(one, "question", "") for one in taken_back] == ["", "t1.2.2"]
    assert list(host.state.approvals) == [("p.a", "t1.1.1")]
    assert list(host.state.questions) == [("p.a", "t1.1.2")]


def test_an_answer_below_does_not_answer_a_question_of_ours_of_the_same_name():
    host = parent_of("a")
    host.answers(call("ask_user", WHY))
    name = "t1.2.1"

    host.tell(read(host, asks("a", name), answered_below("a", name)))

    assert list(host.state.questions) == [("p", name)]
    assert host.state.turn.calls[name].reply is None


def test_news_of_a_root_pod_without_children_are_stale():
    assert family().decide(gone("a")).verdict == "stale"
