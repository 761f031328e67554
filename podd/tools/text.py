"""Bytes of a file as lines for a model: numbered, decoded, of bearable length."""

from __future__ import annotations

import codecs
from typing import Final

#: Enough for prose and code; a longer line is data, and grep finds what is in it.
LINE_CHARACTERS: Final = 2000

#: Where git looks for a zero byte to call a file binary (buffer_is_binary).
_SNIFFED_BYTES: Final = 8000


def is_binary(data: bytes) -> bool:
    """Whether this is no text: a zero byte stands near its start."""
    return b"\0" in data[:_SNIFFED_BYTES]


def lines_of(data: bytes) -> list[bytes]:
    """Split at line feeds; a byte order mark and the last line feed are no content."""
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def numbered(lines: list[bytes], first: int) -> str:
    """Put each line's number and a tab before it; `first` is that of the first line."""
    return "\n".join(
        f"{number}\t{_shown(line)}" for number, line in enumerate(lines, start=first)
    )


def invalid_at(data: bytes) -> int | None:
    """Return the offset of the first byte that is not UTF-8; None if all of it is."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def count(number: int, noun: str) -> str:
    """Say how many: `1 line`, `2 lines`, `2 matches`."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith(('ch', 's')) else 's'}"


def one_line(text: str, limit: int) -> str:
    """Keep a text that may hold anything to a line of `limit` characters or so.

    What cannot be printed is shown as an escape; what is too long loses its middle.
    """
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    if len(line) <= limit:
        return line
    return f"{line[: limit // 2]} ... {line[-(limit // 2) :]}"


def _shown(line: bytes) -> str:
    text = line.removesuffix(b"\r").decode("utf-8", "replace")
    if len(text) <= LINE_CHARACTERS:
        return text
    return f"{text[:LINE_CHARACTERS]} (cut; the line has {len(text)} characters)"
