"""What was before somebody attached."""

from __future__ import annotations

import io

import pytest

from podd.cli.attached.past import past
from podd.core.session import entries as e
from podd_protocol.values import Completed, Usage

AT = "2026-11-20T10:00:00.000Z"


def _turn(n: int, text: str = "Done.", calls: int = 0):
    turn = f"t{n}"
    yield e.InputAccepted(
        seq=10 * n, turn=turn, cause="c", origin="user", text=f"input {n}"
    )
    yield e.TurnStarted(seq=10 * n + 1, turn=turn, causes=("c",))
    for _ in range(calls):
        yield e.ToolResulted(
            seq=10 * n + 2,
            turn=turn,
            step=1,
            call="k",
            name="grep",
            status="ok",
            summary="",
        )
    yield e.TurnEnded(
        seq=10 * n + 5,
        at=AT,
        turn=turn,
        outcome=Completed(),
        text=text,
        usage=Usage(input_tokens=3),
    )


def _past(*entries):
    return past(entries, "demo", io.StringIO())


def test_the_last_turns_are_shown_and_the_others_counted():
    found = _past(*(entry for n in range(1, 6) for entry in _turn(n)))
    shown = "\n".join(found.lines)

    assert "2 turns before; podctl history demo" in shown
    assert [n for n in range(1, 6) if f"you  input {n}" in shown] == [3, 4, 5]
    assert found.open_turn is None
    assert found.typed == [f"input {n}" for n in range(1, 6)]
    assert found.after == 56  # the turn's end, and the state that follows


def test_a_turn_is_folded():
    answer = "\n".join(f"line {n}" for n in range(20))
    found = _past(*_turn(1, answer, calls=3))

    assert found.lines[:4] == ["", "you  input 1", "  3 tool calls", "line 0"]
    assert found.lines[-2] == "  … 12 more lines; podctl history demo shows them"
    assert found.lines[-1].startswith("  completed · 3 tokens in, 0 out · ")
    assert found.lines[-1].endswith(" ago")


def test_the_open_turn_is_left_to_its_events():
    found = _past(*_turn(1), *list(_turn(2))[:-1])

    assert found.lines[-1] == "you  input 2"
    assert (found.open_turn, found.after) == ("t2", 20)


def test_nothing_was():
    found = _past()

    assert (found.lines, found.after, found.open_turn) == ([], 0, None)


@pytest.mark.parametrize("text", ["\x1b[2Jgone", "a\x07b"])
def test_what_was_said_may_not_move_the_cursor(text):
    found = _past(*_turn(1, text))

    assert not any("\x1b" in line or "\x07" in line for line in found.lines)
