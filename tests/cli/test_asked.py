"""`podctl approvals`, `approve`, `deny`, `questions` and `answer`."""

from __future__ import annotations

import msgspec
import pytest

from podd_protocol.replies import Failure
from podd_protocol.requests import Answer, Approve, Deny
from tests.cli.command_line import on_terminal, podctl
from tests.cli.waiting_things import APPROVAL, QUESTION
from tests.client.fake_pod import fake_pod

TWIN = msgspec.structs.replace(
    APPROVAL, pod="demo.right", since="2026-11-20T10:00:00.000Z"
)
OTHER = msgspec.structs.replace(APPROVAL, call="t1.2", arguments={"command": "ls"})


@pytest.fixture
def demo(universe):
    """Give a live pod of this name."""
    with fake_pod(universe.socket("demo")) as pod:
        yield pod


def test_what_waits_anywhere_is_listed_once_and_the_oldest_first(
    capsys, universe, demo
):
    demo.approvals += [APPROVAL, TWIN]
    with (
        fake_pod(universe.socket("demo.left")) as left,
        fake_pod(universe.socket("solo")) as solo,
    ):
        left.approvals.append(APPROVAL)
        solo.approvals.append(msgspec.structs.replace(OTHER, pod="solo"))
        everything = podctl(capsys, "approvals", "--json")
        one = podctl(capsys, "approvals", "solo", "--json")

    rows = everything.document["approvals"]
    assert [(row["pod"], row["call"]) for row in rows] == [
        ("demo.right", "t1.1"),
        ("demo.left", "t1.1"),
        ("solo", "t1.2"),
    ]
    assert rows[1] == msgspec.to_builtins(APPROVAL)
    assert [row["pod"] for row in one.document["approvals"]] == ["solo"]


def test_people_read_who_wants_what_why_and_what_to_type(capsys, universe, demo):
    demo.approvals.append(APPROVAL)
    said = podctl(capsys, "approvals")

    for words in ("demo.left", "t1.1", "bash git push", "rule 1"):
        assert words in said.out
    assert said.err == "podctl approve demo.left t1.1, or podctl deny\n"


def test_on_a_terminal_a_long_command_fits(demo, monkeypatch):
    long = {"command": "echo \x1b[2J" + "x" * 300}
    demo.approvals.append(msgspec.structs.replace(APPROVAL, arguments=long))
    shown = on_terminal(monkeypatch, "approvals")

    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown


@pytest.mark.parametrize("verb", ["approvals", "questions"])
def test_nothing_that_waits_is_no_error(capsys, demo, verb):
    said = podctl(capsys, verb)

    assert (said.code, said.out) == (0, "")
    assert said.err
    assert podctl(capsys, verb, "--json").document == {"schema_version": 1, verb: []}


@pytest.mark.parametrize("verb", ["approvals", "questions"])
def test_pods_that_do_not_answer_are_named_and_keep_no_other_from_it(
    capsys, universe, demo, verb
):
    demo.approvals.append(APPROVAL)
    demo.questions.append(QUESTION)
    with fake_pod(universe.socket("mute"), answer=lambda *_: b""):
        said = podctl(capsys, verb, "--timeout", "0.2")

    assert (said.code, "demo" in said.out) == (0, True)
    assert "these do not answer: mute" in said.err


@pytest.mark.parametrize(
    ("verb", "kind", "word"),
    [("approve", Approve, "approved"), ("deny", Deny, "denied")],
)
def test_without_a_call_the_only_one_is_meant(capsys, demo, verb, kind, word):
    demo.approvals.append(APPROVAL)
    said = podctl(capsys, verb, "demo", "--json")
    request = demo.wait_for(kind)

    assert (request.call, request.pod) == ("t1.1", "demo.left")
    assert (request.remember, request.reason) == ("once", None)
    assert said.document == {
        "schema_version": 1,
        word: {"pod": "demo.left", "call": "t1.1", "remember": "once"},
    }


@pytest.mark.parametrize(("verb", "kind"), [("approve", Approve), ("deny", Deny)])
def test_a_verdict_may_be_remembered_and_have_a_reason(capsys, demo, verb, kind):
    demo.approvals += [APPROVAL, OTHER]
    said = podctl(
        capsys, verb, "demo", "t1.2", "--remember", "session", "--reason", "my own"
    )
    request = demo.wait_for(kind)

    assert (request.call, request.pod) == ("t1.2", "demo.left")
    assert (request.remember, request.reason) == ("session", "my own")
    assert said.code == 0
    assert "for the session: demo.left asks to run bash ls" in said.err


