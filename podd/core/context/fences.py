"""Fenced blocks in a model's prose, as Markdown has them.

A block begins on a line of at least three backticks and a word for its language, and
ends on the first line that is nothing but at least as many backticks. One that never
ends goes to the end of the text: models forget it, and an answer that was cut is
another matter (its stop reason says so).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

#: One part alone takes the rest of the line: two that could share it between them would
#: be tried in every way, and a model's line may be long.
_OPENING: Final = re.compile(r"^ {0,3}(`{3,})([^`\n]*)$", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block."""

    language: str
    """The first word behind the fence, as written; may be empty."""
    content: str
    start: int
    end: int
    """Of the whole, fences included, in the text."""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks in order. What looks like a fence inside a block is content."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        begin = min(opening.end() + 1, len(text))
        closing = re.compile(
            rf"^ {{0,3}}`{{{len(opening[1])},}}[ \t]*$", re.MULTILINE
        ).search(text, begin)
        stop, at = (
            (len(text), len(text))
            if closing is None
            else (closing.start(), closing.end())
        )
        language = opening[2].split(maxsplit=1)
        yield Block(
            language[0] if language else "", text[begin:stop], opening.start(), at
        )


def first_block(text: str, languages: Sequence[str]) -> str | None:
    """The content of the first block in one of these languages (in lower case)."""
    found = (block for block in blocks(text) if block.language.lower() in languages)
    first = next(found, None)
    return None if first is None else first.content


def sole_block(text: str) -> str | None:
    """The content of the block that is all of `text`, if one is."""
    first = next(blocks(text), None)
    if first is None or (first.start, first.end) != (0, len(text)):
        return None
    return first.content
