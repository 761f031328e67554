"""A neutral request as the body of a chat with Cohere. Pure.

What is not sent, or not as it is:
- what the model said before it called tools is its `tool_plan`;
- thoughts go back only as the blocks that Cohere itself told them in;
- arguments that are no JSON object: they go back wrapped (see `valid_arguments`);
- tools, when none are to be used: they are left out, unless the conversation holds
  calls. Then they stay, with `tool_choice` "NONE", and the prefix stays the same.

A schema of the answer cannot go along with tools, so such a request is refused.
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
from podd.core.context.request import ModelRequest
from podd.providers.call_arguments import valid_arguments
from podd.providers.call_ids import call_id
from podd.providers.capabilities import Capability
from podd.providers.cohere.errors import COMPLAINTS, PROVIDER
from podd.providers.data_url import picture_url
from podd.providers.encoded_items import joined
from podd.providers.function_tools import function_tools

#: What a chat's body can say.
CAPABILITIES: Final[frozenset[Capability]] = frozenset(
    {
        *("tools", "tool_choice", "images", "image_urls", "temperature", "top_p"),
        *("top_k", "stop", "reasoning_budget", "output_schema"),
    }
)
#: Stands where others have a seal: the block that a thought goes back in. Its words are
#: all that Cohere needs to see.
THINKING: Final = "thinking"

_encoder: Final = msgspec.json.Encoder()


def encode(
    request: ModelRequest,
    messages: Sequence[bytes | bytearray],
    *,
    stream: bool = True,
) -> bytes:
    """Write the body. The same request gives the same bytes.

    Args:
        request: to be written.
        messages: its items, each as `encode_item` gave it.
        stream: whether the answer is to come in pieces.

    Raises:
        ProviderError: `unsupported`, a schema of the answer beside tools.
    """
    surface = request.surface
    sampling = surface.sampling
    body: dict[str, Any] = {"model": surface.model}
    if request.shows_tools:
        if sampling.output_schema is not None:
            words = f"nothing was sent: {PROVIDER} has no output_schema beside tools"
            raise COMPLAINTS.failed("unsupported", words)
        body["tools"] = function_tools(surface)
        if isinstance(request.tool_choice, str) and request.tool_choice != "auto":
            body["tool_choice"] = request.tool_choice.upper()
    options = {
        "max_tokens": sampling.max_output_tokens,
        "temperature": sampling.temperature,
        "p": sampling.top_p,
        "k": sampling.top_k,
        "stop_sequences": sampling.stop or None,
        "thinking": _thinking(sampling.budget_tokens),
        "response_format": _format(sampling.output_schema),
    }
    body |= {name: value for name, value in options.items() if value is not None}
    # The messages come last, so that what is long is joined to what is short.
    head = _encoder.encode(body | {"stream": stream})[:-1] + b',"messages":['
    if surface.system:
        first = _message({"role": "system", "content": surface.system})
        messages = [first, *messages]
    return joined(head, messages, b"]}")


def encode_item(item: ConversationItem) -> bytes:
    """Write one item as a message; empty where nothing is sent."""
    match item:
        case UserItem():
            content: object = (
                [_part(part) for part in item.parts] if item.parts else item.text
            )
            return _message({"role": "user", "content": content})
        case ModelItem():
            return _assistant(item)
        case ToolResultItem():
            # A block, because bare text is read as the text of a JSON object.
            return _message(
                {
                    "role": "tool",
                    "tool_call_id": call_id(item),
                    "content": [{"type": "text", "text": item.text}],
                }
            )
        case unknown:
            assert_never(unknown)


def _thinking(budget: int | None) -> object:
    if budget is None:
        return None
    return {"type": "enabled", "token_budget": budget}


def _format(schema: dict[str, Any] | None) -> object:
    return None if schema is None else {"type": "json_object", "json_schema": schema}


def _message(message: dict[str, Any]) -> bytes:
    return _encoder.encode(message)


def _part(part: UserPart) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart():
            return {"type": "image_url", "image_url": {"url": picture_url(part)}}
        case DocumentPart():
            raise AssertionError("documents are no capability, so they were refused")
        case unknown:
            assert_never(unknown)


def _assistant(item: ModelItem) -> bytes:
    text = "".join(part.text for part in item.parts if isinstance(part, TextPart))
    calls = [
        {
            "id": call_id(part),
            "type": "function",
            "function": {
                "name": part.name,
                "arguments": valid_arguments(part.arguments),
            },
        }
        for part in item.parts
        if isinstance(part, ToolCallPart)
    ]
    if not text and not calls:
        # An answer of thoughts alone has nothing to send, and an empty one is refused.
        return b""
    message: dict[str, Any] = {"role": "assistant"}
    blocks = [
        {"type": "thinking", "thinking": part.text}
        for part in item.parts
        if isinstance(part, ReasoningPart) and part.provider == PROVIDER and part.text
    ]
    if calls:
        message["tool_calls"] = calls
        if text:
            message["tool_plan"] = text
    elif blocks:
        blocks.append({"type": "text", "text": text})
    else:
        message["content"] = text
    if blocks:
        message["content"] = blocks
    return _message(message)
