"""A turn as a person sees it on a terminal."""

import io
import os
import pty
import re
import select
import struct
import termios
from collections.abc import Sequence
from fcntl import ioctl

import pytest

from podd.cli.columns import width
from podd.cli.screen import Screen
from podd.client.connection import Heard
from podd_protocol.codec import encode
from podd_protocol.events import (
    Alert,
    AnyEvent,
    ApprovalRequested,
    ChildEvent,
    Lagged,
    QuestionAnswered,
    RetryScheduled,
    StepEnded,
    StepStarted,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
    ToolStarted,
    TurnEnded,
)
from podd_protocol.values import Completed, ToolStatus, Usage

VOID = "(this answer broke off and does not count)"


def _delta(
    text: str, *, step: int = 1, attempt: int = 1, turn: str = "t1"
) -> TextDelta:
    return TextDelta(turn=turn, step=step, attempt=attempt, text=text)


def _text(text: str, step: int = 1) -> Text:
    return Text(turn="t1", step=step, text=text)


def _asked(attempt: int = 1, step: int = 1) -> StepStarted:
    return StepStarted(turn="t1", step=step, attempt=attempt, model="scripted/demo")


def _answered(reason: str = "end_turn") -> StepEnded:
    return StepEnded(turn="t1", step=1, attempt=1, stop_reason=reason)


def _call(call: str, name: str, **arguments: str) -> list[AnyEvent]:
    return [
        ToolCall(turn="t1", step=1, call=call, name=name, arguments=arguments),
        ToolStarted(turn="t1", step=1, call=call, name=name),
    ]


def _result(call: str, summary: str, status: ToolStatus = "ok") -> ToolResult:
    return ToolResult(
        turn="t1",
        step=1,
        call=call,
        name="tool",
        status=status,
        summary=summary,
        output="",
        spilled_to=None,
    )


def _end() -> TurnEnded:
    return TurnEnded(turn="t1", outcome=Completed(), text="", value=None, usage=Usage())


def _hear(screen: Screen, events: Sequence[AnyEvent]) -> None:
    for event in events:
        screen.hear(Heard(event, encode(event)[:-1]))


def _shown(*events: AnyEvent) -> list[str]:
    """Lines on a terminal that cannot move its cursor."""
    stream = io.StringIO()
    screen = Screen(stream, "t1")
    _hear(screen, events)
    screen.rest()
    return stream.getvalue().splitlines()


def _drawn(
    monkeypatch: pytest.MonkeyPatch, *events: AnyEvent, term: str = "xterm"
) -> str:
    """Raw output to a terminal of 80 columns."""
    monkeypatch.setenv("TERM", term)
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    seen = b""
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        screen = Screen(stream, "t1")
        for event in events:
            _hear(screen, [event])
            while select.select([master], [], [], 0)[0]:
                seen += os.read(master, 65536)
        screen.rest()
        while select.select([master], [], [], 0)[0]:
            seen += os.read(master, 65536)
    os.close(master)
    return seen.decode()


