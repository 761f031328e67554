"""Events become lines that are printed once."""

from __future__ import annotations

import io

import pytest

from podd.cli.attached.transcript import Transcript, cut
from podd_protocol import events as v
from podd_protocol.values import Completed, Failed, Usage

AT = "2026-11-20T10:00:00.000Z"
VOID = "  (this answer broke off and does not count)"


def _transcript(open_turn: str | None = "t1") -> Transcript:
    return Transcript(io.StringIO(), open_turn)


def _delta(text, step=1, attempt=1):
    return v.TextDelta(turn="t1", step=step, attempt=attempt, text=text)


def _text(text, step=1):
    return v.Text(turn="t1", step=step, text=text)


def _lines(transcript, *events):
    return [line for event in events for line in transcript.hear(event)]


def _input(text, turn="t2"):
    return v.InputAccepted(turn=turn, cause="c", origin="user", text=text)


def _end(outcome=None, turn="t1"):
    return v.TurnEnded(
        turn=turn, outcome=outcome or Completed(), text="", value=None, usage=Usage()
    )


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_however_text_is_cut_each_line_is_given_out_once(size):
    text = "One line.\n\nAnother, the last\nof all"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    transcript = _transcript()

    before = _lines(transcript, *map(_delta, pieces))
    assert transcript.saying == "of all"
    assert before == text.split("\n")[:-1]
    assert [*before, *transcript.hear(_text(text))] == text.split("\n")
    assert transcript.saying == ""


def test_what_broke_off_is_void_and_its_rest_is_seen():
    transcript = _transcript()
    lines = _lines(
        transcript,
        _delta("first\nhal"),
        v.StepStarted(turn="t1", step=1, attempt=2, model="m"),
        _delta("old", attempt=1),
        _delta("new", attempt=2),
    )

    assert lines == ["first", "hal", VOID, "old", VOID]
    assert transcript.saying == "new"


def test_a_late_delta_of_an_attempt_that_is_over_is_dropped():
    transcript = _transcript()
    lines = _lines(transcript, _delta("new", attempt=2), _delta("old", attempt=1))

    assert lines == []
    assert transcript.saying == "new"


def test_where_deltas_are_missing_the_whole_counts():
    lines = _lines(_transcript(), _delta("a\nc"), _text("a\nb\nc"))

    assert lines == [
        "a",
        "  (some of it was skipped; here it is whole)",
        "a",
        "b",
        "c",
    ]


def test_a_call_is_in_flight_until_its_result():
    transcript = _transcript()
    call = {"turn": "t1", "step": 1, "call": "k", "name": "bash"}
    transcript.hear(v.StepStarted(turn="t1", step=1, attempt=1, model="demo"))
    assert transcript.thinking == "demo"
    transcript.hear(v.ToolCall(arguments={"command": "make"}, **call))
    transcript.hear(v.ToolStarted(at=AT, **call))

    assert transcript.thinking == ""
    assert [(one.words, one.since) for one in transcript.running.values()] == [
        ("bash make", AT)
    ]
    result = v.ToolResult(
        status="ok", summary="bash: exit 0", output="", spilled_to=None, **call
    )
    assert transcript.hear(result) == ["  ✓ bash make · exit 0"]
    assert transcript.running == {}


def test_inputs_say_where_they_go():
    transcript = _transcript(open_turn=None)

    assert _lines(transcript, _input("a\nb", "t1")) == ["", "you  a", "     b"]
    assert _lines(transcript, v.TurnStarted(turn="t1", causes=["c"])) == []
    assert _lines(transcript, _input("more", "t1")) == [
        "you  more",
        "  goes into the running turn",
    ]
    assert _lines(transcript, _input("later", "t2")) == [
        "you  later",
        "  waits in line as turn t2",
    ]
    assert transcript.hear(_end()) == ["  completed · 0 tokens in, 0 out"]
    assert _lines(transcript, v.TurnStarted(turn="t2", causes=["c"])) == [
        "",
        "  turn t2 begins: later",
    ]


def test_an_end_takes_everything_in_flight_away():
    transcript = _transcript()
    transcript.hear(
        v.ToolStarted(turn="t1", step=1, call="k", name="bash", at=AT),
    )
    lines = _lines(
        transcript, _delta("cut"), _end(Failed(code="auth", message="no key"))
    )

    assert lines[:2] == ["cut", VOID]
    assert lines[2].startswith("  failed (auth): no key")
    assert (transcript.running, transcript.saying) == ({}, "")


def test_a_pause_is_told_and_other_states_are_not():
    states = ["running", "paused", "running", "running", "idle"]
    lines = _lines(_transcript(), *(v.StateChanged(state=s) for s in states))

    assert lines == ["  paused; /resume goes on", "  goes on"]


def test_what_a_pod_says_may_not_move_the_cursor():
    transcript = _transcript()

    assert _lines(transcript, _delta("a\x1b[2Jb\r\x08\n")) == ["a[2Jb"]
    assert _lines(transcript, _text("a\x1b[2Jb\r\x08\n")) == []


def test_asides_fit_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    lines = _lines(
        _transcript(),
        v.Alert(level="error", source="x", code="y", message="long " * 20),
    )

    assert len(lines) > 3
    assert max(map(len, lines)) < 30


def test_a_cut_says_how_much_is_missing_and_saves_something():
    stream = io.StringIO()

    assert cut(["a", "b", "c"], 2, stream) == ["a", "b", "c"]
    assert cut(["a", "b", "c", "d"], 2, stream, "; here") == [
        "a",
        "b",
        "  … 2 more lines; here",
    ]


def test_a_question_to_the_parents_model_is_news_and_one_to_people_is_not():
    def asked(to):
        return v.QuestionAsked(
            question="q", text="Which?", choices=[], pod="a.b", to=to, wait_seconds=1.0
        )

    assert _transcript().hear(asked("parent")) == ["  a.b asks its parent: Which?"]
    assert _transcript().hear(asked("user")) == []
