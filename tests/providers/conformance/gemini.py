"""Gemini, as Google documents it.

https://ai.google.dev/api/generate-content
https://ai.google.dev/gemini-api/docs/function-calling
https://ai.google.dev/gemini-api/docs/thought-signatures
https://ai.google.dev/gemini-api/docs/troubleshooting
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.request import NamedTool, ToolChoice, ToolSpec
from podd.errors import ProviderFault
from podd.providers.gemini.request import CAPABILITIES
from podd.providers.gemini.stream import GeminiStream
from podd.providers.settings import ModelSettings
from podd.providers.transport import AnswerDecoder
from podd.testing.provider_server import (
    ProviderServer,
    Received,
    Reply,
    document,
    event,
    streamed,
    whole,
)
from podd_protocol.values import Usage
from tests.providers.conformance.dialect import Asked, Said

_STOPS = {
    "stop": "STOP",
    "tool_use": "STOP",
    "output_limit": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "unknown": "OTHER",
}
_TYPE = "type.googleapis.com/google.rpc."
_BAD_KEY = {"@type": f"{_TYPE}ErrorInfo", "reason": "API_KEY_INVALID"}
_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
_USED_UP = {"@type": f"{_TYPE}QuotaFailure", "violations": [{"quotaId": _DAY}]}
_OVERFLOW = (
    "The input token count (9) exceeds the maximum number of tokens allowed (8)."
)
_REFUSALS: dict[ProviderFault, tuple[int, dict[str, Any]]] = {
    "auth": (400, {"status": "INVALID_ARGUMENT", "details": [_BAD_KEY]}),
    "refused": (403, {"status": "PERMISSION_DENIED"}),
    "not_found": (404, {"status": "NOT_FOUND"}),
    "bad_request": (400, {"status": "INVALID_ARGUMENT"}),
    "context_overflow": (
        400,
        {"status": "INVALID_ARGUMENT", "message": f"it says why: {_OVERFLOW}"},
    ),
    "rate_limited": (429, {"status": "RESOURCE_EXHAUSTED"}),
    "quota": (429, {"status": "RESOURCE_EXHAUSTED", "details": [_USED_UP]}),
    "overloaded": (503, {"status": "UNAVAILABLE"}),
    "server_error": (500, {"status": "INTERNAL"}),
    "timed_out": (504, {"status": "DEADLINE_EXCEEDED"}),
}
_OPTIONS = {
    "maxOutputTokens": "max_output_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "stopSequences": "stop",
    "responseJsonSchema": "output_schema",
}
_MODES: dict[str, ToolChoice] = {"AUTO": "auto", "ANY": "required", "NONE": "none"}
#: Documented: it stands for no signature, and is not checked.
_NO_SIGNATURE = "skip_thought_signature_validator"


class GeminiDialect:
    name = "gemini"
    capabilities = CAPABILITIES
    stops = frozenset(_STOPS)
    counts = frozenset({"cache_read", "reasoning"})
    replays = True
    has_ids = True

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        base_url = server.url.removesuffix("/v1")
        return ModelSettings(
            provider="gemini", name="m", base_url=base_url, stream=stream
        )

    def environment(self) -> Mapping[str, str]:
        return {}

    def decoder(self) -> AnswerDecoder:
        return GeminiStream(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        found = [_event([{"text": ""}])]
        for part in _parts(said):
            text = part.get("text")
            if text is None:
                found.append(_event([part]))
                continue
            found += [_event([{**part, "text": piece}]) for piece in _halves(text)]
        usage = _usage(said.usage)
        # Counts come with each event, those of what was thought from the first on.
        found[0] = _event([{"text": ""}], usage={**usage, "candidatesTokenCount": 1})
        found.append(_event([{"text": ""}], stop=_STOPS[said.stop], usage=usage))
        return found

    def whole(self, said: Said) -> bytes:
        answer = _answer(_parts(said), _STOPS[said.stop], _usage(said.usage))
        return msgspec.json.format(msgspec.json.encode(answer), indent=2)

    def strange(self) -> Sequence[bytes]:
        return [
            b": keep-alive\r\n\r\n",
            event({"candidates": None, "modelVersion": "m-001", "news": [1]}),
            event({"candidates": [{"index": 0, "groundingMetadata": {}}]}),
            _event([{"mood": "good"}, {"inlineData": {"mimeType": "a/b", "data": ""}}]),
        ]

    def failing(self) -> Sequence[bytes]:
        error = {"code": 503, "message": "it broke", "status": "UNAVAILABLE"}
        return [event({"error": error})]

    def refusal(self, fault: ProviderFault) -> Reply | None:
        if fault == "content_filter":
            blocked = {"blockReason": "SAFETY", "blockReasonMessage": "it says why"}
            return document(200, {"promptFeedback": blocked})
        if fault not in _REFUSALS:
            return None
        status, error = _REFUSALS[fault]
        return document(
            status, {"error": {"code": status, "message": "it says why", **error}}
        )

    def reply(self, said: Said, *, stream: bool = True) -> Reply:
        if stream:
            return streamed(*self.pieces(said))
        return whole(200, self.whole(said), content_type="application/json")

    def read(self, received: Received) -> Asked:
        url, body = urlsplit(received.path), received.json()
        model, _, method = url.path.removeprefix("/v1beta/models/").partition(":")
        stream = method == "streamGenerateContent"
        assert method in {"streamGenerateContent", "generateContent"}
        assert parse_qs(url.query) == ({"alt": ["sse"]} if stream else {})
        roles = [content["role"] for content in body["contents"]]
        assert all(a != b for a, b in itertools.pairwise(roles))
        items = [item for content in body["contents"] for item in _items(content)]
        config = body.get("generationConfig", {})
        options = {name: config[key] for key, name in _OPTIONS.items() if key in config}
        thinking = config.get("thinkingConfig", {})
        if "thinkingLevel" in thinking:
            options["effort"] = thinking["thinkingLevel"].lower()
        if "thinkingBudget" in thinking:
            options["budget_tokens"] = thinking["thinkingBudget"]
        if "output_schema" in options:
            assert config["responseMimeType"] == "application/json"
        [declared] = body.get("tools", [{"functionDeclarations": []}])
        return Asked(
            model=model,
            system=body["systemInstruction"]["parts"][0]["text"],
            items=items,
            stream=stream,
            tools=[_tool(tool) for tool in declared["functionDeclarations"]],
            choice=_choice(body.get("toolConfig", {}).get("functionCallingConfig")),
            options=options,
        )


def _halves(text: str) -> list[str]:
    return [
        piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece
    ]


def _parts(said: Said) -> list[dict[str, Any]]:
    """Say it as Gemini does: a signature stands on the first call, or at the end."""
    found: list[dict[str, Any]] = []
    signature = None
    for part in said.parts:
        match part:
            case TextPart(text):
                found.append({"text": text})
            case ReasoningPart(text):
                signature = part.replay or signature
                found.append({"text": text, "thought": True})
            case ToolCallPart():
                call = {
                    "id": part.provider_call,
                    "name": part.name,
                    "args": msgspec.json.decode(part.arguments),
                }
                found.append({"functionCall": call})
    if signature and found:
        bearer = next((p for p in found if "functionCall" in p), found[-1])
        bearer["thoughtSignature"] = signature
    return found


def _answer(
    parts: list[dict[str, Any]], stop: str | None, usage: dict[str, Any] | None
) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "content": {"parts": parts, "role": "model"},
        "index": 0,
    }
    if stop is not None:
        candidate["finishReason"] = stop
    answer: dict[str, Any] = {"candidates": [candidate], "responseId": "r"}
    return answer | ({"usageMetadata": usage} if usage else {})


def _event(
    parts: list[dict[str, Any]],
    *,
    stop: str | None = None,
    usage: dict[str, Any] | None = None,
) -> bytes:
    return event(_answer(parts, stop, usage)).replace(b"\n", b"\r\n")


def _usage(usage: Usage) -> dict[str, Any]:
    prompt = usage.input_tokens + usage.cache_read_tokens
    return {
        # What came from a cache included; what was thought is counted beside the text.
        "promptTokenCount": prompt,
        "cachedContentTokenCount": usage.cache_read_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "thoughtsTokenCount": usage.reasoning_tokens,
        "totalTokenCount": prompt + usage.output_tokens,
    }


def _items(content: dict[str, Any]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for part in content["parts"]:
        signature = part.get("thoughtSignature", _NO_SIGNATURE)
        if signature != _NO_SIGNATURE:
            thought = part["text"] if part.get("thought") else ""
            found.append(("model", "reasoning", thought, signature))
        if not part.get("thought"):
            found += _seen(content["role"], part)
    return found


def _seen(role: str, part: dict[str, Any]) -> list[tuple[Any, ...]]:
    if call := part.get("functionCall"):
        identity = call.get("id", call["name"])
        return [(role, "call", identity, call["name"], call["args"])]
    if response := part.get("functionResponse"):
        identity = response.get("id", response["name"])
        [said] = response["response"].values()
        pictures = [part["inlineData"] for part in response.get("parts", [])]
        return [
            ("result", identity, said),
            *(("result_image", identity, p["mimeType"], p["data"]) for p in pictures),
        ]
    if data := part.get("inlineData"):
        kind = "image" if data["mimeType"].startswith("image/") else "document"
        return [(role, kind, data["mimeType"], data["data"])]
    if file := part.get("fileData"):
        return [(role, "image_url", file["fileUri"])]
    return [(role, "text", part["text"])]


def _tool(tool: dict[str, Any]) -> ToolSpec:
    return ToolSpec(tool["name"], tool["description"], tool["parametersJsonSchema"])


def _choice(config: dict[str, Any] | None) -> ToolChoice:
    if config is None:
        return "auto"
    if names := config.get("allowedFunctionNames"):
        return NamedTool(names[0])
    return _MODES[config["mode"]]