def _remaining(raw: str) -> list[str]:
    """What stands on the terminal at the end: erased lines gone, colours off."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", raw)
    return [line.rpartition("\r\x1b[K")[2] for line in plain.split("\n")]


def test_text_appears_as_it_is_said_and_stands_there_once() -> None:
    assert _shown(
        _asked(), _delta("Hel"), _delta("lo"), _text("Hello"), _answered(), _end()
    ) == ["Hello"]


def test_text_without_deltas_is_shown_too() -> None:
    assert _shown(_asked(), _text("Hello"), _end()) == ["Hello"]


def test_a_higher_attempt_voids_what_was_said() -> None:
    assert _shown(
        _asked(),
        _delta("Wrong st"),
        _asked(attempt=2),
        _delta("Right", attempt=2),
        _text("Right"),
        _end(),
    ) == ["Wrong st", f"  {VOID}", "Right"]


def test_a_delta_of_a_higher_attempt_voids_too() -> None:
    assert _shown(
        _delta("Wrong"), _delta("Right", attempt=2), _text("Right"), _end()
    ) == ["Wrong", f"  {VOID}", "Right"]


def test_a_late_delta_of_a_lower_attempt_is_not_shown() -> None:
    assert _shown(_delta("Right", attempt=2), _delta("x"), _text("Right"), _end()) == [
        "Right"
    ]


@pytest.mark.parametrize("last", [_answered("error"), _end()])
def test_a_step_that_fails_voids_what_was_said(last: AnyEvent) -> None:
    assert _shown(_asked(), _delta("Half an ans"), last) == ["Half an ans", f"  {VOID}"]


def test_what_a_slow_client_missed_is_made_up_from_the_durable_text() -> None:
    lagged = Lagged(seq=9, from_=2, to=9)

    assert _shown(_delta("one "), _text("one two"), _end()) == ["one two"]
    assert _shown(_delta("one "), lagged, _text("one two three"), _end()) == [
        "one ",
        "  events 2 to 9 were skipped",
        "two three",
    ]
    assert _shown(_delta("one"), lagged, _text("next", step=2), _end()) == [
        "one",
        "  events 2 to 9 were skipped",
        f"  {VOID}",
        "next",
    ]
    assert _shown(_delta("b"), _text("ab"), _end()) == [
        "b",
        "  (some of it was skipped; here it is whole)",
        "ab",
    ]


def test_a_call_is_one_line_with_what_came_of_it() -> None:
    assert _shown(
        *_call("c1", "read_file", path="a.py"),
        *_call("c2", "grep", pattern="TODO"),
        _result("c2", "3 lines"),
        _result("c1", "42 lines"),
        _result("c9", "was asked before we came"),
        _end(),
    ) == [
        "  ✓ grep TODO · 3 lines",
        "  ✓ read_file a.py · 42 lines",
        "  ✓ tool · was asked before we came",
    ]


def test_a_line_of_a_call_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = _drawn(
        monkeypatch,
        *_call("c1", "read_file", path="日本語/" * 30),
        _result("c1", "z" * 200),
        *_call("c2", "grep", pattern="x"),
        _result("c2", "z\n" * 200),
        _end(),
    )

    lines = _remaining(raw)
    assert len([line for line in lines if line]) == 2
    assert all(width(line) <= 80 for line in lines)
    for drawn in re.sub(r"\x1b\[[0-9;]*m", "", raw).split("\n"):
        erased = drawn.split("\r\x1b[K")[:-1]
        assert all(width(part) < 80 for part in erased)


def test_a_refusal_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "may not write /etc/passwd: it is outside the scope, which is " + "x" * 60
    raw = _drawn(
        monkeypatch,
        *_call("c1", "write_file", path="/etc/passwd"),
        _result("c1", reason, "denied"),
        _end(),
    )

    lines = _remaining(raw)
    assert lines[0] == "  ✗ write_file /etc/passwd"
    assert " ".join(" ".join(lines[1:]).split()) == f"refused: {reason}"
    assert all(width(line) <= 80 for line in lines)


def test_the_last_line_says_what_is_waited_for_and_goes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = _drawn(
        monkeypatch,
        _asked(),
        *_call("c1", "grep", pattern="TODO"),
        *_call("c2", "read_file", path="a"),
        _result("c1", "3 lines"),
        _result("c2", "4 lines"),
        _text("done"),
        _end(),
    )

    assert "… scripted/demo" in raw
    assert "… grep TODO and 1 more" in raw
    assert [line for line in _remaining(raw) if line] == [
        "  ✓ grep TODO · 3 lines",
        "  ✓ read_file a · 4 lines",
        "done",
    ]


def test_colours_can_be_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [*_call("c1", "grep", pattern="x"), _result("c1", "no", "error"), _end()]

    coloured = _drawn(monkeypatch, *events)
    dumb = _drawn(monkeypatch, *events, term="dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _drawn(monkeypatch, *events)

    assert "\x1b[31m✗" in coloured
    assert "\x1b" not in dumb
    assert re.search(r"\x1b\[[0-9;]*m", plain) is None
    assert "\r\x1b[K" in plain


def test_what_a_pod_says_cannot_move_the_cursor() -> None:
    lines = _shown(
        _delta("a\x1b[2Jb\x9b1mc\rd\x07"),
        _text("a\x1b[2Jb\x9b1mc\rd\x07"),
        *_call("c1", "x\x1b[1m", path="\x1b]0;owned\x07"),
        _result("c1", "\x1b[31mred"),
        Alert(level="error", source="s", code="c", message="\x1b[5mblink"),
        _end(),
    )

    assert lines[0] == "a[2Jb1mcd"
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in "".join(lines))


def test_a_turn_of_somebody_else_is_not_shown() -> None:
    assert _shown(_delta("theirs", turn="t0"), _text("ours"), _end()) == ["ours"]


def test_a_retry_is_told() -> None:
    retry = RetryScheduled(
        turn="t1", step=1, attempt=1, delay_seconds=2, reason="overloaded"
    )

    assert _shown(retry) == ["  no answer (overloaded); trying again in 2.0 s"]


def test_children_and_what_waits_are_a_line_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = _shown(
        ChildEvent(
            pod="a.b",
            session="s",
            kind="turn_ended",
            parent="a",
            turn="t9",  # its own, not the one that is shown
            outcome=Completed(),
            text="Weeded.",
        ),
        ApprovalRequested(
            call="t1.1",
            name="bash",
            arguments={"command": "ls"},
            reason="",
            pod="a.b",
            wait_seconds=9.0,
        ),
        QuestionAnswered(question="q", pod="a", text="peas", by="user"),
    )

    assert lines == [
        "  a.b completed: Weeded.",
        (
            "  a.b asks to run bash ls; waits 9.0 s for: "
            "podctl approve a.b t1.1, or podctl deny"
        ),
        "  a: question answered by user: peas",
    ]
