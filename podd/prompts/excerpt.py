"""A long text as a model reads it inside another one: its head and its tail."""

from __future__ import annotations

from typing import Final

import msgspec

#: Stands where something was left out, on a line of its own.
GAP: Final = "\n[...]\n"


class Excerpt(msgspec.Struct, frozen=True):
    """As much of a text as there is room for."""

    text: str
    left_out: int
    """Characters that `GAP` stands for."""


def excerpt(text: str, characters: int) -> Excerpt:
    """Return `text`, cut in its middle if it is longer than `characters`.

    The head says what it is about and the tail what came of it, so both stay.
    """
    if len(text) <= characters:
        return Excerpt(text, 0)
    head, tail = text[: characters // 2], text[-(characters - characters // 2) :]
    return Excerpt(f"{head}{GAP}{tail}", len(text) - characters)
