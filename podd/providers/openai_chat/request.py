"""A neutral request as the body of a chat completion. Pure.

What is not sent, or not as it is:
- reasoning: these servers do not take it back;
- arguments that are no JSON object: they go back wrapped (see `valid_arguments`),
  because servers parse them and refuse the whole conversation otherwise;
- tools, when none are to be used: they are left out, unless the conversation holds
  calls. Then they stay, with `tool_choice` "none", because strict servers refuse calls
  of tools that they were never told of, and the prefix stays the same.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

import msgspec

from podd.core.context import arguments
from podd.core.context.conversation import (
    ConversationItem,
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, Surface
from podd.providers.openai_chat.endpoint import TokenField

_encoder: Final = msgspec.json.Encoder()


def encode(request: ModelRequest, token_field: TokenField) -> bytes:
    """Write the body. The same request gives the same bytes."""
    surface = request.surface
    body: dict[str, Any] = {"model": surface.model}
    if surface.tools and (request.offer_tools or _has_calls(request)):
        body["tools"] = _tools(surface)
        if not request.offer_tools:
            body["tool_choice"] = "none"
    body["messages"] = _messages(request)
    sampling = surface.sampling
    if sampling.max_output_tokens is not None:
        body[token_field] = sampling.max_output_tokens
    if sampling.temperature is not None:
        body["temperature"] = sampling.temperature
    if sampling.effort is not None:
        body["reasoning_effort"] = sampling.effort
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    return _encoder.encode(body)


def valid_arguments(text: str) -> str:
    """Make sure that arguments are a JSON object.

    Nothing at all stands for no arguments. What is broken, or no object, becomes the
    object `{"invalid_arguments": TEXT}`, so that the model still sees what it wrote.
    """
    if not text.strip():
        return "{}"
    if isinstance(arguments.decode(text), arguments.ArgumentsFault):
        return _encoder.encode({"invalid_arguments": text}).decode()
    return text


def _has_calls(request: ModelRequest) -> bool:
    return any(
        isinstance(part, ToolCallPart)
        for item in request.items
        if isinstance(item, ModelItem)
        for part in item.parts
    )


def _tools(surface: Surface) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
            },
        }
        for tool in surface.tools
    ]


def _messages(request: ModelRequest) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if request.surface.system:
        messages.append({"role": "system", "content": request.surface.system})
    messages.extend(m for item in request.items if (m := _message(item)) is not None)
    return messages


def _message(item: ConversationItem) -> dict[str, Any] | None:
    match item:
        case UserItem(text):
            return {"role": "user", "content": text}
        case ModelItem():
            return _assistant(item)
        case ToolResultItem():
            return {
                "role": "tool",
                "tool_call_id": item.provider_call or item.call,
                "content": item.text,
            }
        case unknown:
            assert_never(unknown)


def _assistant(item: ModelItem) -> dict[str, Any] | None:
    text = "".join(part.text for part in item.parts if isinstance(part, TextPart))
    calls = [
        {
            "id": part.provider_call or part.call,
            "type": "function",
            "function": {
                "name": part.name,
                "arguments": valid_arguments(part.arguments),
            },
        }
        for part in item.parts
        if isinstance(part, ToolCallPart)
    ]
    if calls:
        return {"role": "assistant", "content": text or None, "tool_calls": calls}
    # An answer of thoughts alone has nothing to send, and an empty one is refused.
    return {"role": "assistant", "content": text} if text else None
