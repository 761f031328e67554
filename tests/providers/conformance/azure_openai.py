"""Azure's chat completions, as Azure documents them: OpenAI's, and what it adds.

https://learn.microsoft.com/azure/ai-foundry/openai/reference
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from podd.errors import ProviderFault
from podd.providers.azure_openai.request import CAPABILITIES
from podd.providers.azure_openai.stream import AzureStream
from podd.providers.settings import ModelSettings
from podd.providers.transport import AnswerDecoder
from podd.testing.provider_server import (
    ProviderServer,
    Received,
    Reply,
    document,
    event,
)
from tests.providers.conformance.dialect import Asked, Said
from tests.providers.conformance.openai_chat import OpenAIChatDialect

SAFE = {"hate": {"filtered": False, "severity": "safe"}}
PROMPT = [{"prompt_index": 0, "content_filter_results": SAFE}]
#: What both messages of the asynchronous filter have in common.
BLANK = {"id": "", "object": "", "created": 0, "model": "", "usage": None}

_REFUSALS: dict[ProviderFault, tuple[int, dict[str, Any]]] = {
    "auth": (401, {"code": "401"}),
    "refused": (403, {"code": "AccessDenied"}),
    "not_found": (404, {"code": "DeploymentNotFound"}),
    "bad_request": (400, {"type": "invalid_request_error", "code": None}),
    "context_overflow": (400, {"code": "context_length_exceeded"}),
    "rate_limited": (429, {"code": "429"}),
    "quota": (429, {"code": "insufficient_quota", "type": "insufficient_quota"}),
    "server_error": (500, {"code": "InternalServerError"}),
    "overloaded": (503, {"code": "ServiceUnavailable"}),
    "timed_out": (408, {"code": "Timeout"}),
    "content_filter": (
        400,
        {
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {
                    "hate": {"filtered": True, "severity": "high"}
                },
            },
        },
    ),
}


class AzureOpenAIDialect(OpenAIChatDialect):
    name = "azure_openai"
    capabilities = CAPABILITIES

    def settings(self, server: ProviderServer, *, stream: bool = True) -> ModelSettings:
        base = server.url.removesuffix("/v1")
        return ModelSettings(
            provider="azure_openai", name="m", base_url=base, stream=stream
        )

    def decoder(self) -> AnswerDecoder:
        return AzureStream(100)

    def pieces(self, said: Said) -> Sequence[bytes]:
        *told, usage, done = super().pieces(said)
        judged = event({**BLANK, "prompt_filter_results": PROMPT, "choices": []})
        return [judged, *map(_judged, told), late_judgement(), usage, done]

    def whole(self, said: Said) -> bytes:
        answer = msgspec.json.decode(super().whole(said))
        answer["prompt_filter_results"] = PROMPT
        answer["choices"][0]["content_filter_results"] = SAFE
        return msgspec.json.encode(answer)

    def strange(self) -> Sequence[bytes]:
        return [*super().strange(), late_judgement()]

    def refusal(self, fault: ProviderFault) -> Reply | None:
        if fault not in _REFUSALS:
            return None
        status, error = _REFUSALS[fault]
        return document(status, {"error": {"message": "it says why", **error}})

    def read(self, received: Received) -> Asked:
        assert received.path == (
            "/openai/deployments/m/chat/completions?api-version=2024-10-21"
        )
        body = received.json()
        body["max_tokens"] = body.pop("max_completion_tokens", None)
        return super().read(replace(received, body=msgspec.json.encode(body)))


def late_judgement(finish_reason: str | None = None) -> bytes:
    """What the asynchronous filter found, after the words that it is about."""
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "content_filter_results": SAFE,
        "content_filter_raw": [],
        "content_filter_offsets": {"check_offset": 4, "start_offset": 4},
    }
    return event({**BLANK, "choices": [choice]})


def _judged(piece: bytes) -> bytes:
    chunk = msgspec.json.decode(piece.removeprefix(b"data: "))
    for choice in chunk["choices"]:
        choice["content_filter_results"] = SAFE
    return event(chunk)
