"""The items of a conversation, as the model is to see them.

Every text here stands rendered in a journal entry; nothing is added on the way to a
provider.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from podd_protocol.values import ToolStatus


class TextPart(msgspec.Struct, frozen=True, tag_field="type", tag="text"):
    """Prose."""

    text: str


class ReasoningPart(msgspec.Struct, frozen=True, tag_field="type", tag="reasoning"):
    """What the model thought, and what its provider needs to see again."""

    text: str
    replay: str | None = None
    """Opaque; only the provider that wrote it reads it."""


class ToolCallPart(msgspec.Struct, frozen=True, tag_field="type", tag="tool_call"):
    """The model asks for a tool."""

    call: str
    """Ours: unique in the session."""
    name: str
    arguments: str
    """JSON text, as it arrived: it may be broken."""
    provider_call: str = ""
    """The provider's own id; what the answer must name."""


ModelPart = TextPart | ReasoningPart | ToolCallPart


class UserItem(msgspec.Struct, frozen=True, tag_field="role", tag="user"):
    """What a person, a parent or podd itself says to the model."""

    text: str
    origin: Literal["user", "notification", "notice", "code"] = "user"
    """code: what became of code that the model wrote."""


class ModelItem(msgspec.Struct, frozen=True, tag_field="role", tag="model"):
    """One finished answer."""

    parts: tuple[ModelPart, ...]


class ToolResultItem(msgspec.Struct, frozen=True, tag_field="role", tag="tool"):
    """The one result of one call."""

    call: str
    name: str
    status: ToolStatus
    text: str
    """Summary and content together, as the model reads them."""
    provider_call: str = ""


ConversationItem = UserItem | ModelItem | ToolResultItem
