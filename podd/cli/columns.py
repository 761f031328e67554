"""How wide text is on a terminal, and text that fits."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

#: Between two columns of a table.
GAP: Final = 2

#: No column is squeezed below this, whatever the terminal.
NARROWEST: Final = 6


def width(text: str) -> int:
    """Columns that `text` takes: East Asian wide characters two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` columns, its cut end as an ellipsis."""
    text = " ".join(text.split())
    if width(text) <= limit:
        return text
    taken: list[str] = []
    room = max(limit - 1, 0)
    for character in text:
        room -= _columns_of(character)
        if room < 0:
            break
        taken.append(character)
    return "".join(taken).rstrip() + "…"


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None
) -> list[str]:
    """Lay out rows below their heads.

    Args:
        heads: one a column.
        rows: each as long as `heads`.
        limit: columns that a line may take; the widest columns give way first. None:
            as wide as it comes, for a pipe.
    """
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(width(line[i]) for line in lines) for i in range(len(heads))]
    if limit is not None:
        _squeeze(widths, limit - GAP * (len(widths) - 1))
    gap = " " * GAP
    return [
        gap.join(_cell(cell, w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _squeeze(widths: list[int], room: int) -> None:
    while sum(widths) > room:
        widest = max(widths)
        if widest <= NARROWEST:
            return
        widths[widths.index(widest)] -= 1


def fit_indented(text: str, limit: int) -> str:
    """As `fit`, with the blanks before it kept: they say what it belongs to."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    return indent + fit(text, limit - len(indent))


def _cell(text: str, columns: int) -> str:
    fitted = fit_indented(text, columns)
    return fitted + " " * (columns - width(fitted))
