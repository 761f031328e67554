"""The items of a conversation, as the model is to see them.

Every text here stands rendered in a journal entry; nothing is added on the way to a
provider. What was added later is unset where there is none: so an item without it has
the digest that it had before.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from podd_protocol.values import ToolStatus


class TextPart(msgspec.Struct, frozen=True, tag_field="type", tag="text"):
    """Prose."""

    text: str


class ImagePart(msgspec.Struct, frozen=True, tag_field="type", tag="image"):
    """A picture, as it is or where it lies."""

    media_type: str = ""
    """`image/png` and so on; of a picture at a URL it need not be known."""
    data: str = ""
    """Base64; empty where there is a URL."""
    url: str = ""
    name: str | UnsetType = UNSET
    """For people, where it has one."""


class DocumentPart(msgspec.Struct, frozen=True, tag_field="type", tag="document"):
    """A file that some models read as it is, such as a PDF."""

    media_type: str
    data: str
    """Base64."""
    name: str = ""


class ReasoningPart(msgspec.Struct, frozen=True, tag_field="type", tag="reasoning"):
    """What the model thought, and what its provider needs to see again."""

    text: str
    replay: str | None = None
    """Opaque; a signature, or what was thought, sealed. Without words it belongs to the
    part behind it."""
    provider: str | UnsetType = UNSET
    """Who wrote `replay`, where there is one; no other provider is shown it."""


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
UserPart = TextPart | ImagePart | DocumentPart


class UserItem(msgspec.Struct, frozen=True, tag_field="role", tag="user"):
    """What a person, a parent or podd itself says to the model."""

    text: str
    origin: Literal["user", "notification", "notice", "code"] = "user"
    """code: what became of code that the model wrote."""
    parts: tuple[UserPart, ...] | UnsetType = UNSET
    """Where there is more than prose: all of it in order, `text` included."""

    @property
    def content(self) -> tuple[UserPart, ...]:
        """All of it, as parts."""
        return self.parts or (TextPart(self.text),)


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
    images: tuple[ImagePart, ...] | UnsetType = UNSET


ConversationItem = UserItem | ModelItem | ToolResultItem
