"""What a line means that somebody typed and sent."""

from __future__ import annotations

import pytest

from podd.cli.attached.typed import (
    COMMANDS,
    Command,
    Decide,
    Say,
    Unclear,
    meaning,
)
from podd_protocol.replies import ApprovalStatus, QuestionStatus
from podd_protocol.requests import Answer, Approve, Deny

APPROVAL = ApprovalStatus(
    call="k1", pod="a.b", name="bash", arguments={}, reason="", since=""
)
QUESTION = QuestionStatus(
    question="q1",
    pod="a.b",
    text="Which?",
    choices=["beans", "peas", "7"],
    to="user",
    since="",
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hello", Say("hello", "steer")),
        ("hello\n/quit", Say("hello\n/quit", "steer")),
        ("/quit\nis a command", Say("/quit\nis a command", "steer")),
        ("//etc is full", Say("/etc is full", "steer")),
        ("/etc/passwd is odd", Say("/etc/passwd is odd", "steer")),
        ("y", Say("y", "steer")),
        ("/queue go on ", Say("go on", "queue")),
        ("/steer 2", Say("2", "steer")),
        ("/help", Command("help")),
        ("/help ", Command("help")),
        ("/child left", Command("child", "left")),
    ],
)
def test_what_is_typed_while_nothing_waits(typed, meant):
    assert meaning(typed, None) == meant


@pytest.mark.parametrize(
    ("typed", "word"), [("/dance", "dance"), ("/quit now", "quit"), ("/queue", "queue")]
)
def test_a_command_that_cannot_be_meant_says_why(typed, word):
    meant = meaning(typed, None)

    assert isinstance(meant, Unclear)
    assert f"/{word}" in meant.why


@pytest.mark.parametrize(
    ("typed", "kind", "remember", "reason"),
    [
        ("y", Approve, "once", None),
        (" Y ", Approve, "once", None),
        ("yes.", Approve, "once", None),
        ("s", Approve, "session", None),
        ("s as always", Approve, "session", "as always"),
        ("n", Deny, "once", None),
        ("No: not today", Deny, "once", "not today"),
    ],
)
def test_what_decides_about_a_call(typed, kind, remember, reason):
    meant = meaning(typed, APPROVAL)

    assert isinstance(meant, Decide)
    said = meant.request
    assert isinstance(said, kind)
    assert (said.call, said.pod, said.remember) == ("k1", "a.b", remember)
    assert said.reason == reason


@pytest.mark.parametrize("typed", ["nice", "sure", "yesterday it worked", "2"])
def test_what_does_not_decide_is_for_the_pod(typed):
    assert meaning(typed, APPROVAL) == Say(typed, "steer")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("1", "beans"),
        (" 2 ", "peas"),
        ("7", "7"),
        ("4", "4"),
        ("0", "0"),
        ("²", "²"),
        ("both", "both"),
        ("y", "y"),
    ],
)
def test_a_question_takes_any_text_and_numbers_of_choices(typed, text):
    meant = meaning(typed, QUESTION)

    assert isinstance(meant, Decide)
    assert meant.request == Answer(id=0, question="q1", pod="a.b", text=text)


def test_commands_work_while_something_waits():
    for item in (APPROVAL, QUESTION):
        assert meaning("/pause", item) == Command("pause")
        assert meaning("/steer y", item) == Say("y", "steer")


def test_every_command_says_what_it_does():
    assert all(what for _, what in COMMANDS.values())
