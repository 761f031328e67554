"""What a response looks like on the wire, as tolerantly as can be told apart.

Fields that servers fill in different shapes are `Any`, and read where they are used.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Head(msgspec.Struct, frozen=True):
    """As much of an event as tells whether it concerns us."""

    type: Any = None
    error: Any = None


class Item(msgspec.Struct, frozen=True):
    """One item of an answer, whole or just begun."""

    type: Any = None
    content: Any = None
    """Of a message or a thought: typed parts."""
    summary: Any = None
    """Of a thought: typed parts."""
    encrypted_content: Any = None
    """Of a thought; final only when the item is done."""
    phase: Any = None
    """Of a message."""
    call_id: Any = None
    """Of a call; what its result must name. Its `id` is the item's."""
    name: Any = None
    arguments: Any = None
    """Text; some servers send the object itself."""


class Event(msgspec.Struct, frozen=True):
    """A part of an item, or a piece of one."""

    output_index: int | None = None
    """Of the item, among those of the response."""
    content_index: int | None = None
    """Of the part, among those of the item."""
    summary_index: int | None = None
    delta: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None

    @property
    def whole(self) -> str:
        """All of the part, where the event ends one."""
        return string(self.text) or string(self.refusal) or arguments_of(self.arguments)


class ItemEvent(msgspec.Struct, frozen=True):
    """An item that begins, or is whole."""

    item: Item = Item()
    output_index: int | None = None


class Response(msgspec.Struct, frozen=True):
    """A response, at its end or in one piece."""

    status: Any = None
    output: list[Item] | None = None
    usage: Any = None
    error: Any = None
    incomplete_details: Any = None

    @property
    def reason(self) -> str:
        """Why it is incomplete; empty where it does not say."""
        details = self.incomplete_details
        reason = details.get("reason") if isinstance(details, dict) else None
        return reason if isinstance(reason, str) else ""


class EndEvent(msgspec.Struct, frozen=True):
    """The event that ends a stream."""

    response: msgspec.Raw = msgspec.Raw(b"{}")


def string(value: Any) -> str:  # noqa: ANN401  # read from a foreign document
    """Read a string; anything else says nothing."""
    return value if isinstance(value, str) else ""


def arguments_of(value: Any) -> str:  # noqa: ANN401  # read from a foreign document
    """Read arguments as text."""
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def part_text(part: Any) -> str:  # noqa: ANN401  # read from a foreign document
    """Read what a part says: its text, or its refusal."""
    if not isinstance(part, dict):
        return ""
    return string(part.get("text")) or string(part.get("refusal"))


def texts_of(parts: Any) -> list[str]:  # noqa: ANN401  # read from a foreign document
    """Read what each of these parts says."""
    return [part_text(part) for part in parts] if isinstance(parts, list) else []
