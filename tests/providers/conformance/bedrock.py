"""Bedrock's Converse and ConverseStream, as AWS documents them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html (frames)

Converse has no tool choice "none": what a user's last text says counts as one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.request import NamedTool, ToolChoice, ToolSpec
from podd.errors import ProviderFault
from podd.providers.bedrock.options import capabilities_of
from podd.providers.bedrock.request import NO_TOOLS
from podd.providers.bedrock.stream import ConverseAnswer
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
    "content_filter": "content_filtered",
}
_REFUSALS: dict[ProviderFault, tuple[int, str, str]] = {
    "auth": (403, "UnrecognizedClientException", "it says why"),
    "refused": (403, "AccessDeniedException", "it says why"),
    "not_found": (404, "ResourceNotFoundException", "it says why"),
    "bad_request": (400, "ValidationException", "it says why"),
    "context_overflow": (
        400,
        "ValidationException",
        "Input is too long for requested model (it says why).",
    ),
    "rate_limited": (429, "ThrottlingException", "it says why"),
    "quota": (400, "ServiceQuotaExceededException", "it says why"),
    "overloaded": (503, "ServiceUnavailableException", "it says why"),
    "server_error": (424, "ModelErrorException", "it says why"),
    "timed_out": (408, "ModelTimeoutException", "it says why"),
}
_OPTIONS = {
    "maxTokens": "max_output_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
}
_STRING = 7


class BedrockDialect:
    name = "bedrock"
    capabilities = capabilities_of("m")
    stops = frozenset(_STOPS)
    counts = frozenset({"cache_read", "cache_write"})
    replays = True
    has_ids = True

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        return ModelSettings(
            provider="bedrock", name="m", base_url=server.url, stream=stream
        )

    def environment(self) -> Mapping[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
            "AWS_REGION": "us-east-1",
        }

    def decoder(self) -> AnswerDecoder:
        return ConverseAnswer(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        found = [event_frame("messageStart", {"role": "assistant"})]
        for index, part in enumerate(said.parts):
            found += [
                event_frame(name, {"contentBlockIndex": index, **more})
                for name, more in _block_events(part)
            ]
        found.append(event_frame("messageStop", {"stopReason": _STOPS[said.stop]}))
        metrics = {"latencyMs": 12}
        usage = {"usage": _usage(said.usage), "metrics": metrics}
        return [*found, event_frame("metadata", usage)]

    def whole(self, said: Said) -> bytes:
        content = [_block(part) for part in said.parts]
        return msgspec.json.encode(
            {
                "output": {"message": {"role": "assistant", "content": content}},
                "stopReason": _STOPS[said.stop],
                "usage": _usage(said.usage),
                "metrics": {"latencyMs": 12},
            }
        )

    def strange(self) -> Sequence[bytes]:
        return [
            event_frame("initial-response", {}),
            event_frame("newsEvent", {"news": [1]}),
            frame({":message-type": "gossip"}, b"\x00not json"),
            event_frame("messageStart", {"role": "assistant", "mood": "good"}),
        ]

    def failing(self) -> Sequence[bytes]:
        return [exception_frame("internalServerException", "it broke")]

    def refusal(self, fault: ProviderFault) -> Reply | None:
        if fault not in _REFUSALS:
            return None
        status, name, message = _REFUSALS[fault]
        headers = [("x-amzn-ErrorType", f"{name}:http://internal.amazon.com/coral/")]
        return document(status, {"message": message}, headers=headers)

    def reply(self, said: Said, *, stream: bool = True) -> Reply:
        if stream:
            return streamed(*self.pieces(said))
        return whole(200, self.whole(said), content_type="application/json")

    def read(self, received: Received) -> Asked:
        body = received.json()
        _, model, action = received.path.rsplit("/", 2)
        items = [item for message in body["messages"] for item in _items(message)]
        choice = _choice(body.get("toolConfig", {}).get("toolChoice", {"auto": {}}))
        if items[-1] == ("user", "text", NO_TOOLS):
            items.pop()
            choice = "none"
        config = body.get("inferenceConfig", {})
        options = {name: config[key] for key, name in _OPTIONS.items() if key in config}
        output = body.get("outputConfig", {})
        if "effort" in output:
            options["effort"] = output["effort"]
        if "textFormat" in output:
            schema = output["textFormat"]["structure"]["jsonSchema"]["schema"]
            options["output_schema"] = msgspec.json.decode(schema)
        tools = body.get("toolConfig", {}).get("tools", [])
        return Asked(
            model=unquote(model),
            system="".join(block["text"] for block in body.get("system", [])),
            items=items,
            stream={"converse-stream": True, "converse": False}[action],
            tools=[_tool(tool["toolSpec"]) for tool in tools],
            choice=choice,
            options=options,
        )


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame: its lengths, their sum, its headers, its payload, the sum of all."""
    written = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", _STRING, len(value.encode()))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(written) + len(payload), len(written))
    start = prelude + struct.pack("!I", zlib.crc32(prelude)) + written + payload
    return start + struct.pack("!I", zlib.crc32(start))


