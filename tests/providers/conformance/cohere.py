"""Cohere's chat, as Cohere documents it.

https://docs.cohere.com/reference/chat
https://docs.cohere.com/reference/chat-stream
https://docs.cohere.com/v2/docs/tool-use-streaming
https://docs.cohere.com/docs/reasoning
https://docs.cohere.com/v2/reference/errors
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.request import ToolSpec
from podd.errors import ProviderFault
from podd.providers.cohere.request import CAPABILITIES
from podd.providers.cohere.stream import CohereStream
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
    "stop": "COMPLETE",
    "tool_use": "TOOL_CALL",
    "output_limit": "MAX_TOKENS",
}
_REFUSALS: dict[ProviderFault, tuple[int, str]] = {
    "auth": (401, "invalid api token"),
    "quota": (402, "Maximum billing reached for this API key"),
    "refused": (403, "forbidden"),
    "not_found": (404, "model 'xyz' not found"),
    "bad_request": (400, "invalid request: temperature must be between 0 and 1.0"),
    "context_overflow": (400, "too many tokens: size limit exceeded by 11326 tokens."),
    "rate_limited": (429, "limited to 40 API calls / minute."),
    "content_filter": (498, "a deny-listed token"),
    "server_error": (500, "internal server error"),
    "overloaded": (503, "service unavailable"),
    "timed_out": (504, "gateway timeout"),
}
_OPTIONS = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "p": "top_p",
    "k": "top_k",
    "stop_sequences": "stop",
}


class CohereDialect:
    name = "cohere"
    capabilities = CAPABILITIES
    stops = frozenset(_STOPS)
    counts = frozenset({"cache_read"})
    replays = True
    has_ids = True

    def __init__(self) -> None:
        # Nothing seals a thought here; the server knows its own words.
        self._seals: dict[str, str | None] = {}

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        base = server.url.removesuffix("/v1")
        return ModelSettings(provider="cohere", name="m", base_url=base, stream=stream)

    def environment(self) -> Mapping[str, str]:
        return {}

    def decoder(self) -> AnswerDecoder:
        return CohereStream(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        message = {"role": "assistant", "content": [], "tool_plan": ""}
        found = [_event("message-start", id="29f1", delta={"message": message})]
        calls = [part for part in said.parts if isinstance(part, ToolCallPart)]
        index = 0
        for part in said.parts:
            match part:
                case TextPart(text) if calls:
                    found += [
                        _event("tool-plan-delta", delta={"message": {"tool_plan": p}})
                        for p in _halves(text)
                    ]
                case TextPart(text):
                    found += _block(index, "text", text)
                    index += 1
                case ReasoningPart(text):
                    self._seals[text] = part.replay
                    found += _block(index, "thinking", text)
                    index += 1
        for number, call in enumerate(calls):
            found += _call_events(number, call)
        end = {"finish_reason": _STOPS[said.stop], "usage": _usage(said.usage)}
        return [*found, _event("message-end", delta=end)]

    def whole(self, said: Said) -> bytes:
        calls = [part for part in said.parts if isinstance(part, ToolCallPart)]
        message: dict[str, Any] = {"role": "assistant"}
        content: list[dict[str, Any]] = []
        for part in said.parts:
            match part:
                case TextPart(text) if calls:
                    message["tool_plan"] = text
                case TextPart(text):
                    content.append({"type": "text", "text": text})
                case ReasoningPart(text):
                    self._seals[text] = part.replay
                    content.append({"type": "thinking", "thinking": text})
        if content:
            message["content"] = content
        if calls:
            message["tool_calls"] = [_call(call, call.arguments) for call in calls]
        return msgspec.json.encode(
            {
                "id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4",
                "finish_reason": _STOPS[said.stop],
                "message": message,
                "usage": _usage(said.usage),
            }
        )

    def strange(self) -> Sequence[bytes]:
        source = {"type": "tool", "id": "x:0", "tool_output": {"temperature": "20C"}}
        citation = {"start": 1, "end": 2, "text": "é", "sources": [source]}
        return [
            b": keep-alive\r\n\r\n",
            _event(
                "citation-start", index=0, delta={"message": {"citations": citation}}
            ),
            _event("citation-end", index=0),
            _event("debug", prompt="<BOS>"),
            _event("mood-delta", index="first", delta="good", message=["news"]),
        ]

    def failing(self) -> Sequence[bytes]:
        end = {"finish_reason": "ERROR", "error": "it broke"}
        return [_event("message-end", delta=end)]

    def refusal(self, fault: ProviderFault) -> Reply | None:
        if fault not in _REFUSALS:
            return None
        status, words = _REFUSALS[fault]
        return document(status, {"id": "bda4", "message": f"{words} it says why"})

    def reply(self, said: Said, *, stream: bool = True) -> Reply:
        if stream:
            return streamed(*self.pieces(said))
        return whole(200, self.whole(said), content_type="application/json")

    def read(self, received: Received) -> Asked:
        assert received.path == "/v2/chat"
        body = received.json()
        system, items = "", []
        for message in body["messages"]:
            if message["role"] == "system":
                system = message["content"]
            else:
                items += self._items(message)
        options = {n: body[key] for key, n in _OPTIONS.items() if key in body}
        if "response_format" in body:
            assert body["response_format"]["type"] == "json_object"
            assert "tools" not in body, "they do not go together"
            options["output_schema"] = body["response_format"]["json_schema"]
        if "thinking" in body:
            assert body["thinking"]["type"] == "enabled"
            options["budget_tokens"] = body["thinking"]["token_budget"]
        return Asked(
            model=body["model"],
            system=system,
            items=items,
            stream=body["stream"],
            tools=[_tool(tool) for tool in body.get("tools", [])],
            choice=body.get("tool_choice", "AUTO").lower(),
            options=options,
        )

    def _items(self, message: dict[str, Any]) -> list[tuple[Any, ...]]:
        content = message.get("content") or []
        blocks = content if isinstance(content, list) else [_text(content)]
        match message["role"]:
            case "tool":
                text = "".join(block["text"] for block in blocks)
                return [("result", message["tool_call_id"], text)]
            case "assistant":
                found = [self._said(block) for block in blocks]
                if plan := message.get("tool_plan"):
                    assert message["tool_calls"], "a plan is of calls"
                    found.append(("model", "text", plan))
                return found + [_asked_for(c) for c in message.get("tool_calls", [])]
            case _:
                return [_shown(block) for block in blocks]

    def _said(self, block: dict[str, Any]) -> tuple[Any, ...]:
        if block["type"] == "text":
            return ("model", "text", block["text"])
        thought = block["thinking"]
        return ("model", "reasoning", thought, self._seals.get(thought))


def _event(kind: str, **fields: Any) -> bytes:
    data = msgspec.json.encode({"type": kind, **fields})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def _halves(text: str) -> list[str]:
    return [
        piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece
    ]


def _block(index: int, kind: str, text: str) -> list[bytes]:
    def delta(content: dict[str, str]) -> dict[str, Any]:
        return {"message": {"content": content}}

    return [
        _event("content-start", index=index, delta=delta({"type": kind, kind: ""})),
        *(
            _event("content-delta", index=index, delta=delta({kind: piece}))
            for piece in _halves(text)
        ),
        _event("content-end", index=index),
    ]


def _call(call: ToolCallPart, arguments: str) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.provider_call, "type": "function", "function": function}


def _call_events(index: int, call: ToolCallPart) -> list[bytes]:
    def delta(part: dict[str, Any]) -> dict[str, Any]:
        return {"message": {"tool_calls": part}}

    pieces = [{"function": {"arguments": piece}} for piece in _halves(call.arguments)]
    return [
        _event("tool-call-start", index=index, delta=delta(_call(call, ""))),
        *(_event("tool-call-delta", index=index, delta=delta(p)) for p in pieces),
        _event("tool-call-end", index=index),
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    prompt = usage.input_tokens + usage.cache_read_tokens
    return {
        # What is paid for, which is less than what was read.
        "billed_units": {"input_tokens": 3, "output_tokens": 2},
        "tokens": {
            "input_tokens": float(prompt),
            "output_tokens": float(usage.output_tokens),
        },
        "cached_tokens": usage.cache_read_tokens,
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _shown(block: dict[str, Any]) -> tuple[Any, ...]:
    if block["type"] == "text":
        return ("user", "text", block["text"])
    url = block["image_url"]["url"]
    if not url.startswith("data:"):
        return ("user", "image_url", url)
    head, _, data = url.partition(";base64,")
    return ("user", "image", head.removeprefix("data:"), data)


def _asked_for(call: dict[str, Any]) -> tuple[Any, ...]:
    function = call["function"]
    # Text, and not an object: the schema says so.
    assert isinstance(function["arguments"], str)
    arguments = msgspec.json.decode(function["arguments"])
    return ("model", "call", call["id"], function["name"], arguments)


def _tool(tool: dict[str, Any]) -> ToolSpec:
    assert tool["type"] == "function"
    function = tool["function"]
    return ToolSpec(function["name"], function["description"], function["parameters"])
