"""The Messages API, as Anthropic documents it.

https://platform.claude.com/docs/en/api/messages/create
https://platform.claude.com/docs/en/build-with-claude/streaming
https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.request import NamedTool, ToolChoice, ToolSpec
from podd.errors import ProviderFault
from podd.providers.anthropic.request import CAPABILITIES
from podd.providers.anthropic.stream import MessageStream
from podd.providers.settings import ModelSettings
from podd.providers.transport import AnswerDecoder
from podd.testing.provider_server import (
    ProviderServer,
    Received,
    Reply,
    document,
    streamed,
    whole,
)
from podd_protocol.values import Usage
from tests.providers.conformance.dialect import Asked, Said

_STOPS = {
    "stop": "end_turn",
    "tool_use": "tool_use",
    "output_limit": "max_tokens",
    "context_overflow": "model_context_window_exceeded",
    "content_filter": "refusal",
    "unknown": "pause_turn",
}
_REFUSALS: dict[ProviderFault, tuple[int, dict[str, Any]]] = {
    "auth": (401, {"type": "authentication_error"}),
    "quota": (402, {"type": "billing_error"}),
    "refused": (403, {"type": "permission_error"}),
    "not_found": (404, {"type": "not_found_error"}),
    "bad_request": (400, {"type": "invalid_request_error"}),
    "context_overflow": (413, {"type": "request_too_large"}),
    "rate_limited": (429, {"type": "rate_limit_error"}),
    "server_error": (500, {"type": "api_error"}),
    "timed_out": (504, {"type": "timeout_error"}),
    "overloaded": (529, {"type": "overloaded_error"}),
}
_OPTIONS = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop_sequences": "stop",
}
_HEAD = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "stop_sequence": None,
}


class AnthropicDialect:
    name = "anthropic"
    capabilities = CAPABILITIES
    stops = frozenset(_STOPS)
    counts = frozenset({"cache_read", "cache_write", "reasoning"})
    replays = True
    has_ids = True

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        return ModelSettings(
            provider="anthropic", name="m", base_url=server.url, stream=stream
        )

    def environment(self) -> Mapping[str, str]:
        return {}

    def decoder(self) -> AnswerDecoder:
        return MessageStream(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        usage = _usage(said.usage)
        # At the start the output is hardly begun; at the end stands what it came to.
        begun = {**usage, "output_tokens": 1, "output_tokens_details": None}
        message = {**_HEAD, "content": [], "stop_reason": None, "usage": begun}
        found = [event("message_start", message=message)]
        for index, part in enumerate(said.parts):
            start, deltas = _told(part)
            found.append(event("content_block_start", index=index, content_block=start))
            found += [
                event("content_block_delta", index=index, delta=delta)
                for delta in deltas
            ]
            found.append(event("content_block_stop", index=index))
        stop = {"stop_reason": _STOPS[said.stop], "stop_sequence": None}
        ended = {
            "output_tokens": usage["output_tokens"],
            "output_tokens_details": usage["output_tokens_details"],
        }
        found.append(event("message_delta", delta=stop, usage=ended))
        return [*found, event("message_stop")]

    def whole(self, said: Said) -> bytes:
        return msgspec.json.encode(
            {
                **_HEAD,
                "content": [_block(part) for part in said.parts],
                "stop_reason": _STOPS[said.stop],
                "usage": _usage(said.usage),
            }
        )

    def strange(self) -> Sequence[bytes]:
        search = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
        started = {"type": "server_tool_use", "id": "s", "name": "n", "input": {}}
        piece = {"type": "input_json_delta", "partial_json": '{"q":'}
        return [
            b": keep-alive\r\n\r\n",
            event("ping"),
            event("message_mood", index=[1], delta="good"),
            event("content_block_start", index=90, content_block=started),
            event("content_block_delta", index=90, delta=piece),
            event("content_block_stop", index=90),
            event("content_block_start", index=91, content_block=search),
            event("content_block_stop", index=91),
        ]

    def failing(self) -> Sequence[bytes]:
        error = {"type": "overloaded_error", "message": "it broke"}
        return [event("error", error=error)]

    def refusal(self, fault: ProviderFault) -> Reply | None:
        if fault not in _REFUSALS:
            return None
        status, error = _REFUSALS[fault]
        said = {"type": "error", "error": {**error, "message": "it says why"}}
        return document(status, said)

    def reply(self, said: Said, *, stream: bool = True) -> Reply:
        if stream:
            return streamed(*self.pieces(said))
        return whole(200, self.whole(said), content_type="application/json")

    def read(self, received: Received) -> Asked:
        body = received.json()
        items: list[tuple[Any, ...]] = []
        for message in body["messages"]:
            for block in message["content"]:
                items += _item(message["role"], block)
        options = {name: body[key] for key, name in _OPTIONS.items() if key in body}
        output = body.get("output_config", {})
        if "effort" in output:
            options["effort"] = output["effort"]
        if "format" in output:
            options["output_schema"] = output["format"]["schema"]
        if "budget_tokens" in body.get("thinking", {}):
            options["budget_tokens"] = body["thinking"]["budget_tokens"]
        return Asked(
            model=body["model"],
            system="".join(block["text"] for block in body.get("system", [])),
            items=items,
            stream=body.get("stream", False),
            tools=[
                ToolSpec(tool["name"], tool["description"], tool["input_schema"])
                for tool in body.get("tools", [])
            ],
            choice=_choice(body.get("tool_choice", {"type": "auto"})),
            options=options,
        )


def event(name: str, **data: Any) -> bytes:
    """Build one event; its type stands in its name and in its data."""
    body = msgspec.json.encode({"type": name, **data})
    return b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


def _block(part: Any) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text, "citations": None}
        case ReasoningPart(text, replay):
            return {"type": "thinking", "thinking": text, "signature": replay or ""}
        case _:
            return {
                "type": "tool_use",
                "id": part.provider_call,
                "name": part.name,
                "input": msgspec.json.decode(part.arguments),
            }


def _told(part: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    block = _block(part)
    match part:
        case TextPart(text):
            said = [{"type": "text_delta", "text": piece} for piece in _halves(text)]
            return {**block, "text": ""}, said
        case ReasoningPart(text, replay):
            said = [
                {"type": "thinking_delta", "thinking": piece} for piece in _halves(text)
            ]
            if replay:
                said.append({"type": "signature_delta", "signature": replay})
            return {**block, "thinking": "", "signature": ""}, said
        case ToolCallPart(arguments=arguments):
            said = [
                {"type": "input_json_delta", "partial_json": piece}
                for piece in ["", *_halves(arguments)]
            ]
            return {**block, "input": {}}, said
    raise AssertionError(part)


def _halves(text: str) -> list[str]:
    return [
        piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        # Without what concerns the cache.
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }


def _item(role: str, block: dict[str, Any]) -> list[tuple[Any, ...]]:
    who = "model" if role == "assistant" else "user"
    match block["type"]:
        case "thinking":
            return [("model", "reasoning", block["thinking"], block["signature"])]
        case "tool_use":
            return [("model", "call", block["id"], block["name"], block["input"])]
        case "tool_result":
            return _result(block["tool_use_id"], block.get("content", []))
        case "text":
            return [(who, "text", block["text"])]
        case kind:
            return [(who, *_seen(kind, block["source"]))]


def _result(call: str, content: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    texts = [block["text"] for block in content if block["type"] == "text"]
    shown = [block["source"] for block in content if block["type"] == "image"]
    return [
        ("result", call, "".join(texts)),
        *(("result_image", call, s["media_type"], s["data"]) for s in shown),
    ]


def _seen(kind: str, source: dict[str, Any]) -> tuple[Any, ...]:
    if source["type"] == "url":
        return (f"{kind}_url", source["url"])
    return (kind, source["media_type"], source["data"])


def _choice(choice: dict[str, Any]) -> ToolChoice:
    match choice["type"]:
        case "tool":
            return NamedTool(choice["name"])
        case "any":
            return "required"
        case other:
            found: ToolChoice = other
            return found
