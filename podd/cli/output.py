"""Where podctl's words go: data to stdout, talk to stderr.

What a pod says may hold anything, so whatever goes to a terminal passes `harmless`
first: an escape sequence in a tool's output must not move a person's cursor.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TextIO

import click

#: Of the documents that `--json` prints. Grows when a field changes its meaning.
SCHEMA_VERSION: Final = 1

#: Columns where nobody tells: the width that tables must fit into anyway.
COLUMNS: Final = 80

Loudness = Literal["quiet", "normal", "verbose"]
Tint = Literal["dim", "red", "green", "yellow", "bold"]

_TINTS: Final[dict[Tint, str]] = {
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "bold": "1",
}

#: All controls but tab and newline, those above 127 too.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """`text` without what a terminal would obey."""
    return _CONTROLS.sub("", text)


class Output:
    """How this command line wants to be answered.

    Attributes:
        json: documents instead of words.
        loudness: how much talk goes to stderr.
        timeout_seconds: of `--timeout`; None where nobody said.
    """

    __slots__ = ("json", "loudness", "timeout_seconds")

    def __init__(
        self,
        *,
        json: bool = False,
        loudness: Loudness = "normal",
        timeout_seconds: float | None = None,
    ) -> None:
        self.json = json
        self.loudness: Loudness = loudness
        self.timeout_seconds = timeout_seconds

    @classmethod
    def of(cls, context: click.Context) -> Output:
        """What the options say that were parsed so far."""
        meta = context.meta
        loudness: Loudness = "normal"
        if meta.get("podd.quiet"):
            loudness = "quiet"
        elif meta.get("podd.verbose"):
            loudness = "verbose"
        return cls(
            json=bool(meta.get("podd.json")),
            loudness=loudness,
            timeout_seconds=meta.get("podd.timeout_seconds"),
        )

    def document(self, fields: Mapping[str, Any]) -> None:
        """Print the one document of `--json`, or the last line of a stream."""
        import msgspec

        encoded = msgspec.json.encode({"schema_version": SCHEMA_VERSION, **fields})
        self.stream_line(encoded)

    def stream_line(self, encoded: bytes) -> None:
        """Print one object of a stream, without its newline, and let it out."""
        # Bytes: JSON is UTF-8, whatever the locale says.
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded + b"\n")
        sys.stdout.buffer.flush()

    def text(self, line: str, tint: Tint | None = None) -> None:
        """Print data for people."""
        _put(sys.stdout, line, tint)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows below their heads. On a terminal they fit its width."""
        from podd.cli.columns import table

        limit = columns(sys.stdout) if sys.stdout.isatty() else None
        for line in table(heads, rows, limit):
            self.text(line)

    def say(self, line: str, tint: Tint | None = None) -> None:
        """Talk to the person, unless they asked for quiet."""
        if self.loudness == "quiet":
            return
        for whole in line.splitlines():
            for part in _wrapped(whole, sys.stderr):
                _put(sys.stderr, part, tint)

    def detail(self, line: str) -> None:
        """Talk to the person who asked for more."""
        if self.loudness == "verbose":
            _put(sys.stderr, line, None)


def _put(stream: TextIO, line: str, tint: Tint | None) -> None:
    if stream.isatty():
        line = harmless(line)
    if tint is not None:
        line = tinted(line, tint, stream)
    stream.write(line + "\n")
    stream.flush()


def _wrapped(line: str, stream: TextIO) -> list[str]:
    """On a terminal, in lines that end between words; a path stays whole."""
    if not stream.isatty() or len(line) < columns(stream):
        return [line]
    import textwrap

    return textwrap.wrap(
        line,
        columns(stream) - 1,
        break_long_words=False,
        break_on_hyphens=False,
        subsequent_indent="  ",
    )


def is_screen(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def has_person() -> bool:
    """Whether somebody can type here and look at a terminal with a cursor."""
    return sys.stdin.isatty() and is_screen(sys.stdout)


def has_colours(stream: TextIO) -> bool:
    """Whether `stream` shows colours and the person wants them."""
    return is_screen(stream) and not os.environ.get("NO_COLOR")


def tinted(text: str, tint: Tint, stream: TextIO) -> str:
    """`text` in a colour, where `stream` has colours."""
    if not text or not has_colours(stream):
        return text
    return f"\x1b[{_TINTS[tint]}m{text}\x1b[0m"


def columns(stream: TextIO) -> int:
    """The width of a terminal, at least 20; `COLUMNS` of the environment first."""
    try:
        wide = int(os.environ.get("COLUMNS", "0"))
    except ValueError:
        wide = 0
    if wide <= 0:
        try:
            wide = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            wide = 0
    return max(wide or COLUMNS, 20)
