"""What comes back from a model: deltas while it speaks, one response at the end."""

from __future__ import annotations

from typing import Literal

import msgspec

from podd.core.context.conversation import ModelPart
from podd_protocol.values import Usage

StopReason = Literal[
    "stop",
    "tool_use",
    "output_limit",
    "context_overflow",
    "content_filter",
    "unknown",
]


class TextDelta(msgspec.Struct, frozen=True):
    """More prose."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True):
    """More thought."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True):
    """More of a tool call's arguments."""

    index: int
    """Of the call among the calls of this response, from 0."""
    name: str
    arguments: str


ModelDelta = TextDelta | ReasoningDelta | ToolCallDelta


class ModelResponse(msgspec.Struct, frozen=True):
    """A whole answer. It exists only if the stream had its end."""

    parts: tuple[ModelPart, ...]
    """In order. `ToolCallPart.call` is empty here: whoever journals it gives the id."""
    stop_reason: StopReason
    usage: Usage
