"""What waits for the person at the terminal."""

from __future__ import annotations

import msgspec

from podd.cli.attached.inbox import Inbox
from podd_protocol import events as v
from podd_protocol.replies import ApprovalStatus, QuestionStatus

APPROVAL = ApprovalStatus(
    call="k1",
    pod="a.b",
    name="bash",
    arguments={"command": "ls"},
    reason="rule 1",
    since="2026-11-20T10:00:01.000Z",
)
QUESTION = QuestionStatus(
    question="q1",
    pod="a",
    text="Which?",
    choices=["x", "y"],
    to="user",
    since="2026-11-20T10:00:00.000Z",
)


class _Status:
    def __init__(self, approvals=(), questions=()):
        self.approvals = list(approvals)
        self.questions = list(questions)


def _asked(pod="a.b", call="k1", at="2026-11-20T10:00:01.000Z"):
    return v.ApprovalRequested(
        call=call,
        pod=pod,
        name="bash",
        arguments={"command": "ls"},
        reason="rule 1",
        wait_seconds=600.0,
        at=at,
    )


def _resolved(pod="a.b", call="k1"):
    return v.ApprovalResolved(
        call=call, pod=pod, verdict="denied", by="limit", remember="once", reason="late"
    )


def test_what_waited_before_comes_by_its_age():
    inbox = Inbox()
    inbox.begin(_Status([APPROVAL], [QUESTION]))

    assert inbox.first == QUESTION
    assert len(inbox) == 2


def test_what_is_asked_of_a_parent_is_not_asked_of_people():
    inbox = Inbox()
    inbox.begin(_Status(questions=[msgspec.structs.replace(QUESTION, to="parent")]))
    heard = inbox.hear(
        v.QuestionAsked(
            question="q2", text="?", choices=[], pod="a", to="parent", wait_seconds=1.0
        )
    )

    assert (inbox.first, heard) == (None, False)


def test_the_same_again_is_not_new_and_does_not_wait_twice():
    inbox = Inbox()
    inbox.begin(_Status([APPROVAL]))

    assert not inbox.hear(_asked())
    assert inbox.hear(_asked(pod="a.c"))
    assert len(inbox) == 2


def test_only_the_one_that_is_meant_is_taken_away():
    inbox = Inbox()
    inbox.hear(_asked())
    inbox.hear(_asked(pod="a.c"))
    inbox.hear(_resolved(pod="nobody"))
    inbox.hear(_resolved())

    assert len(inbox) == 1
    assert inbox.first is not None
    assert inbox.first.pod == "a.c"
    assert not inbox.holds(APPROVAL)


def test_a_question_is_taken_away_when_it_is_answered():
    inbox = Inbox()
    inbox.begin(_Status(questions=[QUESTION]))
    answered = v.QuestionAnswered(question="q1", pod="a", text="x", by="user")

    assert inbox.closing(answered) == (
        "a asks: Which? [1 x, 2 y]\na: question answered by user: x"
    )
    inbox.hear(answered)
    assert inbox.first is None


def test_an_end_says_of_what():
    inbox = Inbox()
    inbox.hear(_asked())

    assert inbox.closing(_resolved()) == (
        "a.b asks to run bash ls (rule 1)\n"
        "a.b: call k1 denied because nobody answered in time: late"
    )
    assert inbox.closing(_resolved(call="k9")) == (
        "a.b: call k9 denied because nobody answered in time: late"
    )
    assert inbox.closing(v.StateChanged(state="idle")) is None
