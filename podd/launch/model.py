"""The manifest's `[model]` in the words of the providers room."""

from __future__ import annotations

import msgspec

from podd.manifest.schema import AuthSection, ModelSection
from podd.manifest.vocabulary import ProviderName as ManifestProvider
from podd.providers.settings import (
    Auth,
    KeyFromEnvironment,
    KeyFromFile,
    ModelSettings,
    NoKey,
    ProviderName,
    RetryLimits,
    ServiceName,
    Timeouts,
    VendorKey,
)


def model_settings(section: ModelSection) -> ModelSettings:
    """What a provider is built from."""
    provider, service = _dialect(section.provider)
    return ModelSettings(
        provider=provider,
        service=service,
        name=section.name,
        base_url=section.base_url,
        auth=_auth(section.auth),
        region=section.region,
        api_version=section.api_version,
        stream=section.stream,
        script=section.script,
        timeouts=Timeouts(**msgspec.structs.asdict(section.timeouts)),
        # An answer that breaks off is the machine's to ask for again.
        retries=RetryLimits(
            attempts=section.retries.attempts,
            wait_seconds=section.retries.wait_seconds,
        ),
    )


def _dialect(
    name: ManifestProvider,
) -> tuple[ProviderName, ServiceName | None]:
    """What is spoken, and by which service."""
    match name:
        case (
            "cerebras"
            | "deepseek"
            | "fireworks"
            | "groq"
            | "llamacpp"
            | "lmstudio"
            | "mistral"
            | "ollama"
            | "openrouter"
            | "perplexity"
            | "sambanova"
            | "together"
            | "vllm"
            | "xai"
        ):
            return "openai_chat", name
        case _:
            return name, None


def _auth(section: AuthSection | None) -> Auth:
    if section is None:
        return VendorKey()
    if section.env is not None:
        return KeyFromEnvironment(section.env)
    if section.file is not None:
        return KeyFromFile(section.file)
    return NoKey()
