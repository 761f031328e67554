"""What an answer looks like on the wire: the events of a stream, and a whole one.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseResponse.html
"""

from __future__ import annotations

from typing import Any

import msgspec


class ToolUse(msgspec.Struct, frozen=True, rename="camel"):
    """A call: its beginning, a piece of its input, or all of it."""

    tool_use_id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"")
    """Text in a stream, the object itself in a whole answer."""


class ReasoningText(msgspec.Struct, frozen=True):
    """A thought."""

    text: str = ""
    signature: str | None = None


class Reasoning(msgspec.Struct, frozen=True, rename="camel"):
    """A thought, or a piece of one."""

    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None
    """Base64."""
    reasoning_text: ReasoningText | None = None
    """In a whole answer, instead of the first two."""


class Content(msgspec.Struct, frozen=True, rename="camel"):
    """A block, its beginning, or a piece of it: one of these, or one not known yet."""

    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: Reasoning | None = None


class BlockEvent(msgspec.Struct, frozen=True, rename="camel"):
    """A block begins, goes on or ends."""

    content_block_index: int = 0
    start: Content | None = None
    delta: Content | None = None


class MessageStop(msgspec.Struct, frozen=True, rename="camel"):
    """The last block was told."""

    stop_reason: str = ""


class Metadata(msgspec.Struct, frozen=True):
    """What it used."""

    usage: Any = None


class Message(msgspec.Struct, frozen=True):
    """What the model says."""

    content: list[Content] = []


class Output(msgspec.Struct, frozen=True):
    """Where a whole answer has its message."""

    message: Message | None = None


class Converse(msgspec.Struct, frozen=True, rename="camel"):
    """A whole answer."""

    output: Output | None = None
    stop_reason: str = ""
    usage: Any = None
