"""What a chat completion looks like on the wire, as tolerantly as can be told apart.

Fields that servers fill in different shapes are `Any`, and read where they are used.
"""

from __future__ import annotations

from typing import Any

import msgspec


class FunctionChunk(msgspec.Struct, frozen=True):
    """A function's name and arguments, or a piece of them."""

    name: str | None = None
    arguments: Any = None
    """Text; some servers send the object itself."""


class CallChunk(msgspec.Struct, frozen=True):
    """A tool call, or a piece of one."""

    index: int | None = None
    id: str | None = None
    function: FunctionChunk | None = None


class MessageChunk(msgspec.Struct, frozen=True):
    """A message, or what is new in it."""

    content: Any = None
    """Text; some servers send a list of typed parts."""
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: list[CallChunk] | None = None
    function_call: FunctionChunk | None = None
    """How a single call was told before there were several."""


class Choice(msgspec.Struct, frozen=True):
    """One of the answers; we ask for one."""

    index: int | None = 0
    delta: MessageChunk | None = None
    message: MessageChunk | None = None
    finish_reason: str | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of a stream, or a whole answer."""

    object: Any = None
    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None

    @property
    def is_error(self) -> bool:
        """Whether this tells of a failure, in either of the two known ways."""
        return bool(self.error) or self.object == "error"


def text_of(value: Any) -> str:  # noqa: ANN401  # read from a foreign document
    """Read prose that is a string, or a list of parts that hold some."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(
            part["text"]
            for part in value
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return ""
