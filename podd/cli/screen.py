"""A turn as a person sees it on a terminal while it happens.

Text appears as it is said; a tool call is one line when it has its result, and before
that part of the last line, which is erased and drawn again. What was said in an
attempt that broke off stays on the screen and is declared void: a terminal cannot take
it back, and the durable `text` is what counts.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final, TextIO

from podd.cli.columns import fit
from podd.cli.event_words import event_words
from podd.cli.output import Tint, columns, harmless, is_screen, tinted
from podd.cli.rendering import call_words
from podd.cli.result_lines import result_lines
from podd.client.connection import Heard
from podd_protocol.events import (
    Alert,
    AnswerRefused,
    AnyEvent,
    ApprovalRequested,
    ApprovalResolved,
    ChildEvent,
    CodeEnded,
    CodeStarted,
    CommandEnded,
    CommandStarted,
    Lagged,
    LimitReached,
    Notification,
    QuestionAnswered,
    QuestionAsked,
    ReasoningDelta,
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

#: Back to the first column, and erase the line.
_ERASE: Final = "\r\x1b[K"


@dataclass(slots=True)
class _Saying:
    """What is being said and not yet whole."""

    step: int
    attempt: int
    text: str = ""


class Screen:
    """Draws one turn.

    Args:
        stream: a terminal. One that cannot move its cursor gets no last line.
        turn: the turn to show; what concerns the whole pod is shown as well.
    """

    def __init__(self, stream: TextIO, turn: str) -> None:
        self._stream = stream
        self._turn = turn
        self._saying: _Saying | None = None
        self._calls: dict[str, str] = {}
        self._running: list[str] = []
        self._thinking = ""
        self._drawn = False
        self._in_line = False
        self._moves = is_screen(stream)

    def hear(self, heard: Heard) -> None:
        """Show an event."""
        event = heard.event
        if event is None:
            return
        # The turn of an event about a child is the child's.
        turn = None if isinstance(event, ChildEvent) else getattr(event, "turn", None)
        if turn not in {None, self._turn}:
            return
        self._erase()
        self._show(event)
        self._draw()
        self._stream.flush()

    def rest(self) -> None:
        """Leave the cursor at the beginning of a line of its own."""
        self._erase()
        self._end_line()
        self._stream.flush()

    def _show(self, event: AnyEvent) -> None:  # noqa: C901, PLR0912  # a table
        match event:
            case TextDelta():
                self._delta(event)
            case Text():
                self._whole(event)
            case StepStarted(model=model):
                self._void()
                self._thinking = model
            case ReasoningDelta():
                self._thinking = self._thinking or "the model"
            case StepEnded():
                self._void()
                self._thinking = ""
            case ToolCall(call=call, name=name, arguments=arguments):
                self._thinking = ""
                self._calls[call] = call_words(name, arguments)
            case ToolStarted(call=call):
                self._running.append(call)
            case CodeStarted():
                self._thinking = "its code"
            case ToolResult():
                self._result(event)
            case RetryScheduled():
                self._void()
                self._aside(event, "dim")
            case (
                Notification()
                | LimitReached()
                | AnswerRefused()
                | CodeEnded()
                | Lagged()
                | ChildEvent()
                | ApprovalResolved()
                | QuestionAnswered()
                | CommandStarted()
                | CommandEnded()
            ):
                self._aside(event, "dim")
            case ApprovalRequested() | QuestionAsked():
                self._aside(event, "yellow")
            case Alert(level=level):
                self._aside(event, "red" if level == "error" else "yellow")
            case TurnEnded():
                self._void()
                self._thinking = ""
                self._running.clear()
            case _:
                pass

    def _delta(self, event: TextDelta) -> None:
        saying = self._saying
        if saying is None or (event.step, event.attempt) > (
            saying.step,
            saying.attempt,
        ):
            self._void()
            self._end_line()
            saying = self._saying = _Saying(event.step, event.attempt)
        elif (event.step, event.attempt) != (saying.step, saying.attempt):
            return
        self._thinking = ""
        saying.text += event.text
        self._write(event.text)

    def _whole(self, event: Text) -> None:
        said = ""
        if self._saying is not None and self._saying.step == event.step:
            said, self._saying = self._saying.text, None
        self._void()
        self._thinking = ""
        if not event.text.startswith(said):
            self._line("(some of it was skipped; here it is whole)", "dim")
            said = ""
        if not said:
            self._end_line()
        self._write(event.text[len(said) :])
        self._end_line()

    def _void(self) -> None:
        if self._saying is None:
            return
        self._saying = None
        self._line("(this answer broke off and does not count)", "dim")

    def _result(self, event: ToolResult) -> None:
        words = self._calls.pop(event.call, event.name)
        if event.call in self._running:
            self._running.remove(event.call)
        self._end_line()
        for line in result_lines(words, event, self._stream):
            self._stream.write(f"{line}\n")

    def _aside(self, event: AnyEvent, tint: Tint) -> None:
        if words := event_words(event):
            self._line(words, tint)

    def _line(self, words: str, tint: Tint) -> None:
        self._end_line()
        for line in textwrap.wrap(harmless(words), columns(self._stream) - 2):
            self._stream.write(f"  {tinted(line, tint, self._stream)}\n")

    def _write(self, text: str) -> None:
        text = harmless(text)
        if text:
            self._stream.write(text)
            self._in_line = not text.endswith("\n")

    def _end_line(self) -> None:
        if self._in_line:
            self._stream.write("\n")
            self._in_line = False

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(_ERASE)
            self._drawn = False

    def _draw(self) -> None:
        """Say on the last line what is being waited for."""
        if not self._moves or self._in_line:
            return
        if self._running:
            first = self._calls.get(self._running[0], "")
            more = len(self._running) - 1
            words = f"… {first}" + (f" and {more} more" if more else "")
        elif self._thinking:
            words = f"… {self._thinking}"
        else:
            return
        # One column is left free: writing into the last one may wrap the line.
        line = fit(harmless(words), columns(self._stream) - 5)
        self._stream.write("  " + tinted(line, "dim", self._stream))
        self._drawn = True
