"""What a message looks like on the wire, as tolerantly as can be told apart.

https://platform.claude.com/docs/en/build-with-claude/streaming

Fields of blocks that nobody knows yet may have any shape, so what is read of a block is
`Any` where it need not be text.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Block(msgspec.Struct, frozen=True):
    """A block of content, or the beginning of one."""

    type: str = ""
    text: Any = None
    thinking: Any = None
    signature: Any = None
    data: Any = None
    id: Any = None
    name: Any = None
    input: msgspec.Raw = msgspec.Raw()
    """A call's arguments, byte for byte."""


class Delta(msgspec.Struct, frozen=True):
    """What is new in a block, or in the message."""

    type: str = ""
    text: Any = None
    thinking: Any = None
    signature: Any = None
    partial_json: Any = None
    stop_reason: str | None = None
    stop_details: Any = None


class Message(msgspec.Struct, frozen=True):
    """A whole answer, or the beginning of one."""

    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_details: Any = None
    usage: Any = None
    error: Any = None


class Event(msgspec.Struct, frozen=True):
    """One event of a stream."""

    type: str = ""
    index: int | None = None
    message: Message | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Any = None


class Kind(msgspec.Struct, frozen=True):
    """Of whatever came."""

    type: str = ""


#: Those that this file describes.
KNOWN: Final = frozenset(
    {
        *("message_start", "message_delta", "message_stop"),
        *("content_block_start", "content_block_delta", "content_block_stop"),
    }
)


def text_of(value: Any) -> str:  # noqa: ANN401  # read from a foreign document
    """Read text; anything else is none."""
    return value if isinstance(value, str) else ""
