"""A tool call that has its result, as a person sees it on a terminal."""

from __future__ import annotations

import textwrap
from typing import Final, TextIO

from podd.cli.columns import fit, width
from podd.cli.output import Tint, columns, harmless, tinted
from podd.cli.rendering import result_words
from podd_protocol.events import ToolResult
from podd_protocol.values import ToolStatus

_MARKS: Final[dict[ToolStatus, tuple[str, Tint]]] = {
    "ok": ("✓", "green"),
    "error": ("✗", "red"),
    "denied": ("✗", "yellow"),
    "interrupted": ("-", "yellow"),
    "unknown": ("?", "yellow"),
}


def result_lines(words: str, event: ToolResult, stream: TextIO) -> list[str]:
    """One line where all went well, more where something is to be read.

    Args:
        words: the call, as `call_words` has it.
        event: its result.
        stream: a terminal; its width and its colours count.
    """
    mark, tint = _MARKS[event.status]
    came = result_words(event)
    room = columns(stream) - 4
    begin = f"  {tinted(mark, tint, stream)} "
    line = harmless(f"{words} · {came}" if came else words)
    glance = event.status == "ok" or (event.status != "denied" and width(line) <= room)
    shown = fit(harmless(words), room)
    if not glance:
        # What went wrong is read, not glanced at: all of it, whatever the width.
        rest = textwrap.wrap(harmless(came), room - 2)
        return [begin + shown, *(f"      {part}" for part in rest)]
    line = fit(line, room)
    if line.startswith(shown) and width(line) > width(shown):
        line = shown + tinted(line[len(shown) :], "dim", stream)
    return [begin + line]
