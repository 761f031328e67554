"""A picture or a file as an address that holds it. Pure.

https://www.rfc-editor.org/rfc/rfc2397
"""

from __future__ import annotations

from podd.core.context.conversation import DocumentPart, ImagePart


def data_url(part: ImagePart | DocumentPart) -> str:
    """Write what the part holds as a `data:` URL."""
    return f"data:{part.media_type};base64,{part.data}"


def picture_url(part: ImagePart) -> str:
    """Where a picture lies, or the picture itself as a `data:` URL."""
    return part.url or data_url(part)
