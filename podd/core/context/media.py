"""Pictures and documents: what they are, how large they may be, how they are named.

A picture that a vendor refuses would make it refuse every later request of the
conversation too. So what is taken in is looked at first: its beginning must be that of
its type, and its size one that vendors take.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import UnsetType

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    TextPart,
    UserPart,
)
from podd_protocol.values import DocumentType, ImageType, Media

#: Of one picture. Anthropic takes no larger one; models scale it down anyway.
IMAGE_BYTES: Final = 5 * 1024 * 1024
#: Of one document. With what stands around it, it still fits into a line of the wire.
DOCUMENT_BYTES: Final = 10 * 1024 * 1024
#: Pictures and documents of one input. Anthropic takes no more in a request.
PARTS: Final = 100
#: Of a name; as much as a file system allows.
NAME_CHARACTERS: Final = 255
#: Of a URL; some vendors' own limit is higher, none is lower.
URL_CHARACTERS: Final = 8192
#: What `media_type_of` must see.
BEGINNING_BYTES: Final = 12

_BEGINNINGS: Final[Mapping[bytes, ImageType | DocumentType]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}


def media_type_of(content: bytes) -> ImageType | DocumentType | None:
    """What a file is, by its first bytes; None: nothing that models read as it is."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next(
        (kind for begin, kind in _BEGINNINGS.items() if content.startswith(begin)),
        None,
    )


def limit_of(media_type: ImageType | DocumentType) -> int:
    """How many bytes one of this type may have."""
    return DOCUMENT_BYTES if media_type == "application/pdf" else IMAGE_BYTES


def content_bytes(data: str) -> int:
    """How many bytes this base64 stands for."""
    return len(data) // 4 * 3 - data[-2:].count("=")


def content_problem(media_type: ImageType | DocumentType, data: str) -> str | None:
    """What is wrong with base64 that is said to be of this type; None: nothing."""
    limit = limit_of(media_type)
    size = content_bytes(data)
    if size > limit:
        return f"{size} bytes, and at most {limit} are taken; {smaller(media_type)}"
    try:
        content = binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        return f"not base64 in one piece: {error}"
    found = media_type_of(content)
    if found != media_type:
        return (
            f"said to be {media_type}, but it is {found or 'none of the known types'}"
        )
    return None


def smaller(media_type: ImageType | DocumentType) -> str:
    """What to do with one that is too large."""
    if media_type == "application/pdf":
        return "split the document"
    return "scale the picture down: models see no more than some 1,500 pixels a side"


def media_of(parts: Iterable[UserPart] | UnsetType | None) -> list[Media]:
    """What of these parts is no prose, without its content."""
    return [_media(part) for part in parts or () if not isinstance(part, TextPart)]


def _media(part: ImagePart | DocumentPart) -> Media:
    return Media(
        type="image" if isinstance(part, ImagePart) else "document",
        media_type=part.media_type,
        bytes=content_bytes(part.data),
        name=part.name or "",
        url=part.url if isinstance(part, ImagePart) else "",
    )