def event_frame(name: str, value: object) -> bytes:
    headers = {
        ":event-type": name,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return frame(headers, msgspec.json.encode(value))


def exception_frame(name: str, message: str) -> bytes:
    headers = {
        ":exception-type": name,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, msgspec.json.encode({"message": message}))


def _block_events(part: object) -> Iterator[tuple[str, dict[str, Any]]]:
    match part:
        case TextPart(text):
            deltas = [{"text": piece} for piece in _halves(text)]
        case ReasoningPart(text, replay):
            deltas = [{"reasoningContent": {"text": p}} for p in _halves(text)]
            if replay:
                deltas.append({"reasoningContent": {"signature": replay}})
        case ToolCallPart():
            use = {"toolUseId": part.provider_call, "name": part.name}
            yield "contentBlockStart", {"start": {"toolUse": use}}
            deltas = [{"toolUse": {"input": p}} for p in _halves(part.arguments)]
        case _:
            raise AssertionError(part)
    yield from (("contentBlockDelta", {"delta": delta}) for delta in deltas)
    yield "contentBlockStop", {}


def _block(part: object) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"text": text}
        case ReasoningPart(text, replay):
            signed = {"signature": replay} if replay else {}
            return {"reasoningContent": {"reasoningText": {"text": text, **signed}}}
        case ToolCallPart():
            use = {"toolUseId": part.provider_call, "name": part.name}
            return {"toolUse": {**use, "input": msgspec.Raw(part.arguments.encode())}}
        case _:
            raise AssertionError(part)


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        # Without what came from a cache or went into one.
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
        "cacheReadInputTokens": usage.cache_read_tokens,
        "cacheWriteInputTokens": usage.cache_write_tokens,
    }


def _items(message: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    side = {"user": "user", "assistant": "model"}[message["role"]]
    for block in message["content"]:
        ((kind, value),) = block.items()
        match kind:
            case "text":
                yield (side, "text", value)
            case "image":
                yield (side, "image", *_image(value))
            case "document":
                assert value["format"] == "pdf"
                yield (side, "document", "application/pdf", value["source"]["bytes"])
            case "reasoningContent":
                told = value["reasoningText"]
                yield (side, "reasoning", told["text"], told["signature"])
            case "toolUse":
                yield (side, "call", value["toolUseId"], value["name"], value["input"])
            case "toolResult":
                yield from _result(value)
            case _:
                raise AssertionError(kind)


def _result(value: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    identity = value["toolUseId"]
    for block in value["content"]:
        if "text" in block:
            yield ("result", identity, block["text"])
        else:
            yield ("result_image", identity, *_image(block["image"]))


def _image(value: dict[str, Any]) -> tuple[str, str]:
    return f"image/{value['format']}", value["source"]["bytes"]


def _tool(spec: dict[str, Any]) -> ToolSpec:
    return ToolSpec(spec["name"], spec["description"], spec["inputSchema"]["json"])


def _choice(choice: dict[str, Any]) -> ToolChoice:
    ((kind, value),) = choice.items()
    if kind == "tool":
        return NamedTool(value["name"])
    return {"auto": "auto", "any": "required"}[kind]
