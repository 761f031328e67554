"""What every event has."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """One line to every subscriber."""

    seq: int = 0


class Durable(Event, frozen=True, kw_only=True):
    """Stands for a journal entry."""

    at: str = ""
    """When the entry was written: RFC 3339, UTC, milliseconds."""
