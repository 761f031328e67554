"""Events become lines that are printed once, and a little that is still in flight.

Rules of this file:
- A line is given out when it is whole, so nothing printed is ever drawn again.
- Deltas are shown as they come; the durable `text` is what counts. What broke off is
  declared void, for a terminal cannot take it back.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final, TextIO

from podd.cli.asking_words import question_words
from podd.cli.event_words import event_words
from podd.cli.media_words import media_lines
from podd.cli.output import Tint, columns, harmless, tinted
from podd.cli.rendering import call_words, first_line, outcome_words, usage_words
from podd.cli.result_lines import result_lines
from podd_protocol import events as v
from podd_protocol.values import Cancelled, Completed, Outcome

#: Before what a person typed.
YOU: Final = "you  "

#: Of a long text that was typed or pasted, what is shown of it.
INPUT_LINES: Final = 6


@dataclass(slots=True)
class _Saying:
    """What is being said and not yet whole."""

    step: int
    attempt: int
    text: str = ""
    printed: int = 0
    """Characters that were given out, always whole lines."""


@dataclass(slots=True)
class Running:
    """A tool call that has begun."""

    words: str
    since: str
    """RFC 3339."""


class Transcript:
    """One pod's doings, for people.

    Args:
        stream: a terminal; its width and its colours count.
        open_turn: the one that has begun, if any.

    Attributes:
        running: calls that have begun, by their ids.
        thinking: the model that was asked and has not answered yet; empty: none.
    """

    def __init__(self, stream: TextIO, open_turn: str | None = None) -> None:
        self.running: dict[str, Running] = {}
        self.thinking = ""
        self._stream = stream
        self._open_turn = open_turn
        self._saying: _Saying | None = None
        self._calls: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._paused = False

    @property
    def saying(self) -> str:
        """The line that is being said and not yet whole."""
        return "" if self._saying is None else self._saying.text[self._saying.printed :]

    def hear(self, event: v.AnyEvent) -> list[str]:  # noqa: C901, PLR0911, PLR0912  # a table
        """The lines that are whole with this event."""
        match event:
            case v.InputAccepted():
                return self._input(event)
            case v.TurnStarted():
                return self._turn_started(event)
            case v.TurnEnded():
                return self._turn_ended(event)
            case v.TextDelta():
                return self._delta(event)
            case v.Text():
                return self._whole(event)
            case v.StepStarted(model=model):
                lines = self._void()
                self.thinking = model
                return lines
            case v.StepEnded():
                lines = self._void()
                self.thinking = ""
                return lines
            case v.CodeStarted():
                self.thinking = "its code"
                return []
            case v.ToolCall(call=call, name=name, arguments=arguments):
                self.thinking = ""
                self._calls[call] = first_line(call_words(name, arguments)) or name
                return []
            case v.ToolStarted(call=call, name=name, at=at):
                self.running[call] = Running(self._calls.get(call, name), at)
                return []
            case v.ToolResult(call=call, name=name):
                self.running.pop(call, None)
                words = self._calls.pop(call, name)
                return result_lines(words, event, self._stream)
            case v.StateChanged(state=state):
                return self._state(state)
            case v.RetryScheduled():
                return [*self._void(), *self._aside(event, "dim")]
            case v.ChildEvent(kind="started"):
                return []  # the live part shows it
            case v.QuestionAsked(to="parent"):
                return self.aside(question_words(event))
            case (
                v.ApprovalRequested()
                | v.ApprovalResolved()
                | v.QuestionAsked()
                | v.QuestionAnswered()
            ):
                # Answered in place, and told by who keeps what waits.
                return []
            case v.Alert(level=level):
                return self._aside(event, "red" if level == "error" else "yellow")
            case (
                v.Notification()
                | v.LimitReached()
                | v.AnswerRefused()
                | v.CodeEnded()
                | v.Lagged()
                | v.ChildEvent()
                | v.CommandStarted()
                | v.CommandEnded()
                | v.SurfaceChanged()
                | v.Stopping()
            ):
                return self._aside(event, "dim")
            case _:
                return []

    def aside(self, words: str, tint: Tint = "dim") -> list[str]:
        """Words about what happens, indented and wrapped."""
        room = columns(self._stream) - 3
        return [
            f"  {tinted(line, tint, self._stream)}"
            for whole in harmless(words).splitlines()
            for line in textwrap.wrap(whole, room, subsequent_indent="  ") or [""]
        ]

    def _aside(self, event: v.AnyEvent, tint: Tint) -> list[str]:
        words = event_words(event)
        return [] if words is None else self.aside(words, tint)

    def _input(self, event: v.InputAccepted) -> list[str]:
        lines = cut(said_lines(event.text, self._stream), INPUT_LINES, self._stream)
        for words in media_lines(event.media):
            lines += self.aside(words)
        if self._open_turn is None:
            # Its turn begins now, or its number comes with what began meanwhile.
            self._waiting[event.turn] = ""
            return ["", *lines]
        if event.turn == self._open_turn:
            return [*lines, *self.aside("goes into the running turn")]
        self._waiting[event.turn] = first_line(event.text)
        return [*lines, *self.aside(f"waits in line as turn {event.turn}")]

    def _turn_started(self, event: v.TurnStarted) -> list[str]:
        self._open_turn = event.turn
        began = self._waiting.pop(event.turn, "")
        return ["", *self.aside(f"turn {event.turn} begins: {began}")] if began else []

    def _turn_ended(self, event: v.TurnEnded) -> list[str]:
        lines = self._void()
        self._open_turn = None
        self._paused = False
        self.thinking = ""
        self.running.clear()
        self._calls.clear()
        words = f"{outcome_words(event.outcome)} · {usage_words(event.usage)}"
        return [*lines, *self.aside(words, outcome_tint(event.outcome))]

    def _state(self, state: str) -> list[str]:
        if state == "paused":
            self._paused = True
            return self.aside("paused; /resume goes on", "yellow")
        if state == "running" and self._paused:
            self._paused = False
            return self.aside("goes on")
        return []

    def _delta(self, event: v.TextDelta) -> list[str]:
        saying = self._saying
        lines: list[str] = []
        if saying is None or (event.step, event.attempt) > (
            saying.step,
            saying.attempt,
        ):
            lines = self._void()
            saying = self._saying = _Saying(event.step, event.attempt)
        elif (event.step, event.attempt) != (saying.step, saying.attempt):
            return []
        self.thinking = ""
        saying.text += harmless(event.text)
        whole = saying.text.rfind("\n") + 1
        if whole > saying.printed:
            lines += saying.text[saying.printed : whole - 1].split("\n")
            saying.printed = whole
        return lines

    def _whole(self, event: v.Text) -> list[str]:
        text = harmless(event.text)
        printed = 0
        lines: list[str] = []
        saying, self._saying = self._saying, None
        if saying is not None and saying.step == event.step:
            printed = saying.printed
            if not text.startswith(saying.text):
                printed = 0
                lines = self.aside("(some of it was skipped; here it is whole)")
        self.thinking = ""
        rest = text[printed:].removesuffix("\n")
        return [*lines, *(rest.split("\n") if rest else [])]

    def _void(self) -> list[str]:
        saying, self._saying = self._saying, None
        if saying is None:
            return []
        rest = saying.text[saying.printed :]
        return [
            *([rest] if rest else []),
            *self.aside("(this answer broke off and does not count)"),
        ]


def said_lines(text: str, stream: TextIO) -> list[str]:
    """What a person typed, marked as theirs."""
    first, *more = harmless(text).strip("\n").split("\n")
    blank = " " * len(YOU)
    return [
        tinted(f"{YOU}{first}", "bold", stream),
        *(tinted(f"{blank}{line}", "bold", stream) for line in more),
    ]


def cut(lines: list[str], limit: int, stream: TextIO, more: str = "") -> list[str]:
    """The first lines, and how many are left out.

    Args:
        lines: to be printed.
        limit: how many; one more is kept, for saying that it is missing saves nothing.
        stream: a terminal.
        more: where the others are to be had.
    """
    if len(lines) <= limit + 1:
        return lines
    words = f"  … {len(lines) - limit} more lines{more}"
    return [*lines[:limit], tinted(words, "dim", stream)]


def outcome_tint(outcome: Outcome) -> Tint:
    """Green where all is well, yellow where somebody wanted it so, else red."""
    match outcome:
        case Completed():
            return "green"
        case Cancelled():
            return "yellow"
        case _:
            return "red"
