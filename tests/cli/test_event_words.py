"""What happens below a pod and what waits for people, one line an event."""

from __future__ import annotations

import pytest

from podd.cli.asking_words import chosen
from podd.cli.event_words import event_words
from podd_protocol import events as v
from podd_protocol.values import Completed, Failed


def _child(kind, **more):
    return v.ChildEvent(pod="a.b", session="s", kind=kind, parent="a", **more)


def _command(end, reason=""):
    return v.CommandEnded(command="t1.2", cause=None, end=end, status=0, reason=reason)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            _child("spawned", lent=["/x", "/y"], task="Weed it.\nAll."),
            "a.b is spawned, may write /x and 1 more",
        ),
        (
            _child("spawned", lent=["/srv/l"], task="Weed"),
            "a.b is spawned, may write /srv/l",
        ),
        (
            _child("spawned", lent=["/home/me/src/notes"]),
            "a.b is spawned, may write …/src/notes",
        ),
        (_child("spawned"), "a.b is spawned"),
        (v.CausesTaken(turn="t1", causes=["c2"]), "took in 1 more cause"),
        (v.CausesTaken(turn="t1", causes=["c2", "c3"]), "took in 2 more causes"),
        (_child("started"), "a.b started"),
        (
            _child("turn_ended", outcome=Completed(), text="12 weeds"),
            "a.b completed: 12 weeds",
        ),
        (
            _child("turn_ended", outcome=Failed(code="auth", message="no key")),
            "a.b failed (auth): no key",
        ),
        (_child("turn_ended"), "a.b ended a turn"),
        (_child("paused"), "a.b is paused"),
        (_child("resumed"), "a.b goes on"),
        (_child("assumed"), "a.b is lent to by a now"),
        (_child("ended", end="stopped", message="drained"), "a.b has ended"),
        (_child("ended", end="crashed", message="signal 9"), "a.b crashed: signal 9"),
        (_child("ended", end="not_started"), "a.b never became ready"),
        (_child("ended", end="lost"), "a.b is gone, and nobody can tell how"),
        (
            v.ApprovalRequested(
                call="t1.1",
                name="bash",
                arguments={"command": "git push\nrm x"},
                reason="rule 1",
                pod="a.b",
                wait_seconds=600.0,
            ),
            (
                "a.b asks to run bash git push … (rule 1); waits 10 min for: "
                "podctl approve a.b t1.1, or podctl deny"
            ),
        ),
        (
            v.ApprovalResolved(
                call="t1.1",
                pod="a.b",
                verdict="approved",
                by="user",
                remember="session",
                reason="mine",
            ),
            "a.b: call t1.1 approved for the session by user: mine",
        ),
        (
            v.ApprovalResolved(
                call="t1.1",
                pod="a.b",
                verdict="denied",
                by="cancel",
                remember="once",
                reason="",
            ),
            "a.b: call t1.1 denied because the turn ended",
        ),
        (
            v.QuestionAsked(
                question="t2.1",
                text="Which?",
                choices=["beans", "peas"],
                pod="a",
                to="user",
                wait_seconds=5.0,
            ),
            (
                "a asks: Which? [1 beans, 2 peas]; waits 5.0 s for: "
                "podctl answer a t2.1 TEXT"
            ),
        ),
        (
            v.QuestionAnswered(question="t2.1", pod="a", text="peas", by="parent"),
            "a: question answered by its parent: peas",
        ),
        (
            v.QuestionAnswered(question="t2.1", pod="a", text="", by="limit"),
            "a: question t2.1 is closed because nobody answered in time",
        ),
        (
            v.CommandStarted(
                turn="t1", call="t1.2", command="t1.2", text="make\nx", output="/o"
            ),
            "command t1.2 runs in the background: make …",
        ),
        (_command("exited", "status 2"), "command t1.2 has ended: status 2"),
        (_command("signalled", "signal 9"), "command t1.2 was killed: signal 9"),
        (_command("timed_out"), "command t1.2 took too long and was ended"),
        (_command("stopped"), "command t1.2 was stopped"),
        (_command("lost"), "command t1.2 ended with its pod"),
    ],
)
def test_each_is_one_line(event, words):
    assert event_words(event) == words


@pytest.mark.parametrize(
    ("typed", "text"), [("1", "x"), ("2", "1"), ("3", "3"), ("-1", "-1"), ("x", "x")]
)
def test_a_number_is_a_choice_unless_it_is_the_text_of_one(typed, text):
    assert chosen(typed, ["x", "1"]) == ("1" if typed == "1" else text)
