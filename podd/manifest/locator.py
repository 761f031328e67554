"""On which line each key of a TOML document stands. Pure.

`tomllib` gives values without places. This scanner reads the same text once more and
keeps only keys and lines. It is given text that `tomllib` has accepted, so it follows
the grammar and checks nothing; what it must get right is where a string, an array, an
inline table or a comment ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

KeyPath = tuple[str | int, ...]
"""Keys from the outside in; an integer is an index in an array, from 0."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACES: Final = re.compile(r"[ \t]*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")
#: One string in each of the four notations. A multi-line one may end in five quotes,
#: two of which are content.
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def locate(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every key, table and array item of `text`.

    Args:
        text: a valid TOML document, lines ended by LF or CRLF.

    A table made by several headers stands where it is named first.
    """
    return _Scanner(text).document()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of `path`, or of the nearest thing around it that has one."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}
        """Of the arrays of tables met so far."""

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        is_array = self._text.startswith("[[", self._at)
        self._step(2 if is_array else 1)
        line = self._line
        keys = self._key()
        self._step(2 if is_array else 1)
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._latest((*path, key), line)
        last: KeyPath = (*path, keys[-1])
        if not is_array:
            return self._latest(last, line)
        self._lines.setdefault(last, line)
        index = self._lengths.get(last, 0)
        self._lengths[last] = index + 1
        self._lines[*last, index] = line
        return (*last, index)

    def _latest(self, path: KeyPath, line: int) -> KeyPath:
        """`path`, and in an array of tables the item that headers now speak of."""
        self._lines.setdefault(path, line)
        if length := self._lengths.get(path):
            return (*path, length - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        line = self._line
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._step(1)  # the equals sign
        self._skip(_SPACES)
        self._value(path)

    def _key(self) -> list[str]:
        """Read a key with its dots, and the blanks after it."""
        keys: list[str] = []
        while True:
            self._skip(_SPACES)
            if self._text[self._at] in "\"'":
                keys.append(_unquoted(self._take(_STRING)))
            else:
                keys.append(self._take(_BARE_KEY))
            self._skip(_SPACES)
            if not self._text.startswith(".", self._at):
                return keys
            self._step(1)

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening in "\"'":
            self._take(_STRING)
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._step(1)
        self._skip(_BLANK)
        index = 0
        while self._text[self._at] != "]":
            item = (*path, index)
            self._lines[item] = self._line
            self._value(item)
            index += 1
            self._comma()
        self._step(1)

    def _inline_table(self, path: KeyPath) -> None:
        self._step(1)
        self._skip(_BLANK)
        while self._text[self._at] != "}":
            self._pair(path)
            self._comma()
        self._step(1)

    def _comma(self) -> None:
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._step(1)
            self._skip(_BLANK)

    def _step(self, count: int) -> None:
        self._at += count

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None, "the text is valid TOML"
        taken = match.group()
        self._line += taken.count("\n")
        self._at = match.end()
        return taken


def _unquoted(key: str) -> str:
    if key.startswith("'") or "\\" not in key:
        return key[1:-1]
    # Escapes are rare in keys, and one reader of them is enough.
    import tomllib

    text: str = tomllib.loads(f"key = {key}")["key"]
    return text
