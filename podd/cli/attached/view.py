"""The live lines: what is in flight, what waits for people, how things are.

Rules of this file: a row never takes more columns than it is given, so a terminal that
gets narrower has little to wrap.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple

from podd.cli.asking_words import approval_words, choice_words
from podd.cli.columns import fit, fit_indented
from podd.cli.duration import short, since
from podd.cli.output import Tint, harmless
from podd.cli.rendering import usage_words
from podd_protocol import events as v
from podd_protocol.replies import ApprovalStatus
from podd_protocol.values import Usage

if TYPE_CHECKING:
    from podd.cli.attached.brood import Brood
    from podd.cli.attached.inbox import Inbox, Item
    from podd.cli.attached.transcript import Transcript
    from podd_protocol.values import State

#: How many rows each kind of thing may take; the rest is counted.
SAYING_ROWS: Final = 4
CALL_ROWS: Final = 3
CHILD_ROWS: Final = 5
QUESTION_ROWS: Final = 6


class Row(NamedTuple):
    """One line of the live part."""

    text: str
    tint: Tint | None = None


class Doing:
    """How the pod is, as far as its events tell.

    Attributes:
        state: of the pod.
        turn: the one that is open.
        step: the newest of it; 0: none yet.
        began: when the turn began, RFC 3339; empty: not known.
        usage: of the turn so far.
    """

    def __init__(self, state: State, turn: str | None) -> None:
        self.state: State = state
        self.turn = turn
        self.step = 0
        self.began = ""
        self.usage = Usage()

    def hear(self, event: v.AnyEvent) -> None:
        """Follow its events."""
        match event:
            case v.StateChanged(state=state):
                self.state = state
            case v.TurnStarted(turn=turn, at=at):
                self.turn, self.began, self.step = turn, at, 0
                self.usage = Usage()
            case v.StepStarted(step=step):
                self.step = step
            case v.UsageEvent(usage=usage):
                self.usage += usage
            case v.TurnEnded():
                self.turn, self.began, self.step = None, "", 0
            case _:
                pass

    @property
    def words(self) -> str:
        """State, turn, step and time."""
        if self.turn is None:
            return self.state
        parts = [f"{self.state} {self.turn}"]
        if self.step:
            parts.append(f"step {self.step}")
        if self.began:
            parts.append(short(since(self.began)))
        return ", ".join(parts)


def rows_above(
    transcript: Transcript, brood: Brood, inbox: Inbox, columns: int
) -> list[Row]:
    """What stands between what was printed and what is typed."""
    room = columns - 1
    rows: list[Row] = []
    if transcript.saying:
        # No hyphenation and no stripping: the whole line is printed when it is whole.
        wrapped = textwrap.wrap(transcript.saying, room) or [""]
        rows += [Row(fit(line, room)) for line in wrapped[-SAYING_ROWS:]]
    calls = [
        f"  … {harmless(one.words)} ({short(since(one.since))})"
        for one in transcript.running.values()
    ]
    if not calls and transcript.thinking and not transcript.saying:
        calls = [f"  … {transcript.thinking}"]
    rows += _some(calls, CALL_ROWS, room)
    rows += _some([f"  ◦ {harmless(c)}" for c in brood.active()], CHILD_ROWS, room)
    if inbox.first is not None:
        rows += _item(inbox.first, len(inbox), room)
    return rows


def _some(lines: list[str], limit: int, room: int) -> list[Row]:
    shown = lines[:limit]
    rows = [Row(fit_indented(line, room), "dim") for line in shown]
    if len(lines) > limit:
        rows.append(Row(f"    and {len(lines) - limit} more", "dim"))
    return rows


def _item(item: Item, count: int, room: int) -> list[Row]:
    mark = f"? 1 of {count}:" if count > 1 else "?"
    if isinstance(item, ApprovalStatus):
        text = f"{mark} {approval_words(item)}"
        keys = "y runs it, n refuses, s runs it and equal ones; a reason may follow"
    else:
        text = f"{mark} {item.pod} asks: {item.text.strip()}"
        keys = "type the answer"
        if item.choices:
            keys = f"{choice_words(item.choices)}; or type another answer"
    lines = [
        line
        for whole in harmless(text).splitlines()
        for line in textwrap.wrap(whole, room - 2, subsequent_indent="  ")
    ]
    if len(lines) > QUESTION_ROWS:
        left = len(lines) - QUESTION_ROWS + 1
        lines = [*lines[: QUESTION_ROWS - 1], f"  … {left} more lines"]
    hint = textwrap.wrap(harmless(keys), room - 2, subsequent_indent="  ")
    return [
        *(Row(line, "yellow") for line in lines),
        *(Row(f"  {line}", "dim") for line in hint[:QUESTION_ROWS]),
    ]


def prompt(pod: str, item: Item | None) -> str:
    """What stands before the line that is typed: whom it is for."""
    if item is None:
        return f"{pod}> "
    return "y/n/s> " if isinstance(item, ApprovalStatus) else "answer> "


def row_below(doing: Doing, typed: str, columns: int) -> Row:
    """How things are, and what the keys do now; the figures go first for room."""
    if doing.turn is None:
        keys = "Enter runs · Ctrl-D leaves · /help"
    elif doing.state == "paused":
        keys = "/resume goes on · Ctrl-C cancels"
    else:
        keys = "Enter steers · Alt-Enter queues"
    lines = typed.count("\n") + 1
    if lines > 1:
        keys = f"{lines} lines · {keys}"
    # Of the open turn; what an ended one cost was printed with its end.
    is_known = doing.turn is not None and doing.usage.requests
    spent = usage_words(doing.usage) if is_known else ""
    text = " · ".join(filter(None, (doing.words, spent, keys)))
    if len(text) >= columns:
        text = f"{doing.words} · {keys}"
    return Row(fit(text, columns - 1), "dim")
