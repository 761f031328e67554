"""A neutral request as the body of a chat completion. Pure.

What is not sent, or not as it is:
- reasoning: these servers do not take it back, but for one (see `Quirks`);
- arguments that are no JSON object: they go back wrapped (see `call_arguments`),
  because servers parse them and refuse the whole conversation otherwise;
- tools, when none are to be used: they are left out, unless the conversation holds
  calls. Then they stay, with `tool_choice` "none", because strict servers refuse calls
  of tools that they were never told of, and the prefix stays the same;
- images of a tool's result: they follow in a message of the user's, because a tool's
  message takes text alone; and they follow the last result of several, because nothing
  may stand between the results of one answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

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
    UserPart,
)
from podd.core.context.request import ModelRequest, NamedTool, ToolChoice
from podd.providers.call_arguments import valid_arguments
from podd.providers.call_ids import call_id
from podd.providers.capabilities import Capability
from podd.providers.data_url import data_url, picture_url
from podd.providers.encoded_items import joined
from podd.providers.function_tools import function_tools
from podd.providers.openai_chat.endpoint import TokenField
from podd.providers.openai_chat.quirks import PLAIN, Quirks

#: What a chat completion's body can say.
CAPABILITIES: Final[frozenset[Capability]] = frozenset(
    {
        *("tools", "tool_choice", "named_tool", "images", "image_urls"),
        *("tool_result_images", "documents", "temperature", "top_p", "stop"),
        *("reasoning_effort", "output_schema"),
    }
)

_encoder: Final = msgspec.json.Encoder()
#: How a tool's message begins, as `_result` writes it.


def encode(
    request: ModelRequest,
    messages: Sequence[bytes | bytearray],
    *,
    token_field: TokenField,
    stream: bool = True,
    quirks: Quirks = PLAIN,
) -> bytes:
    """Write the body. The same request gives the same bytes.

    Args:
        request: to be written.
        messages: its items, as `encode_item` gave them.
        token_field: how the server calls the output limit.
        stream: whether the answer is to come in pieces.
        quirks: in what the server differs.
    """
    surface = request.surface
    sampling = surface.sampling
    body: dict[str, Any] = {"model": surface.model}
    if request.shows_tools:
        body["tools"] = function_tools(surface)
        if request.tool_choice != "auto":
            body["tool_choice"] = _choice(request.tool_choice)
    options = {
        token_field: sampling.max_output_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stop": sampling.stop or None,
        "reasoning_effort": sampling.effort,
        "response_format": _format(sampling.output_schema),
    }
    body |= {name: value for name, value in options.items() if value is not None}
    affinity = quirks.affinity
    if affinity is not None and affinity.place == "field" and request.session:
        body[affinity.name] = request.session
    if stream:
        body["stream"] = True
        if quirks.counts == "asked_for":
            body["stream_options"] = {"include_usage": True}
    # The messages come last, so that what is long is joined to what is short.
    head = _encoder.encode(body)[:-1] + b',"messages":['
    if surface.system:
        first = _message({"role": "system", "content": surface.system})
        messages = [first, *messages]
    return joined(head, messages, b"]}")


def encode_item(item: ConversationItem, quirks: Quirks = PLAIN) -> bytes:
    """Write one item as messages, parted by commas; empty where nothing is sent."""
    match item:
        case UserItem():
            content: object = (
                [_part(part) for part in item.parts] if item.parts else item.text
            )
            return _message({"role": "user", "content": content})
        case ModelItem():
            return _assistant(item, quirks)
        case ToolResultItem():
            return _result(item, quirks)
        case unknown:
            assert_never(unknown)


def encode_pictures(item: ToolResultItem) -> bytes:
    """Write what a result shows; a tool's message takes text alone."""
    if not item.images:
        return b""
    words = f"What {item.name} returned with it:"
    shown = [{"type": "text", "text": words}, *map(_part, item.images)]
    return _message({"role": "user", "content": shown})


def _choice(choice: ToolChoice) -> object:
    if isinstance(choice, NamedTool):
        return {"type": "function", "function": {"name": choice.name}}
    return choice


def _format(schema: dict[str, Any] | None) -> object:
    if schema is None:
        return None
    # Not strict: that takes a part of JSON Schema only, and refuses the rest.
    named = {"name": "answer", "schema": schema}
    return {"type": "json_schema", "json_schema": named}


def _message(message: dict[str, Any]) -> bytes:
    return _encoder.encode(message)


def _part(part: UserPart) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart():
            return {"type": "image_url", "image_url": {"url": picture_url(part)}}
        case DocumentPart():
            name = part.name or "document"
            file = {"filename": name, "file_data": data_url(part)}
            return {"type": "file", "file": file}
        case unknown:
            assert_never(unknown)


def _result(item: ToolResultItem, quirks: Quirks) -> bytes:
    call = quirks.call_id(call_id(item))
    return _message({"role": "tool", "tool_call_id": call, "content": item.text})


def _assistant(item: ModelItem, quirks: Quirks) -> bytes:
    text = "".join(part.text for part in item.parts if isinstance(part, TextPart))
    calls = [
        {
            "id": quirks.call_id(call_id(part)),
            "type": "function",
            "function": {
                "name": part.name,
                "arguments": valid_arguments(part.arguments),
            },
        }
        for part in item.parts
        if isinstance(part, ToolCallPart)
    ]
    # An answer of thoughts alone has nothing to send, and an empty one is refused.
    if not calls and not text:
        return b""
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if quirks.reasoning == "sent_back":
        thoughts = (part.text for part in item.parts if isinstance(part, ReasoningPart))
        message["reasoning_content"] = "".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    return _message(message)
