"""Conversation items as content blocks. Pure.

What is not sent, or not as it is:
- text without a visible character: Converse refuses it;
- thoughts that this model has not signed, and an answer of thoughts alone;
- arguments that are no JSON object: they go back wrapped, so that the model still sees
  what it wrote;
- ids of calls that are too long, hold other characters, or were made up for a provider
  that has none: the ids of a request have to differ, and to fit;
- a document's name: only few characters are allowed, and no two names may be the same,
  so each gets a number when a request is put together.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, assert_never

import msgspec

from podd.core.context.conversation import (
    ConversationItem,
    DocumentPart,
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.errors import ProviderError
from podd.providers.bedrock.errors import COMPLAINTS
from podd.providers.bedrock.family import Family
from podd.providers.bedrock.replay import block_of
from podd.providers.call_arguments import valid_arguments
from podd.providers.call_ids import strict_call_id

_IMAGES: Final = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    f"{_OFFICE}.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
#: Families that are documented to take a result's status. Who made a model with a name
#: of its owner's is not known; most of them are of these.
_TAKE_STATUS: Final = frozenset({"anthropic", "amazon", "unknown"})
#: Stands in an encoded item where a document's number belongs. JSON never holds such a
#: byte.
_NUMBER: Final = b"\0"
#: A name may have 200 characters; the number takes some.
_NAME_CHARACTERS: Final = 180
_REFUSED_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9()\[\]-]+")

_encoder: Final = msgspec.json.Encoder()

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Blocks:
    """What one item says."""

    role: Role
    content: bytes
    """Blocks, parted by commas; empty where nothing is sent."""
    documents: int = 0
    is_result: bool = False

    def numbered(self, first: int) -> bytes:
        """Give the blocks, their documents counted from `first`."""
        if not self.documents:
            return self.content
        head, *rest = self.content.split(_NUMBER)
        return head + b"".join(
            b"%d%s" % (number, piece) for number, piece in enumerate(rest, first)
        )


def encode_item(item: ConversationItem, family: Family) -> Blocks:
    """Write one item for a model of this family.

    Raises:
        ProviderError: `unsupported`, for a picture or a document of another type.
    """
    match item:
        case UserItem():
            content = b",".join(_user(item))
            return Blocks("user", content, documents=content.count(_NUMBER))
        case ModelItem():
            content = b",".join(map(_encoder.encode, _assistant(item, family)))
            return Blocks("assistant", content)
        case ToolResultItem():
            content = _encoder.encode(_result(item, family))
            return Blocks("user", content, is_result=True)
        case unknown:
            assert_never(unknown)


def _user(item: UserItem) -> Iterator[bytes]:
    said = [p.text for p in item.content if isinstance(p, TextPart) and p.text.strip()]
    for part in item.content:
        match part:
            case TextPart(text):
                if text.strip():
                    yield _encoder.encode({"text": text})
            case ImagePart():
                yield _encoder.encode(_image(part))
            case DocumentPart():
                if not said:
                    # A message with a document has to hold some text too.
                    said.append(part.name or "document")
                    yield _encoder.encode({"text": said[0]})
                yield _document(part)
            case unknown:
                assert_never(unknown)


def _assistant(item: ModelItem, family: Family) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    says_something = False
    for part in item.parts:
        match part:
            case TextPart(text):
                if text.strip():
                    blocks.append({"text": text})
                    says_something = True
            case ReasoningPart():
                if thought := block_of(part, family):
                    blocks.append(thought)
            case ToolCallPart():
                blocks.append(_call(part))
                says_something = True
            case unknown:
                assert_never(unknown)
    return blocks if says_something else []


def _call(part: ToolCallPart) -> dict[str, Any]:
    given = msgspec.Raw(valid_arguments(part.arguments).encode())
    use = {"toolUseId": strict_call_id(part), "name": part.name, "input": given}
    return {"toolUse": use}


def _result(item: ToolResultItem, family: Family) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"text": item.text}] if item.text.strip() else []
    content += map(_image, item.images or ())
    result: dict[str, Any] = {
        "toolUseId": strict_call_id(item),
        "content": content,
    }
    if item.status != "ok" and family in _TAKE_STATUS:
        result["status"] = "error"
    return {"toolResult": result}


def _image(part: ImagePart) -> dict[str, Any]:
    kind = _IMAGES.get(part.media_type)
    if kind is None:
        raise _unsupported("images", part.media_type, _IMAGES)
    return {"image": {"format": kind, "source": {"bytes": part.data}}}


def _document(part: DocumentPart) -> bytes:
    kind = _DOCUMENTS.get(part.media_type)
    if kind is None:
        raise _unsupported("documents", part.media_type, _DOCUMENTS)
    name = _REFUSED_IN_NAMES.sub(" ", part.name).strip()[:_NAME_CHARACTERS].strip()
    # By hand, because of the number. What a name may hold needs no escape.
    return b'{"document":{"format":"%s","name":"%s (%s)","source":%s}}' % (
        kind.encode(),
        name.encode() or b"document",
        _NUMBER,
        _encoder.encode({"bytes": part.data}),
    )


def _unsupported(what: str, media_type: str, known: dict[str, str]) -> ProviderError:
    return COMPLAINTS.failed(
        "unsupported",
        f"nothing was sent: bedrock has no {what} of type {media_type!r}, "
        f"only {', '.join(known)}",
    )
