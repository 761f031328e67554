"""What waits for people is answered in place: at a real terminal."""

from __future__ import annotations

import pytest

from podd_protocol import events as v
from podd_protocol.replies import (
    ApprovalStatus,
    QuestionStatus,
)
from podd_protocol.requests import (
    Answer,
    Approve,
    Deny,
    Run,
)
from tests.cli.attached.terminal_at import (
    CTRL_D,
    ENTER,
    terminal_at,
)

pytestmark = pytest.mark.processes

AT = "2026-11-20T10:00:00.000Z"


def _approval(call="k1", pod="demo.left", command="git push"):
    return ApprovalStatus(
        call=call,
        pod=pod,
        name="bash",
        arguments={"command": command},
        reason="a rule",
        since=AT,
    )


def _asked(one):
    return v.ApprovalRequested(
        call=one.call,
        pod=one.pod,
        name=one.name,
        arguments=one.arguments,
        reason=one.reason,
        wait_seconds=600.0,
        at=one.since,
    )


def _resolved(one):
    return v.ApprovalResolved(
        call=one.call,
        pod=one.pod,
        verdict="approved",
        by="user",
        remember="once",
        reason="",
        at=AT,
    )


def _question(*choices):
    return QuestionStatus(
        question="q1",
        pod="demo",
        text="Beans or peas?",
        choices=list(choices),
        to="user",
        since=AT,
    )


@pytest.mark.parametrize(
    ("typed", "kind", "remember", "reason"),
    [
        ("y", Approve, "once", None),
        ("yes, do", Approve, "once", "do"),
        ("s", Approve, "session", None),
        ("n use the fork", Deny, "once", "use the fork"),
    ],
)
def test_an_approval_is_answered_in_place(running, typed, kind, remember, reason):
    one = _approval()
    running.approvals.append(one)
    with terminal_at("attach", "demo") as person:
        person.see("? demo.left asks to run bash git push (a rule)")
        person.see("y/n/s>")
        person.type(typed + ENTER)
        said = running.wait_for(kind)
        running.say(_resolved(one))
        person.see("demo.left: call k1 approved by user")
        person.see("demo>")

    assert (said.call, said.pod) == ("k1", "demo.left")
    assert (said.remember, said.reason) == (remember, reason)


def test_two_approvals_wait_one_behind_the_other(running):
    first, second = _approval(), _approval(pod="demo.right", command="rm -r x")
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        running.say(_asked(first), _asked(second))
        person.see("? 1 of 2: demo.left asks")
        person.type("y" + ENTER)
        one = running.wait_for(Approve)
        running.say(_resolved(first))
        person.see("? demo.right asks to run bash rm -r x")
        person.type("n" + ENTER)
        two = running.wait_for(Deny)

    assert (one.call, one.pod) == ("k1", "demo.left")
    assert (two.call, two.pod) == ("k1", "demo.right")


def test_who_was_typing_already_approves_nothing(running):
    """The first letters were for the pod, whatever pops up meanwhile."""
    with terminal_at("attach", "demo") as person:
        person.see("Enter steers")
        person.type("y")
        person.see("y")
        running.say(_asked(_approval()))
        person.see("asks to run bash")
        person.type(ENTER)
        said = running.wait_for(Run)

    assert (said.input, said.when_busy) == ("y", "steer")


def test_an_answer_to_what_is_settled_meanwhile_answers_nothing_else(running):
    first, second = _approval(), _approval(pod="demo.right", command="rm -r x")
    running.approvals += [first, second]
    with terminal_at("attach", "demo") as person:
        person.see("? 1 of 2: demo.left asks")
        person.type("y")
        person.see("y/n/s>")
        person.see("y")
        running.say(_resolved(first))
        person.see("? demo.right asks")
        person.type(ENTER)
        person.see("waits no more")
        person.type(CTRL_D)

        assert person.exit_code() == 0
    assert not [r for r in running.asked.queue if isinstance(r, Approve)]


@pytest.mark.parametrize(
    ("typed", "text"), [("2", "peas"), ("3", "3"), ("neither", "neither")]
)
def test_a_question_is_answered_by_number_or_in_words(running, typed, text):
    running.questions.append(_question("beans", "peas"))
    with terminal_at("attach", "demo") as person:
        person.see("? demo asks: Beans or peas?")
        person.see("1 beans, 2 peas")
        person.see("answer>")
        person.type(typed + ENTER)
        said = running.wait_for(Answer)

    assert (said.question, said.pod, said.text) == ("q1", "demo", text)


def test_where_a_question_waits_steering_is_still_possible(running):
    running.questions.append(_question())
    with terminal_at("attach", "demo") as person:
        person.see("answer>")
        person.type("/steer leave it" + ENTER)

        assert running.wait_for(Run).input == "leave it"
