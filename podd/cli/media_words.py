"""Pictures and documents in a person's words: never what is in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from podd_protocol.values import Media

KIB: Final = 1024


def media_lines(media: Iterable[Media]) -> list[str]:
    """Say what there is: `[image leaf.png, image/png, 34 KiB]`, one a line."""
    return [_line(one) for one in media]


def size_words(size: int) -> str:
    """A size as people say it."""
    if size < KIB:
        return f"{size} bytes"
    if size < KIB * KIB:
        return f"{size / KIB:.0f} KiB"
    return f"{size / KIB / KIB:.1f} MiB"


def _line(one: Media) -> str:
    # A name is somebody's own text, and stays on one line.
    name = " ".join((one.name or one.url).split())
    size = "" if one.url else size_words(one.bytes)
    words = ", ".join(filter(None, (name, one.media_type, size)))
    return f"[{one.type} {words}]"
