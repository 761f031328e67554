"""A conversation's items as contents of a request. Pure.

Contents of one role that follow each other are one content. The responses to the calls
of one answer stand together, so what follows a response (pictures that it cannot hold)
stands behind the last of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple, assert_never
from urllib.parse import urlsplit

import msgspec

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
    UserPart,
)
from podd.providers.call_arguments import valid_arguments
from podd.providers.gemini.errors import PROVIDER
from podd.providers.gemini.generations import Generation
from podd.providers.gemini.signatures import UNSIGNED, recalled

Part = dict[str, Any]

_encoder: Final = msgspec.json.Encoder()

#: Of pictures that Gemini reads; a file at a URL should come with its type.
#: https://ai.google.dev/gemini-api/docs/image-understanding
_IMAGE_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
}


class Content(NamedTuple):
    """One item, written."""

    role: Literal["user", "model", "tool"]
    """tool: the user's on the wire, and a response to a call."""
    parts: bytes
    """Parted by commas; empty where nothing is sent."""
    following: bytes = b""
    """What is to stand behind all responses."""


def joined(contents: Sequence[Content]) -> bytes:
    """Write contents as the array that they are sent as."""
    written: list[bytes] = []
    for role, parts in _turns(contents):
        head = b'{"role":"model","parts":[' if role == "model" else _USER_HEAD
        written.append(head + b",".join(parts) + b"]}")
    return b"[" + b",".join(written) + b"]"


_USER_HEAD: Final = b'{"role":"user","parts":['


def _turns(contents: Sequence[Content]) -> Iterator[tuple[str, list[bytes]]]:
    """Put together what follows each other."""
    role, parts, following = "", list[bytes](), list[bytes]()
    for content in contents:
        if content.role != "tool" and following:
            parts += following
            following = []
        if not content.parts:
            continue
        speaker = "model" if content.role == "model" else "user"
        if speaker != role and parts:
            yield role, parts
            parts = []
        role = speaker
        parts.append(content.parts)
        if content.following:
            following.append(content.following)
    if parts or following:
        yield role, parts + following


def user_content(item: UserItem) -> Content:
    """Write what somebody says to the model."""
    return Content("user", _written(_part(part) for part in item.content))


def model_content(item: ModelItem, generation: Generation) -> Content:
    """Write an answer, each signature on its part again.

    What was thought is not sent, unless it bears a signature itself. The first call of
    an answer that has none gets the documented stand-in, where one is wanted.
    """
    parts: list[Part] = []
    signature = ""
    has_called = False
    for part in item.parts:
        match part:
            case ReasoningPart():
                found, signature = _signed_thought(part, signature)
                parts += found
            case TextPart(text):
                if text:
                    parts.append(_signed({"text": text}, signature))
                    signature = ""
            case ToolCallPart():
                if not signature and not has_called and generation == "current":
                    signature = UNSIGNED
                parts.append(_signed(_call(part), signature))
                signature, has_called = "", True
            case unknown:
                assert_never(unknown)
    if signature:
        parts.append(_signed({"text": ""}, signature))
    return Content("model", _written(parts))


def result_content(item: ToolResultItem, generation: Generation) -> Content:
    """Write a call's result; pictures inside where a response may hold some."""
    said = "output" if item.status == "ok" else "error"
    response: Part = {"name": item.name, "response": {said: item.text}}
    if item.provider_call:
        response = {"id": item.provider_call, **response}
    images = item.images or ()
    # A response's files are Vertex AI's alone, so a picture at a URL follows.
    inside = [i for i in images if generation == "current" and not i.url]
    outside = [image for image in images if image not in inside]
    if inside:
        response["parts"] = [_part(image) for image in inside]
    following = (
        [{"text": f"What {item.name} returned with it:"}, *map(_part, outside)]
        if outside
        else []
    )
    return Content(
        "tool", _written([{"functionResponse": response}]), _written(following)
    )


def _signed_thought(part: ReasoningPart, open_signature: str) -> tuple[list[Part], str]:
    """Read a thought: parts to be sent, and the signature of the part behind it."""
    if part.replay is None or part.provider != PROVIDER:
        return [], open_signature
    if part.text:
        thought = {"text": part.text, "thought": True}
        return [_signed(thought, part.replay)], open_signature
    bearer, signature = recalled(part.replay)
    match bearer:
        case "next":
            return [], signature
        case "text":
            return [_signed({"text": ""}, signature)], open_signature
        case "thought":
            return [_signed({"text": "", "thought": True}, signature)], open_signature
        case unknown:
            assert_never(unknown)


def _signed(part: Part, signature: str) -> Part:
    return {**part, "thoughtSignature": signature} if signature else part


def _call(part: ToolCallPart) -> Part:
    call: Part = {
        "name": part.name,
        "args": msgspec.Raw(valid_arguments(part.arguments).encode()),
    }
    if part.provider_call:
        call = {"id": part.provider_call, **call}
    return {"functionCall": call}


def _part(part: UserPart) -> Part:
    match part:
        case TextPart(text):
            return {"text": text}
        case ImagePart():
            if part.url:
                return {"fileData": _file(part)}
            return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
        case DocumentPart():
            return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
        case unknown:
            assert_never(unknown)


def _file(image: ImagePart) -> Part:
    ending = urlsplit(image.url).path.rpartition(".")[2].lower()
    media_type = image.media_type or _IMAGE_TYPES.get(ending)
    file: Part = {"fileUri": image.url}
    return {**file, "mimeType": media_type} if media_type else file


def _written(parts: Iterator[Part] | list[Part]) -> bytes:
    return b",".join(_encoder.encode(part) for part in parts)
