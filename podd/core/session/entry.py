"""What every journal line has."""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One fact."""

    n: int = 0
    """From 1, without gaps."""
    at: str = ""
    """RFC 3339, UTC, milliseconds."""
    seq: int = 0
    """The first `seq` of the events it stands for; 0 where there are none."""
    elapsed: int = 0
    """Milliseconds since the entry before it, by a clock that never jumps; 0 for the
    first that a process writes."""
