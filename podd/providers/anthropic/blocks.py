"""Content blocks, put together from pieces. Pure.

Each block has an index, which each of its pieces names. Blocks of a kind that nobody
knows yet are passed over, with all their pieces.
"""

from __future__ import annotations

from typing import Final

import msgspec

from podd.core.context.response import ModelDelta
from podd.providers.answer_parts import AnswerParts, OpenCall
from podd.providers.anthropic.errors import COMPLAINTS
from podd.providers.anthropic.events import Block, Delta, text_of
from podd.providers.anthropic.seal import Seal, sealed

_KNOWN: Final = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
#: What stands for the arguments while they are still to come.
_NO_INPUT: Final = frozenset({"", "{}", "null"})


class BlockAssembly:
    """All blocks of one response."""

    __slots__ = ("_calls", "_index", "_inputs", "_parts", "_signature", "_strange")

    def __init__(self, parts: AnswerParts) -> None:
        self._parts = parts
        self._index: int | None = None
        self._signature = ""
        self._calls: dict[int, OpenCall] = {}
        self._inputs: dict[int, str] = {}
        self._strange: set[int] = set()

    def start(self, index: int, block: Block) -> list[ModelDelta]:
        """Begin a block, with what it brings along; say what is new."""
        if block.type not in _KNOWN:
            self._strange.add(index)
            return []
        deltas = self.end()
        self._index = index
        self._calls.pop(index, None)
        self._strange.discard(index)
        match block.type:
            case "text":
                deltas += self._say(text_of(block.text))
            case "thinking":
                deltas += self._think(text_of(block.thinking))
                self._signature = text_of(block.signature)
            case "redacted_thinking":
                if data := text_of(block.data):
                    self._parts.replay(sealed(Seal(data=data)))
            case _:
                call = self._parts.call(text_of(block.id), text_of(block.name))
                self._calls[index] = call
                self._inputs[index] = _given(block.input)
                deltas.append(self._parts.arguments(call, ""))
        return deltas

    def take(self, index: int, delta: Delta) -> list[ModelDelta]:
        """Add a piece; say what is new.

        Raises:
            ProviderError: it belongs to a call that never began.
        """
        if index in self._strange:
            return []
        match delta.type:
            case "text_delta":
                return [*self._turn_to(index), *self._say(text_of(delta.text))]
            case "thinking_delta":
                return [*self._turn_to(index), *self._think(text_of(delta.thinking))]
            case "signature_delta":
                self._signature = text_of(delta.signature)
            case "input_json_delta":
                if (call := self._calls.get(index)) is None:
                    words = f"arguments of a tool call that never began (block {index})"
                    raise COMPLAINTS.failed("malformed", words)
                if piece := text_of(delta.partial_json):
                    return [self._parts.arguments(call, piece)]
            case _:
                pass  # nobody knows it yet
        return []

    def stop(self, index: int) -> list[ModelDelta]:
        """End this block, if it is the open one."""
        return self.end() if index == self._index else []

    def end(self) -> list[ModelDelta]:
        """End the open block; say what it held back."""
        index, self._index = self._index, None
        if self._signature:
            self._parts.replay(sealed(Seal(signature=self._signature)))
            self._signature = ""
        self._parts.close()
        call = None if index is None else self._calls.get(index)
        if index is None or call is None or call.pieces:
            return []
        given = self._inputs.pop(index, "")
        return [self._parts.arguments(call, given)] if given else []

    def _turn_to(self, index: int) -> list[ModelDelta]:
        """Go on with a block that has not begun, or that another came between."""
        if index == self._index:
            return []
        deltas = self.end()
        self._index = index
        return deltas

    def _say(self, piece: str) -> list[ModelDelta]:
        return [self._parts.text(piece)] if piece else []

    def _think(self, piece: str) -> list[ModelDelta]:
        return [self._parts.reasoning(piece)] if piece else []


def _given(raw: msgspec.Raw) -> str:
    """Read arguments that stand in the block itself."""
    text = bytes(raw).decode().strip()
    return "" if text in _NO_INPUT else text
