"""Who speaks chat completions and is reached by name. Pure.

The addresses, variables and differences are from the pages that each service names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from podd.providers.keys import Vendor
from podd.providers.openai_chat.endpoint import Endpoint, TokenField, url_of
from podd.providers.openai_chat.quirks import PLAIN, Affinity, Quirks
from podd.providers.settings import ServiceName


@dataclass(frozen=True, slots=True)
class Service:
    """One service."""

    vendor: Vendor
    pages: tuple[str, ...]
    """Its documentation."""
    output_limit: TokenField = "max_tokens"
    """What it calls it."""
    quirks: Quirks = PLAIN


def _local(base_url: str, *pages: str) -> Service:
    """A server on this machine, which wants no key; elsewhere it has one of its own."""
    return Service(Vendor(base_url=base_url, host="", variables=()), pages)


SERVICES: Final[Mapping[ServiceName, Service]] = {
    "cerebras": Service(
        Vendor(
            base_url="https://api.cerebras.ai/v1",
            host="api.cerebras.ai",
            variables=("CEREBRAS_API_KEY",),
        ),
        ("https://inference-docs.cerebras.ai/api-reference/chat-completions",),
        output_limit="max_completion_tokens",
    ),
    "deepseek": Service(
        Vendor(
            base_url="https://api.deepseek.com",
            host="api.deepseek.com",
            variables=("DEEPSEEK_API_KEY",),
        ),
        (
            "https://api-docs.deepseek.com/api/create-chat-completion",
            "https://api-docs.deepseek.com/guides/thinking_mode",
        ),
        # A message with calls that lacks what was thought is refused, also one that
        # another model has written, which has an empty thought then.
        quirks=Quirks(reasoning="sent_back"),
    ),
    "fireworks": Service(
        Vendor(
            base_url="https://api.fireworks.ai/inference/v1",
            host="api.fireworks.ai",
            variables=("FIREWORKS_API_KEY",),
        ),
        (
            "https://docs.fireworks.ai/api-reference/post-chatcompletions",
            "https://docs.fireworks.ai/guides/prompt-caching",
        ),
        quirks=Quirks(affinity=Affinity("header", "x-session-affinity")),
    ),
    "groq": Service(
        Vendor(
            base_url="https://api.groq.com/openai/v1",
            host="api.groq.com",
            variables=("GROQ_API_KEY",),
        ),
        ("https://console.groq.com/docs/api-reference",),
        output_limit="max_completion_tokens",
    ),
    "llamacpp": _local(
        "http://127.0.0.1:8080/v1",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
    ),
    "lmstudio": _local(
        "http://127.0.0.1:1234/v1",
        "https://lmstudio.ai/docs/developer/openai-compat",
    ),
    "mistral": Service(
        Vendor(
            base_url="https://api.mistral.ai/v1",
            host="api.mistral.ai",
            variables=("MISTRAL_API_KEY",),
        ),
        (
            "https://docs.mistral.ai/api/endpoint/chat",
            "https://mistralai.github.io/mistral-common/usage/tools/",
        ),
        quirks=Quirks(
            affinity=Affinity("field", "prompt_cache_key"),
            call_ids="nine",
            counts="sent",
        ),
    ),
    "ollama": _local(
        "http://127.0.0.1:11434/v1",
        "https://docs.ollama.com/api/openai-compatibility",
    ),
    "openrouter": Service(
        Vendor(
            base_url="https://openrouter.ai/api/v1",
            host="openrouter.ai",
            variables=("OPENROUTER_API_KEY",),
        ),
        (
            "https://openrouter.ai/docs/api-reference/chat-completion",
            "https://openrouter.ai/docs/guides/best-practices/prompt-caching",
        ),
        quirks=Quirks(affinity=Affinity("field", "session_id")),
    ),
    "perplexity": Service(
        Vendor(
            base_url="https://api.perplexity.ai",
            host="api.perplexity.ai",
            variables=("PERPLEXITY_API_KEY", "PPLX_API_KEY"),
        ),
        ("https://docs.perplexity.ai/api-reference/chat-completions-post",),
        quirks=Quirks(
            counts="sent",
            lacks=frozenset({"tools", "tool_choice", "tool_result_images"}),
        ),
    ),
    "sambanova": Service(
        Vendor(
            base_url="https://api.sambanova.ai/v1",
            host="api.sambanova.ai",
            variables=("SAMBANOVA_API_KEY",),
        ),
        ("https://docs.sambanova.ai/docs/en/api-reference/endpoints/chat",),
    ),
    "together": Service(
        Vendor(
            base_url="https://api.together.xyz/v1",
            host="api.together.xyz",
            variables=("TOGETHER_API_KEY",),
        ),
        ("https://docs.together.ai/reference/chat-completions-1",),
    ),
    "vllm": _local(
        "http://127.0.0.1:8000/v1",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
    "xai": Service(
        Vendor(
            base_url="https://api.x.ai/v1",
            host="api.x.ai",
            variables=("XAI_API_KEY",),
        ),
        (
            "https://docs.x.ai/developers/rest-api-reference/inference/chat",
            "https://docs.x.ai/developers/advanced-api-usage/prompt-caching",
        ),
        output_limit="max_completion_tokens",
        quirks=Quirks(affinity=Affinity("header", "x-grok-conv-id")),
    ),
}


def endpoint_of_service(service: ServiceName, address: SplitResult) -> Endpoint:
    """Complete a service's base URL, its usual one or another."""
    known = SERVICES[service]
    return Endpoint(url_of(address), known.output_limit, known.quirks)


def vendor_of(service: ServiceName | None, otherwise: Vendor) -> Vendor:
    """Whose server it is."""
    return otherwise if service is None else SERVICES[service].vendor
