"""What was before somebody attached: the last turns, folded, from the journal."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TextIO

from podd.cli.attached.transcript import cut, outcome_tint, said_lines
from podd.cli.conversation import shown_input
from podd.cli.duration import short, since
from podd.cli.output import harmless, tinted
from podd.cli.rendering import outcome_words, usage_words
from podd.core.session import entries as e
from podd.core.session.events import last_seq

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How many turns are shown, and how much of each: together about a screen.
TURNS: Final = 3
INPUT_LINES: Final = 3
ANSWER_LINES: Final = 8

#: What was typed before can be had back with the arrow up.
TYPED: Final = 100


@dataclass(slots=True)
class _Turn:
    """One turn, as much of it as is shown."""

    turn: str
    inputs: list[str] = field(default_factory=list)
    calls: int = 0
    began: int = 0
    """The number of the event that began it."""
    ended: e.TurnEnded | None = None


@dataclass(slots=True)
class Past:
    """What was, and from where on what is.

    Attributes:
        lines: to be printed.
        after: the event behind which what follows begins: the beginning of the open
            turn, or the newest.
        open_turn: the one that has begun and not ended.
        typed: the inputs of people, the newest last.
    """

    lines: list[str]
    after: int
    open_turn: str | None
    typed: list[str]


def past(  # noqa: C901  # one arm an entry
    entries: Iterable[e.AnyEntry], pod: str, stream: TextIO
) -> Past:
    """Fold a session.

    Args:
        entries: all of it so far.
        pod: its name, for the commands that show more.
        stream: a terminal.
    """
    ended: deque[_Turn] = deque(maxlen=TURNS)
    typed: deque[str] = deque(maxlen=TYPED)
    known: dict[str, _Turn] = {}
    current: _Turn | None = None
    newest = count = 0
    for entry in entries:
        newest = max(newest, last_seq(entry))
        match entry:
            case e.InputAccepted(turn=turn, text=text, origin=origin):
                known.setdefault(turn, _Turn(turn)).inputs.append(shown_input(entry))
                if origin == "user" and text:
                    typed.append(text)
            case e.TurnStarted(turn=turn, seq=seq):
                current = known.setdefault(turn, _Turn(turn))
                current.began = seq
            case e.ToolResulted() if current is not None:
                current.calls += 1
            case e.TurnEnded(turn=turn):
                done = known.pop(turn, _Turn(turn))
                done.ended, current = entry, None
                ended.append(done)
                count += 1
            case e.Forked():
                # What was open belongs to the original.
                known.clear()
                current = None
            case _:
                continue
    lines: list[str] = []
    if count > len(ended):
        more = f"{count - len(ended)} turns before; podctl history {pod} shows them"
        lines += ["", tinted(f"  … {more}", "dim", stream)]
    for done in ended:
        lines += ["", *_folded(done, pod, stream)]
    if current is not None and current.inputs:
        # Only what began it: what came later comes again with its events.
        said = said_lines(current.inputs[0], stream)
        lines += ["", *cut(said, INPUT_LINES, stream)]
    return Past(
        lines=lines,
        after=newest if current is None else max(current.began - 1, 0),
        open_turn=None if current is None else current.turn,
        typed=list(typed),
    )


def _folded(turn: _Turn, pod: str, stream: TextIO) -> list[str]:
    assert turn.ended is not None, "only turns that ended are folded"
    ended = turn.ended
    lines: list[str] = []
    for text in turn.inputs:
        lines += cut(said_lines(text, stream), INPUT_LINES, stream)
    if turn.calls:
        words = f"  {turn.calls} tool call{'s' if turn.calls > 1 else ''}"
        lines.append(tinted(words, "dim", stream))
    answer = harmless(ended.text).strip("\n")
    if answer:
        more = f"; podctl history {pod} shows them"
        lines += cut(answer.split("\n"), ANSWER_LINES, stream, more)
    ago = short(since(ended.at))
    words = f"{outcome_words(ended.outcome)} · {usage_words(ended.usage)} · {ago} ago"
    lines.append("  " + tinted(harmless(words), outcome_tint(ended.outcome), stream))
    return lines
