"""Chat completions, as OpenAI documents them.

https://platform.openai.com/docs/api-reference/chat
https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.request import NamedTool, ToolChoice, ToolSpec
from podd.errors import ProviderFault
from podd.providers.openai_chat.request import CAPABILITIES
from podd.providers.openai_chat.stream import ChatStream
from podd.providers.settings import ModelSettings
from podd.providers.transport import AnswerDecoder
from podd.testing.provider_server import (
    DONE,
    ProviderServer,
    Received,
    Reply,
    chat_chunk,
    document,
    event,
    streamed,
    whole,
)
from podd_protocol.values import Usage
from tests.providers.conformance.dialect import Asked, Said

_STOPS = {
    "stop": "stop",
    "tool_use": "tool_calls",
    "output_limit": "length",
    "content_filter": "content_filter",
}
_REFUSALS: dict[ProviderFault, tuple[int, dict[str, Any]]] = {
    "auth": (401, {"code": "invalid_api_key"}),
    "refused": (403, {"type": "permission_error"}),
    "not_found": (404, {"code": "model_not_found"}),
    "bad_request": (400, {"type": "invalid_request_error"}),
    "context_overflow": (400, {"code": "context_length_exceeded"}),
    "rate_limited": (429, {"code": "rate_limit_exceeded"}),
    "quota": (429, {"code": "insufficient_quota"}),
    "overloaded": (503, {"type": "service_unavailable"}),
    "server_error": (500, {"type": "server_error"}),
    "content_filter": (400, {"code": "content_policy_violation"}),
}
_OPTIONS = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "reasoning_effort": "effort",
}


class OpenAIChatDialect:
    name = "openai_chat"
    capabilities = CAPABILITIES
    stops = frozenset(_STOPS)
    counts = frozenset({"cache_read", "cache_write", "reasoning"})
    replays = False
    has_ids = True

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        return ModelSettings(
            provider="openai_chat", name="m", base_url=server.url, stream=stream
        )

    def environment(self) -> Mapping[str, str]:
        return {}

    def decoder(self) -> AnswerDecoder:
        return ChatStream(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        found = [chat_chunk({"role": "assistant", "content": ""})]
        index = 0
        for part in said.parts:
            match part:
                case TextPart(text):
                    found += [chat_chunk({"content": p}) for p in _halves(text)]
                case ReasoningPart(text):
                    found += [
                        chat_chunk({"reasoning_content": p}) for p in _halves(text)
                    ]
                case ToolCallPart():
                    found += _call_chunks(index, part)
                    index += 1
        found.append(chat_chunk(finish_reason=_STOPS[said.stop]))
        usage = {"object": "chat.completion.chunk", "choices": []}
        found.append(event({**usage, "usage": _usage(said.usage)}))
        return [*found, DONE]

    def whole(self, said: Said) -> bytes:
        message: dict[str, Any] = {"role": "assistant"}
        texts = [part.text for part in said.parts if isinstance(part, TextPart)]
        thoughts = [p.text for p in said.parts if isinstance(p, ReasoningPart)]
        message["content"] = "".join(texts) or None
        if thoughts:
            message["reasoning_content"] = "".join(thoughts)
        calls = [part for part in said.parts if isinstance(part, ToolCallPart)]
        if calls:
            message["tool_calls"] = [
                {
                    "id": part.provider_call,
                    "type": "function",
                    "function": {"name": part.name, "arguments": part.arguments},
                }
                for part in calls
            ]
        choice = {"index": 0, "message": message, "finish_reason": _STOPS[said.stop]}
        return msgspec.json.encode(
            {
                "object": "chat.completion",
                "choices": [choice],
                "usage": _usage(said.usage),
            }
        )

    def strange(self) -> Sequence[bytes]:
        return [
            b": keep-alive\r\n\r\n",
            event({"object": "chat.completion.news", "choices": None, "news": [1]}),
            chat_chunk({"mood": "good"}),
        ]

    def failing(self) -> Sequence[bytes]:
        error = {"message": "it broke", "type": "server_error", "code": 500}
        return [event({"error": error})]

    def refusal(self, fault: ProviderFault) -> Reply | None:
        if fault not in _REFUSALS:
            return None
        status, error = _REFUSALS[fault]
        return document(status, {"error": {"message": "it says why", **error}})

    def reply(self, said: Said, *, stream: bool = True) -> Reply:
        if stream:
            return streamed(*self.pieces(said))
        return whole(200, self.whole(said), content_type="application/json")

    def read(self, received: Received) -> Asked:
        body = received.json()
        system, items = "", []
        for message in body["messages"]:
            if message["role"] == "system":
                system = message["content"]
            else:
                items += _items(message)
        options = {
            name: body[key]
            for key, name in _OPTIONS.items()
            if body.get(key) is not None
        }
        if "response_format" in body:
            options["output_schema"] = body["response_format"]["json_schema"]["schema"]
        return Asked(
            model=body["model"],
            system=system,
            items=items,
            stream=body.get("stream", False),
            tools=[_tool(tool["function"]) for tool in body.get("tools", [])],
            choice=_choice(body.get("tool_choice", "auto")),
            options=options,
        )


def _halves(text: str) -> list[str]:
    return [
        piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece
    ]


def _call_chunks(index: int, part: ToolCallPart) -> list[bytes]:
    opening = {"name": part.name, "arguments": ""}
    first = {"index": index, "id": part.provider_call, "type": "function"}
    found = [chat_chunk({"tool_calls": [{**first, "function": opening}]})]
    for piece in _halves(part.arguments):
        more = {"index": index, "function": {"arguments": piece}}
        found.append(chat_chunk({"tool_calls": [more]}))
    return found


def _usage(usage: Usage) -> dict[str, Any]:
    cached = usage.cache_read_tokens
    written = usage.cache_write_tokens
    return {
        # All of the prompt, what came from a cache and went into one included.
        "prompt_tokens": usage.input_tokens + cached + written,
        "completion_tokens": usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": cached,
            "cache_write_tokens": written,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _items(message: dict[str, Any]) -> list[tuple[Any, ...]]:
    content = message.get("content")
    match message["role"]:
        case "tool":
            return [("result", message["tool_call_id"], content)]
        case "assistant":
            found: list[tuple[Any, ...]] = []
            if content:
                found.append(("model", "text", content))
            for call in message.get("tool_calls", []):
                function = call["function"]
                arguments = msgspec.json.decode(function["arguments"])
                found.append(("model", "call", call["id"], function["name"], arguments))
            return found
        case _:
            if isinstance(content, str):
                return [("user", "text", content)]
            return [_part(part) for part in content]


def _part(part: dict[str, Any]) -> tuple[Any, ...]:
    match part["type"]:
        case "text":
            return ("user", "text", part["text"])
        case "image_url":
            return _image(part["image_url"]["url"])
        case _:
            head, _, data = part["file"]["file_data"].partition(";base64,")
            return ("user", "document", head.removeprefix("data:"), data)


def _image(url: str) -> tuple[Any, ...]:
    if not url.startswith("data:"):
        return ("user", "image_url", url)
    head, _, data = url.partition(";base64,")
    return ("user", "image", head.removeprefix("data:"), data)


def _tool(function: dict[str, Any]) -> ToolSpec:
    return ToolSpec(function["name"], function["description"], function["parameters"])


def _choice(choice: Any) -> ToolChoice:
    return NamedTool(choice["function"]["name"]) if isinstance(choice, dict) else choice
