"""Calls, which come whole as a rule. Pure.

Where Vertex AI was asked to (we do not ask), a call comes in pieces: its name first,
then values with their places, then a piece that says nothing and does not go on.
"""

from __future__ import annotations

import msgspec

from podd.core.context.response import ToolCallDelta
from podd.providers.answer_parts import AnswerParts, OpenCall
from podd.providers.gemini.chunks import FunctionCall
from podd.providers.gemini.errors import COMPLAINTS
from podd.providers.gemini.partial_arguments import (
    PartialArguments,
    PartialArgumentsError,
)


class CallAssembly:
    """All calls of one answer."""

    __slots__ = ("_arguments", "_open", "_parts")

    def __init__(self, parts: AnswerParts) -> None:
        self._parts = parts
        self._open: OpenCall | None = None
        self._arguments = PartialArguments()

    def take(self, piece: FunctionCall) -> list[ToolCallDelta]:
        """Add a call or a piece of one; say what is new.

        Raises:
            ProviderError: a piece has no place.
        """
        told: list[ToolCallDelta] = []
        call = self._open
        if call is None or piece.name:
            told += self.end()
            call = self._parts.call(piece.id or "", piece.name or "")
            self._arguments = PartialArguments()
            whole = _written(piece.args)
            in_pieces = piece.will_continue or piece.partial_args is not None
            told.append(self._parts.arguments(call, "" if in_pieces else whole))
            self._open = call if in_pieces else None
        try:
            for value in piece.partial_args or ():
                self._arguments.add(value)
        except PartialArgumentsError as error:
            raise COMPLAINTS.failed("malformed", str(error)) from error
        if not piece.will_continue:
            told += self.end()
        return told

    def end(self) -> list[ToolCallDelta]:
        """Close a call that came in pieces: only now are its arguments text."""
        call, self._open = self._open, None
        if call is None:
            return []
        written = msgspec.json.encode(self._arguments.value).decode()
        return [self._parts.arguments(call, written)]


def _written(args: msgspec.Raw) -> str:
    """Give arguments as they were written, without the blanks between."""
    if not bytes(args):
        return ""
    text = msgspec.json.format(bytes(args), indent=-1).decode()
    return "" if text == "null" else text
