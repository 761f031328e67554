"""The terminal: lines that scroll away above a few live ones, and a line to type.

Rules of this file: it knows keys and rows, and nothing of pods. Whatever is printed
goes through `show`, so nothing is ever written across the live part.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.output.vt100 import Vt100_Output

from podd.cli.attached.recall import Recall
from podd.cli.columns import width
from podd.cli.output import has_colours

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from podd.cli.attached.view import Row
    from podd.cli.output import Tint

#: Of a long text that is typed or pasted, what is seen at once.
TYPED_ROWS: Final = 8

#: Seconds between two looks at the clock; the live part shows how long things take.
TICK_SECONDS: Final = 1.0

_STYLES: Final[dict[Tint, str]] = {
    "dim": "dim",
    "red": "ansired",
    "green": "ansigreen",
    "yellow": "ansiyellow",
    "bold": "bold",
}

Sent = Literal["enter", "alt_enter"]


class Person(Protocol):
    """Who is told what the person at the terminal does. Returns at once."""

    def send(self, text: str, how: Sent) -> None:
        """A text was sent; it is gone from the line."""

    def interrupt(self) -> None:
        """Ctrl-C."""

    def leave(self) -> None:
        """Ctrl-D."""

    def begin(self) -> None:
        """The first character of a text was typed."""


class _Output(Vt100_Output):
    """A terminal that is not asked where its cursor is, and keeps pastes in brackets.

    What is printed takes the live part away for a moment. If pastes were not bracketed
    in that moment, each line of one would be sent by itself.
    """

    @property
    def responds_to_cpr(self) -> bool:
        return False

    def disable_bracketed_paste(self) -> None:
        """Only `restore` does."""

    def restore(self) -> None:
        """Leave the terminal as it was found."""
        super().disable_bracketed_paste()
        self.flush()


def _output() -> _Output:
    found = _Output.from_pty(sys.stdout)
    assert isinstance(found, _Output), "the library makes what it is asked of"
    return found


class Terminal:
    """Reads what is typed, and draws.

    Args:
        person: is told.
        above: the rows between what was printed and what is typed, for so many columns.
        below: the row below what is typed.
        prompt: what stands before it.
    """

    def __init__(
        self,
        person: Person,
        *,
        above: Callable[[int], list[Row]],
        below: Callable[[str, int], Row],
        prompt: Callable[[], str],
    ) -> None:
        self._person = person
        self._above = above
        self._below = below
        self._prompt = prompt
        self._coloured = has_colours(sys.stdout)
        self._recall = Recall()
        self._buffer = Buffer(multiline=True, on_text_changed=self._typed)
        self._was_empty = True
        self._output = _output()
        self._app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=self._keys(),
            input=create_input(sys.stdin),
            output=self._output,
            erase_when_done=True,
            refresh_interval=TICK_SECONDS,
        )

    @property
    def text(self) -> str:
        """What is typed and not sent."""
        return self._buffer.text

    async def run(self) -> None:
        """Until `close`.

        Raises:
            EOFError: the terminal is gone.
        """
        try:
            await self._app.run_async()
        finally:
            self._output.restore()

    def close(self) -> None:
        """End `run`; nothing of the live part stays."""
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def show(self, lines: list[str]) -> None:
        """Print lines above the live part; they may hold colours and nothing else."""
        if not lines:
            return
        if self._app.is_running:
            self._app.renderer.erase(leave_alternate_screen=False)
        self._output.write_raw("\n".join(lines) + "\n")
        self._output.flush()
        self._app.invalidate()

    def refresh(self) -> None:
        """Draw the live part again."""
        self._app.invalidate()

    def remember(self, text: str) -> None:
        """Let the arrow up bring this text back."""
        self._recall.add(text)

    def give_back(self, text: str) -> bool:
        """Put a text back that could not be sent; False: something else is typed."""
        if self._buffer.text.strip():
            return False
        self._put(text)
        return True

    def bell(self) -> None:
        """Call a person who looks elsewhere."""
        self._output.bell()
        self._output.flush()

    def _layout(self) -> Layout:
        typed = Window(
            BufferControl(self._buffer, input_processors=[TabsProcessor()]),
            height=Dimension(min=1, max=TYPED_ROWS),
            dont_extend_height=True,
            wrap_lines=True,
            get_line_prefix=self._line_prefix,
        )
        return Layout(
            HSplit(
                [
                    Window(
                        FormattedTextControl(self._above_text),
                        dont_extend_height=True,
                        height=self._above_height,
                    ),
                    typed,
                    Window(
                        FormattedTextControl(self._below_text),
                        dont_extend_height=True,
                        height=1,
                    ),
                ]
            ),
            focused_element=typed,
        )

    def _columns(self) -> int:
        return self._output.get_size().columns

    def _above_height(self) -> Dimension:
        return Dimension.exact(len(self._above(self._columns())))

    def _above_text(self) -> StyleAndTextTuples:
        found: StyleAndTextTuples = []
        for row in self._above(self._columns()):
            if found:
                found.append(("", "\n"))
            found.append((self._style(row.tint), row.text))
        return found

    def _below_text(self) -> StyleAndTextTuples:
        row = self._below(self._buffer.text, self._columns())
        return [(self._style(row.tint), row.text)]

    def _line_prefix(self, line: int, wrapped: int) -> StyleAndTextTuples:
        words = self._prompt()
        if line or wrapped:
            return [("", " " * width(words))]
        return [(self._style("bold"), words)]

    def _style(self, tint: Tint | None) -> str:
        return _STYLES[tint] if tint is not None and self._coloured else ""

    def _typed(self, _buffer: Buffer) -> None:
        empty = not self._buffer.text
        if self._was_empty and not empty:
            self._person.begin()
        self._was_empty = empty

    def _take(self, how: Sent) -> None:
        text = self._buffer.text.strip("\n")
        if not text.strip():
            return
        self._buffer.reset()
        self._was_empty = True
        self.remember(text)
        self._person.send(text, how)

    def _put(self, text: str) -> None:
        self._buffer.text = text
        self._buffer.cursor_position = len(text)

    def _up(self) -> None:
        if self._buffer.document.cursor_position_row:
            self._buffer.cursor_up()
        elif (text := self._recall.older(self._buffer.text)) is not None:
            self._put(text)

    def _down(self) -> None:
        document = self._buffer.document
        if document.cursor_position_row < document.line_count - 1:
            self._buffer.cursor_down()
        elif (text := self._recall.newer()) is not None:
            self._put(text)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        def bind(*names: str, act: Callable[[KeyPressEvent], Any]) -> None:
            keys.add(*names, eager=True)(act)

        bind("enter", act=lambda _: self._take("enter"))
        bind("escape", "enter", act=lambda _: self._take("alt_enter"))
        bind("c-j", act=lambda _: self._buffer.newline(copy_margin=False))
        bind("c-c", act=lambda _: self._person.interrupt())
        bind("<sigint>", act=lambda _: self._person.interrupt())
        bind("c-d", act=lambda _: self._person.leave())
        bind("up", act=lambda _: self._up())
        bind("down", act=lambda _: self._down())
        bind("c-z", act=lambda event: event.app.suspend_to_background())
        return keys

    def clear(self) -> None:
        """Take away what is typed; the arrow up brings it back."""
        if self._buffer.text.strip():
            self.remember(self._buffer.text)
        self._buffer.reset()
        self._was_empty = True
