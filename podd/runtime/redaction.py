"""Keys that podd loaded, taken out of what tools bring back (promise 12).

A tool may read a file that holds the key which the pod itself was given. Its value is
replaced before the result is journalled, shown or sent to a model. Tools cut long
lines, and a cut may go through a key, so a long piece of it is replaced too.

This is against accidents. Whoever may search a file can ask it for a key letter by
letter; a file that must not be known is hidden by the scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: A shorter value is no key, and replacing it would garble innocent text.
LEAST_CHARACTERS: Final = 8

#: A piece that is replaced: longer than the beginnings that a vendor's keys share, and
#: too short to be of use.
LEAST_PIECE: Final = 16

#: Every piece of that length holds one of the key's parts of this length whole.
_PART: Final = LEAST_PIECE // 2

#: What stands where a key was.
REDACTED: Final = "[key removed by podd]"


class Redaction:
    """Replaces the values of keys."""

    def __init__(self, values: Sequence[str]) -> None:
        self._values: tuple[str, ...] = ()
        self.add(values)

    def add(self, values: Sequence[str]) -> None:
        """Replace these too from now on."""
        more = [value for value in values if len(value) >= LEAST_CHARACTERS]
        self._values = tuple(dict.fromkeys((*self._values, *more)))

    def text(self, text: str) -> str:
        """The text without any key, or any long piece of one."""
        for value in self._values:
            text = text.replace(value, REDACTED)
            for start in range(0, len(value) - _PART + 1, _PART):
                text = _without_pieces(text, value, start)
        return text

    def content(self, content: bytes) -> bytes:
        """The same for the bytes of a file."""
        for value in self._values:
            content = content.replace(value.encode(), REDACTED.encode())
        return content


def _without_pieces(text: str, value: str, start: int) -> str:
    """Replace the long pieces of `value` around its part that begins at `start`."""
    part = value[start : start + _PART]
    at = text.find(part)
    if at < 0:
        return text
    kept: list[str] = []
    done = 0
    while at >= 0:
        first, last = at, at + _PART
        before, after = start, start + _PART
        while first > done and before > 0 and text[first - 1] == value[before - 1]:
            first, before = first - 1, before - 1
        while last < len(text) and after < len(value) and text[last] == value[after]:
            last, after = last + 1, after + 1
        if last - first >= LEAST_PIECE:
            kept += (text[done:first], REDACTED)
            done = last
            at = text.find(part, last)
        else:
            at = text.find(part, at + 1)
    return "".join((*kept, text[done:]))