@pytest.mark.parametrize("words", [("demo",), ("demo", "t1.1")])
def test_where_several_may_be_meant_none_is_and_all_are_shown(capsys, demo, words):
    demo.approvals += [APPROVAL, TWIN]
    said = podctl(capsys, "approve", *words, "--json")
    error = said.document["error"]

    assert (said.code, error["code"]) == (2, "usage")
    assert "demo.left t1.1: demo.left asks to run bash git push" in error["message"]
    assert "demo.right t1.1" in error["message"]
    assert not [r for r in demo.asked.queue if isinstance(r, Approve)]


@pytest.mark.parametrize(
    "words", [("approve", "demo"), ("deny", "demo"), ("answer", "demo", "yes")]
)
def test_where_nothing_waits_nothing_can_be_meant(capsys, demo, words):
    said = podctl(capsys, *words, "--json")

    assert (said.code, said.document["error"]["code"]) == (2, "usage")
    assert "waits in pod 'demo'" in said.document["error"]["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("approve", "demo", "t9"), "no_such_call"),
        (("deny", "demo", "t9"), "no_such_call"),
        (("answer", "demo", "t9", "yes"), "no_such_question"),
    ],
)
def test_one_that_is_gone_is_the_pods_to_refuse(capsys, universe, words, code):
    def answer(_pod, request):
        if isinstance(request, Approve | Deny | Answer):
            return Failure(id=request.id, code=code, message="gone")
        return None

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl(capsys, *words, "--json")

    assert (said.code, said.document["error"]["code"]) == (3, code)
    assert said.document["error"]["remedy"]


@pytest.mark.parametrize(
    ("typed", "text"), [("2", "peas"), ("both of them", "both of them"), ("9", "9")]
)
def test_a_question_is_answered(capsys, demo, typed, text):
    demo.questions.append(QUESTION)
    said = podctl(capsys, "answer", "demo", typed, "--json")
    request = demo.wait_for(Answer)

    assert (request.question, request.pod, request.text) == ("t2.1", "demo", text)
    assert said.document["answered"] == {
        "pod": "demo",
        "question": "t2.1",
        "text": text,
    }


def test_people_are_asked_before_parents_are(capsys, demo):
    for_parent = msgspec.structs.replace(
        QUESTION, pod="demo.left", question="t7.1", to="parent"
    )
    demo.questions += [for_parent, QUESTION]
    podctl(capsys, "answer", "demo", "beans")
    podctl(capsys, "answer", "demo", "t7.1", "peas")
    answers = [demo.wait_for(Answer), demo.wait_for(Answer)]

    assert [(r.question, r.pod, r.text) for r in answers] == [
        ("t2.1", "demo", "beans"),
        ("t7.1", "demo.left", "peas"),
    ]


def test_too_many_words_are_a_text_without_quotes(capsys, demo):
    said = podctl(capsys, "answer", "demo", "the", "second", "one", "--json")

    assert said.code == 2
    assert "quotes" in said.document["error"]["remedy"]


def test_questions_are_listed_with_their_choices(capsys, demo):
    demo.questions += [
        msgspec.structs.replace(QUESTION, text="Which?\nThink."),
        msgspec.structs.replace(
            QUESTION, pod="demo.left", question="t7.1", to="parent", choices=[]
        ),
    ]
    said = podctl(capsys, "questions", "demo")
    document = podctl(capsys, "questions", "--json").document

    lines = said.out.splitlines()
    assert lines[0].startswith("demo  t2.1, for ")
    assert lines[1:4] == ["  Which?", "  Think.", "  [1 beans, 2 peas]"]
    assert lines[4].startswith("demo.left  t7.1, for ")
    assert lines[4].endswith(", to its parent")
    assert said.err == "podctl answer demo t2.1 TEXT\n"
    assert [row["question"] for row in document["questions"]] == ["t2.1", "t7.1"]


@pytest.mark.parametrize("verb", ["approvals", "approve", "deny", "questions"])
def test_a_pod_that_is_not_there_is_said(capsys, universe, verb):
    said = podctl(capsys, verb, "nobody", "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")
