"""Responses, as OpenAI documents them.

https://platform.openai.com/docs/api-reference/responses
https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.request import NamedTool, ToolChoice, ToolSpec
from podd.errors import ProviderFault
from podd.providers.openai_responses.request import CAPABILITIES
from podd.providers.openai_responses.stream import ResponsesStream
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

_INCOMPLETE = {
    "output_limit": "max_output_tokens",
    "content_filter": "content_filter",
    "unknown": "max_messages",
}
_REFUSALS: dict[ProviderFault, tuple[int, dict[str, Any]]] = {
    "auth": (401, {"code": "invalid_api_key", "type": "invalid_request_error"}),
    "refused": (403, {"code": "unsupported_country_region_territory"}),
    "not_found": (404, {"code": "model_not_found", "type": "invalid_request_error"}),
    "bad_request": (400, {"type": "invalid_request_error", "param": "input"}),
    "context_overflow": (400, {"code": "context_length_exceeded", "param": "input"}),
    "rate_limited": (429, {"code": "rate_limit_exceeded", "type": "tokens"}),
    "quota": (429, {"code": "insufficient_quota", "type": "insufficient_quota"}),
    "overloaded": (503, {"type": "service_unavailable"}),
    "server_error": (500, {"type": "server_error"}),
    "content_filter": (400, {"code": "content_policy_violation"}),
}
_OPTIONS = {
    "max_output_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
}


def named(event: dict[str, Any]) -> bytes:
    """Write an event as the vendor does: its type stands in front of it, too."""
    data = msgspec.json.encode(event)
    return b"event: " + event["type"].encode() + b"\ndata: " + data + b"\n\n"


class OpenAIResponsesDialect:
    name = "openai_responses"
    capabilities = CAPABILITIES
    stops = frozenset({"stop", "tool_use", *_INCOMPLETE})
    counts = frozenset({"cache_read", "cache_write", "reasoning"})
    replays = True
    has_ids = True

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        return ModelSettings(
            provider="openai_responses", name="m", base_url=server.url, stream=stream
        )

    def environment(self) -> Mapping[str, str]:
        return {}

    def decoder(self) -> AnswerDecoder:
        return ResponsesStream(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        begun = {**_response(said), "status": "in_progress", "output": []}
        begun |= {"usage": None, "incomplete_details": None}
        events: list[dict[str, Any]] = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
        ]
        for index, item in enumerate(_items(said)):
            place = {"item_id": item["id"], "output_index": index}
            at = {"output_index": index}
            empty = _begun(item)
            events.append({"type": "response.output_item.added", "item": empty, **at})
            events += [{**event, **place} for event in _told(item)]
            events.append({"type": "response.output_item.done", "item": item, **at})
        response = _response(said)
        events.append({"type": f"response.{response['status']}", "response": response})
        return [
            named({**event, "sequence_number": n}) for n, event in enumerate(events)
        ]

    def whole(self, said: Said) -> bytes:
        return msgspec.json.encode(_response(said))

    def strange(self) -> Sequence[bytes]:
        return [
            b": keep-alive\r\n\r\n",
            named({"type": "keepalive", "sequence_number": 3}),
            named({"type": "response.mood.delta", "delta": {"good": 1}, "item": "no"}),
            named({"type": "response.web_search_call.searching", "output_index": "x"}),
        ]

    def failing(self) -> Sequence[bytes]:
        error = {"code": "server_error", "message": "it broke", "param": None}
        return [named({"type": "error", **error, "sequence_number": 9})]

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
        assert received.path == "/v1/responses"
        assert body["store"] is False
        assert body["include"] == ["reasoning.encrypted_content"]
        options = {name: body[key] for key, name in _OPTIONS.items() if key in body}
        if "reasoning" in body:
            options["effort"] = body["reasoning"]["effort"]
        if "text" in body:
            options["output_schema"] = body["text"]["format"]["schema"]
        return Asked(
            model=body["model"],
            system=body["instructions"],
            items=[found for item in body["input"] for found in _understood(item)],
            stream=body.get("stream", False),
            tools=[_tool(tool) for tool in body.get("tools", [])],
            choice=_choice(body.get("tool_choice", "auto")),
            options=options,
        )


def _response(said: Said) -> dict[str, Any]:
    reason = _INCOMPLETE.get(said.stop)
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 784111777,
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": "Be brief.",
        "model": "m",
        "output": list(_items(said)),
        "parallel_tool_calls": True,
        "store": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": _usage(said.usage),
    }


def _items(said: Said) -> Iterator[dict[str, Any]]:
    for number, part in enumerate(said.parts):
        match part:
            case TextPart(text):
                content = {"type": "output_text", "text": text, "annotations": []}
                yield {
                    "id": f"msg_{number}",
                    "type": "message",
                    "status": "completed",
                    "role": "assistant",
                    "content": [content],
                }
            case ReasoningPart(text, sealed):
                yield {
                    "id": f"rs_{number}",
                    "type": "reasoning",
                    "summary": [{"type": "summary_text", "text": text}],
                    "encrypted_content": sealed,
                }
            case ToolCallPart():
                yield {
                    "id": f"fc_{number}",
                    "type": "function_call",
                    "status": "completed",
                    "call_id": part.provider_call,
                    "name": part.name,
                    "arguments": part.arguments,
                }


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    """Give an item as it is announced, with nothing in it yet."""
    match item["type"]:
        case "message":
            return {**item, "status": "in_progress", "content": []}
        case "reasoning":
            return {**item, "summary": [], "encrypted_content": "bm90IHll"}
        case _:
            return {**item, "status": "in_progress", "arguments": ""}


def _told(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the events between the first and the last of an item."""
    match item["type"]:
        case "message":
            (part,) = item["content"]
            at: dict[str, Any] = {"content_index": 0}
            empty = {**part, "text": ""}
            yield {"type": "response.content_part.added", "part": empty, **at}
            for piece in _halves(part["text"]):
                told = {"delta": piece, "logprobs": [], "obfuscation": "x1", **at}
                yield {"type": "response.output_text.delta", **told}
            whole = {"text": part["text"], "logprobs": [], **at}
            yield {"type": "response.output_text.done", **whole}
            yield {"type": "response.content_part.done", "part": part, **at}
        case "reasoning":
            (part,) = item["summary"]
            at = {"summary_index": 0}
            empty = {**part, "text": ""}
            name = "response.reasoning_summary"
            yield {"type": f"{name}_part.added", "part": empty, **at}
            for piece in _halves(part["text"]):
                yield {"type": f"{name}_text.delta", "delta": piece, **at}
            yield {"type": f"{name}_text.done", "text": part["text"], **at}
            yield {"type": f"{name}_part.done", "part": part, **at}
        case _:
            name = "response.function_call_arguments"
            for piece in _halves(item["arguments"]):
                yield {"type": f"{name}.delta", "delta": piece, "obfuscation": "y"}
            yield {"type": f"{name}.done", "arguments": item["arguments"]}


