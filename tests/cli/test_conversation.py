from __future__ import annotations

import pytest

from podd.cli.conversation import call_line, paragraph, paragraphs
from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.session import entries as e
from podd_protocol.values import Completed, Usage

AT = "2026-11-21T01:28:29.123Z"


def _answer(*parts, stop_reason="stop"):
    return e.ModelResponded(
        at=AT,
        turn="t1",
        step=1,
        attempt=1,
        parts=parts,
        stop_reason=stop_reason,
        usage=Usage(),
    )


def test_a_conversation_says_who_said_what():
    entries = [
        e.InputAccepted(at=AT, turn="t1", cause="c", origin="user", text="Hello\nyou"),
        e.TurnStarted(at=AT, turn="t1", causes=("c",)),
        _answer(
            ReasoningPart("hmm"),
            TextPart("Looking."),
            ToolCallPart(call="1", name="grep", arguments='{"pattern":"x"}'),
        ),
        e.ToolResulted(
            turn="t1", step=1, call="1", name="grep", status="ok", summary="2 lines"
        ),
        e.TurnEnded(turn="t1", outcome=Completed(), text="", usage=Usage()),
    ]

    assert list(paragraphs(entries)) == [
        "you  2026-11-21 01:28:29Z\n  Hello\n  you",
        "model  2026-11-21 01:28:29Z\n  Looking.\n  > grep x",
        "  < 2 lines",
        "-- turn t1 completed",
    ]


def test_a_call_and_its_result_stay_on_one_line_of_80_columns():
    call = ToolCallPart(
        call="1", name="write_file", arguments='{"path":"' + "a\\\\nb" * 60 + '"}'
    )
    result = e.ToolResulted(
        turn="t",
        step=1,
        call="1",
        name="x",
        status="interrupted",
        summary="many\nwords " * 40,
    )

    for line in (f"  > {call_line(call)}", paragraph(result)):
        assert "\n" not in line
        assert len(line) <= 80
        assert line.endswith("…")


@pytest.mark.parametrize("arguments", ['{"path": "a', "[1]", "nonsense"])
def test_broken_arguments_are_shown_as_they_came(arguments):
    call = ToolCallPart(call="1", name="grep", arguments=arguments)

    assert call_line(call) == f"grep {arguments}"


def test_a_call_without_arguments_is_its_name():
    assert call_line(ToolCallPart(call="1", name="glob", arguments="")) == "glob"


def test_an_answer_that_was_cut_says_so():
    text = paragraph(_answer(TextPart("half"), stop_reason="output_limit"))

    assert text.endswith("! the answer was cut: output_limit")


def test_children_and_what_waited_are_told_in_one_line_each():
    asked = e.ApprovalRequested(
        pod="a.b",
        call="t1.1",
        name="bash",
        arguments='{"command": "ls"}',
        reason="rule 1",
        wait_seconds=9.0,
    )
    entries = [
        e.LoanMade(pod="a.b", session="s"),
        e.TaskGiven(session="s", call="k", turn="t1"),
        asked,
        e.ApprovalResolved(pod="a.b", call="t1.1", verdict="denied", by="limit"),
        e.QuestionAsked(
            pod="a", question="q", text="Which?", to="user", wait_seconds=9.0
        ),
        e.QuestionAnswered(pod="a", question="q", text="peas", by="user"),
        e.CommandStarted(turn="t1", call="k", command="k", text="make", output="/o"),
        e.CommandEnded(command="k", end="exited", status=0),
        e.LoanReturned(pod="a.b", session="s", end="stopped", message=""),
    ]

    assert list(paragraphs(entries)) == [
        "-- a.b started",
        "-- a.b asks to run bash ls (rule 1)",
        "-- a.b: call t1.1 denied because nobody answered in time",
        "-- a asks: Which?",
        "-- a: question answered by user: peas",
        "-- command k runs in the background: make",
        "-- command k has ended",
        "-- a.b has ended",
    ]
