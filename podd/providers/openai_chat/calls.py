"""Tool calls, put together from pieces. Pure.

OpenAI gives each call an index, and its id and name once. Other servers leave the index
out, or give all calls the same; repeat id and name with each piece; send whole calls at
once; or give no ids. So a piece opens a new call when it says so: by an index not seen
before, or by an id or a name that is not the open call's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from podd.core.context.response import ToolCallDelta
from podd.providers.answer_parts import AnswerParts, OpenCall
from podd.providers.openai_chat.chunks import CallChunk, FunctionChunk


class CallAssembly:
    """All calls of one response."""

    __slots__ = ("_by_index", "_parts")

    def __init__(self, parts: AnswerParts) -> None:
        self._parts = parts
        self._by_index: dict[int, OpenCall] = {}

    def take(self, piece: CallChunk) -> ToolCallDelta | None:
        """Add a piece; say what is new."""
        function = piece.function or FunctionChunk()
        arguments = _text(function.arguments)
        call = self._find(piece, function.name or "", arguments)
        call.id = call.id or piece.id or ""
        is_named = not call.name and bool(function.name)
        call.name = call.name or function.name or ""
        if not (arguments or is_named):
            return None
        return self._parts.arguments(call, arguments)

    def _find(self, piece: CallChunk, name: str, arguments: str) -> OpenCall:
        if piece.index is not None:
            call = self._by_index.get(piece.index)
        elif piece.id:
            call = next((c for c in self._parts.calls if c.id == piece.id), None)
            # Servers without ids in the first piece are not known, so a new id is a
            # new call.
        else:
            call = self._parts.calls[-1] if self._parts.calls else None
        if call is None or _opens_another(call, piece.id or "", name, arguments):
            call = self._parts.call()
        if piece.index is not None:
            self._by_index[piece.index] = call
        return call


def _opens_another(call: OpenCall, identity: str, name: str, arguments: str) -> bool:
    if not name:
        return False
    if identity and call.id:
        return identity != call.id
    if call.name and name != call.name:
        return True
    # The same tool again, without ids: another call if this one is already whole.
    return bool(arguments) and _is_object(call.arguments)


def _is_object(text: str) -> bool:
    if not text.endswith("}"):
        return False
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except msgspec.DecodeError:
        return False


def _text(arguments: Any) -> str:  # noqa: ANN401  # read from a foreign document
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else msgspec.json.encode(arguments).decode()
