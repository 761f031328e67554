"""Parts of a conversation as content blocks. Pure.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final, assert_never

import msgspec

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserPart,
)
from podd.errors import ProviderError
from podd.providers.anthropic.errors import PROVIDER
from podd.providers.anthropic.seal import thought_block
from podd.providers.call_arguments import valid_arguments
from podd.providers.call_ids import strict_call_id

Block = dict[str, Any]

_IMAGES: Final = ("image/gif", "image/jpeg", "image/png", "image/webp")
_PDF: Final = "application/pdf"
_TEXT: Final = "text/"
#: The answer may not end in one.
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})


def user_blocks(parts: Iterable[UserPart]) -> list[Block]:
    """Say what a user said; text that is blank is refused, so it is left out."""
    return [block for part in parts if (block := _shown(part)) is not None]


def answer_blocks(item: ModelItem) -> list[Block]:
    """Say what the model said, in its order; nothing, where only thoughts are left."""
    blocks = [block for part in item.parts if (block := _said(part)) is not None]
    while blocks and blocks[-1]["type"] in _THOUGHTS:
        blocks.pop()
    return blocks


def result_block(item: ToolResultItem) -> Block:
    """Say what a tool returned."""
    block: Block = {
        "type": "tool_result",
        "tool_use_id": strict_call_id(item),
    }
    content = [
        *user_blocks([TextPart(item.text)]),
        *user_blocks(item.images or ()),
    ]
    if content:
        block["content"] = content
    if item.status != "ok":
        block["is_error"] = True
    return block


def _said(part: TextPart | ReasoningPart | ToolCallPart) -> Block | None:
    match part:
        case TextPart():
            return _text(part)
        case ReasoningPart():
            return thought_block(part)
        case ToolCallPart():
            return {
                "type": "tool_use",
                "id": strict_call_id(part),
                "name": part.name,
                "input": msgspec.Raw(valid_arguments(part.arguments).encode()),
            }
        case unknown:
            assert_never(unknown)


def _shown(part: UserPart) -> Block | None:
    match part:
        case TextPart():
            return _text(part)
        case ImagePart():
            return {"type": "image", "source": _image(part)}
        case DocumentPart():
            return _document(part)
        case unknown:
            assert_never(unknown)


def _text(part: TextPart) -> Block | None:
    return {"type": "text", "text": part.text} if part.text.strip() else None


def _image(part: ImagePart) -> Block:
    if part.url:
        return {"type": "url", "url": part.url}
    if part.media_type not in _IMAGES:
        raise _unsupported(f"images of the type {part.media_type!r}", _IMAGES)
    return {"type": "base64", "media_type": part.media_type, "data": part.data}


def _document(part: DocumentPart) -> Block:
    kind = part.media_type
    if kind == _PDF:
        source = {"type": "base64", "media_type": kind, "data": part.data}
    elif kind.startswith(_TEXT):
        text = base64.b64decode(part.data).decode("utf-8", "replace")
        source = {"type": "text", "media_type": "text/plain", "data": text}
    else:
        raise _unsupported(f"documents of the type {kind!r}", (_PDF, f"{_TEXT}*"))
    block: Block = {"type": "document", "source": source}
    return block | {"title": part.name} if part.name else block


def _unsupported(what: str, has: tuple[str, ...]) -> ProviderError:
    return ProviderError(
        fault="unsupported",
        message=f"nothing was sent: {PROVIDER} has no {what}, but {', '.join(has)}",
        provider=PROVIDER,
    )
