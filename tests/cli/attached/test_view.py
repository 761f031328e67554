"""The live lines."""

from __future__ import annotations

import io

import pytest

from podd.cli.attached import view
from podd.cli.attached.brood import Brood
from podd.cli.attached.inbox import Inbox
from podd.cli.attached.transcript import Transcript
from podd.cli.columns import width
from podd_protocol import events as v
from podd_protocol.values import Usage

AT = "2026-11-20T10:00:00.000Z"


def _full():
    """Everything at once, each of it too long."""
    transcript, brood, inbox = Transcript(io.StringIO()), Brood(), Inbox()
    transcript.hear(v.TextDelta(turn="t1", step=1, attempt=1, text="word 語 " * 200))
    for n in range(9):
        call = {"turn": "t1", "step": 1, "call": f"k{n}", "name": "bash"}
        transcript.hear(v.ToolCall(arguments={"command": f"{n} " * 99}, **call))
        transcript.hear(v.ToolStarted(at=AT, **call))
        brood.hear(
            v.ChildEvent(
                pod=f"a.b{n}",
                session=f"s{n}",
                kind="spawned",
                parent="a",
                task="Weed " * 99,
                at=AT,
            )
        )
    for n in range(2):
        inbox.hear(
            v.QuestionAsked(
                question=f"q{n}",
                text="Which\x1b[2J of them? " * 99,
                choices=["beans " * 30, "peas"],
                pod="a",
                to="user",
                wait_seconds=9.0,
                at=AT,
            )
        )
    return transcript, brood, inbox


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_no_row_is_wider_than_the_terminal_and_there_are_not_many(columns):
    rows = view.rows_above(*_full(), columns)

    assert max(width(row.text) for row in rows) < columns
    assert not any("\x1b" in row.text or "\n" in row.text for row in rows)
    limit = view.SAYING_ROWS + view.CALL_ROWS + view.CHILD_ROWS + 2
    assert len(rows) <= limit + 2 * view.QUESTION_ROWS


def test_what_is_too_much_is_counted():
    texts = [row.text for row in view.rows_above(*_full(), 80)]

    assert texts.count("    and 6 more") == 1
    assert texts.count("    and 4 more") == 1
    assert any(text.startswith("? 1 of 2: a asks: Which") for text in texts)
    assert any("more lines" in text for text in texts)


def test_nothing_is_no_row():
    nothing = (Transcript(io.StringIO()), Brood(), Inbox())

    assert view.rows_above(*nothing, 80) == []


def test_the_prompt_says_whom_it_is_for():
    _, _, inbox = _full()

    assert view.prompt("demo", None) == "demo> "
    assert view.prompt("demo", inbox.first) == "answer> "


@pytest.mark.parametrize(
    ("state", "turn", "words"),
    [
        ("idle", None, "idle · Enter runs · Ctrl-D leaves · /help"),
        ("running", "t3", "running t3 · Enter steers · Alt-Enter queues"),
        ("paused", "t3", "paused t3 · /resume goes on · Ctrl-C cancels"),
    ],
)
def test_the_last_row_says_how_things_are_and_what_keys_do(state, turn, words):
    assert view.row_below(view.Doing(state, turn), "", 80).text == words


def test_figures_are_left_out_before_keys_are():
    doing = view.Doing("idle", None)
    doing.hear(v.TurnStarted(turn="t9", causes=[], at=""))
    doing.hear(v.StateChanged(state="running"))
    doing.hear(v.StepStarted(turn="t9", step=4, attempt=1, model="m"))
    usage = Usage(input_tokens=1_000_000, output_tokens=20_000, requests=1)
    doing.hear(v.UsageEvent(turn="t9", step=4, usage=usage))

    wide = view.row_below(doing, "a\nb", 120).text
    narrow = view.row_below(doing, "a\nb", 70).text
    assert wide == (
        "running t9, step 4 · 1,000,000 tokens in, 20,000 out · 2 lines · "
        "Enter steers · Alt-Enter queues"
    )
    assert narrow == ("running t9, step 4 · 2 lines · Enter steers · Alt-Enter queues")
    doing.hear(v.TurnEnded(turn="t9", outcome=None, text="", value=None, usage=usage))
    assert doing.words == "running"
    doing.hear(v.StateChanged(state="idle"))
    assert view.row_below(doing, "", 80).text.startswith("idle · Enter runs")
