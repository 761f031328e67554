"""Patterns, and texts of which some parts are only known when they run.

Theory of operation. A pattern is a row of tokens, and a bit stands before each of them
and behind the last. The bits that are set say how far the text read so far can have
brought us. A star keeps its bit for any character and lends it to the next place. So
one pass over the text is enough, whatever the pattern.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from fnmatch import translate
from re import compile as compiled
from typing import Final


class Unknown(Enum):
    """A part of a text that nobody can read beforehand."""

    TEXT = "any text"
    NAME = "any text without blanks"


Pieces = tuple[str | Unknown, ...]
"""A text, from left to right."""

ANYTHING: Final[Pieces] = (Unknown.TEXT,)
_STAR: Final = "*"


class Pattern:
    """`*` for any text, `?` for one character, `[...]` for one of a set.

    Case counts, and a star also matches slashes and line ends.
    """

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._end = 1 << len(self._tokens)
        self._stars = self._places(_STAR)
        self._solid = (self._end - 1) & ~self._places(" ")
        self._accepting: dict[str, int] = {}

    @property
    def is_everything(self) -> bool:
        """Whether no text at all can miss it."""
        return self._tokens == (_STAR,)

    def matches(self, text: Pieces) -> bool:
        """Whether it matches for certain, whatever the unknown parts turn out to be."""
        return self._run(text, certain=True)

    def may_match(self, text: Pieces) -> bool:
        """Whether it matches for some value of the unknown parts."""
        return self._run(text, certain=False)

    def _run(self, text: Pieces, *, certain: bool) -> bool:
        reached = self._lent(1)
        for piece in text:
            if isinstance(piece, str):
                for character in piece:
                    reached = self._step(reached, character)
                    if not reached:
                        return False
            elif certain:
                reached = self._lent(reached & self._stars)
            else:
                reached = self._spread(reached, piece)
        return bool(reached & self._end)

    def _step(self, reached: int, character: str) -> int:
        accepting = self._accepting.get(character)
        if accepting is None:
            accepting = self._places(character, "?", *self._sets_with(character))
            self._accepting[character] = accepting
        return self._lent((reached & self._stars) | ((reached & accepting) << 1))

    def _lent(self, reached: int) -> int:
        return reached | ((reached & self._stars) << 1)

    def _spread(self, reached: int, unknown: Unknown) -> int:
        if unknown is Unknown.TEXT:
            lowest = reached & -reached
            return (self._end << 1) - lowest
        while (further := reached | ((reached & self._solid) << 1)) != reached:
            reached = further
        return reached

    def _places(self, *tokens: str) -> int:
        return sum(1 << at for at, token in enumerate(self._tokens) if token in tokens)

    def _sets_with(self, character: str) -> Iterator[str]:
        for token in self._tokens:
            if len(token) > 1 and compiled(translate(token)).match(character):
                yield token


def _tokens(text: str) -> tuple[str, ...]:
    """Split, with the brackets of a set left around it and a row of stars made one."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        length = _set_length(text, at) if text[at] == "[" else 1
        token = text[at : at + length]
        if tokens[-1:] != [_STAR] or token != _STAR:
            tokens.append(token)
        at += length
    return tuple(tokens)


def _set_length(text: str, at: int) -> int:
    """Return how long the set that begins at `at` is; 1: it is a plain bracket."""
    first = at + 1
    if text[first : first + 1] == "!":
        first += 1
    # A closing bracket that comes first belongs to the set.
    close = text.find("]", first + 1)
    return 1 if close < 0 else close + 1 - at