def _halves(text: str) -> list[str]:
    return [
        piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    cached = usage.cache_read_tokens
    written = usage.cache_write_tokens
    # All of the prompt, what came from a cache and went into one included.
    incoming = usage.input_tokens + cached + written
    return {
        "input_tokens": incoming,
        "input_tokens_details": {
            "cached_tokens": cached,
            "cache_write_tokens": written,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": incoming + usage.output_tokens,
    }


def _understood(item: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    match item.get("type", "message"):
        case "function_call":
            arguments = msgspec.json.decode(item["arguments"])
            yield ("model", "call", item["call_id"], item["name"], arguments)
        case "function_call_output":
            yield from _output(item["call_id"], item["output"])
        case "reasoning":
            text = "".join(part["text"] for part in item["summary"])
            yield ("model", "reasoning", text, item["encrypted_content"])
        case _:
            said_by = "model" if item["role"] == "assistant" else "user"
            if isinstance(item["content"], str):
                yield (said_by, "text", item["content"])
            else:
                yield from ((said_by, *_part(part)) for part in item["content"])


def _output(call: str, output: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(output, str):
        yield ("result", call, output)
        return
    for part in output:
        kind, *rest = _part(part)
        name = "result" if kind == "text" else f"result_{kind}"
        yield (name, call, *rest)


def _part(part: dict[str, Any]) -> tuple[Any, ...]:
    match part["type"]:
        case "input_text":
            return ("text", part["text"])
        case "input_image":
            assert part["detail"] in {"low", "high", "auto", "original"}
            url = part["image_url"]
            return ("image", *_data(url)) if "base64," in url else ("image_url", url)
        case _:
            assert part["filename"]
            return ("document", *_data(part["file_data"]))


def _data(url: str) -> tuple[str, str]:
    head, _, data = url.partition(";base64,")
    return head.removeprefix("data:"), data


def _tool(tool: dict[str, Any]) -> ToolSpec:
    assert (tool["type"], tool["strict"]) == ("function", False)
    return ToolSpec(tool["name"], tool["description"], tool["parameters"])


def _choice(choice: Any) -> ToolChoice:
    return NamedTool(choice["name"]) if isinstance(choice, dict) else choice
