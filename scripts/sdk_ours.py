"""Our side: the same requests, by our providers."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import anyio

from podd.core.context.request import ModelRequest
from podd.errors import ProviderError
from podd.providers.ports import Ports
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings, ProviderName

_PORTS = Ports(
    wait=anyio.sleep,  # noqa: TID251  # there is no clock of a pod here
    monotonic=time.monotonic,
    wall=time.time,  # noqa: TID251  # as above
    random=random.random,
)


@dataclass(frozen=True)
class Place:
    """What a provider is given besides the case's URL.

    Attributes:
        below: what the base URL of this vendor's SDK has behind the host.
        settings: more of the model's settings.
        environment: where its keys are.
    """

    below: str = ""
    settings: Mapping[str, Any] = field(
        default_factory=lambda: {"auth": KeyFromEnvironment("SDK_KEY")}
    )
    environment: Mapping[str, str] = field(
        default_factory=lambda: {"SDK_KEY": "secret"}
    )


_KEYED = Place().settings

PLACES: Mapping[str, Place] = {
    "openai_chat": Place(below="/v1"),
    "openai_responses": Place(below="/v1"),
    "azure_openai": Place(settings={**_KEYED, "api_version": "2024-10-21"}),
    "anthropic": Place(),
    "gemini": Place(),
    "cohere": Place(),
    "bedrock": Place(
        settings={"region": "eu-central-1"},
        environment={
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
        },
    ),
}


@dataclass(frozen=True)
class Told:
    """What became of a request: it went out, or was refused before it could."""

    outcome: Literal["sent", "refused"]
    message: str = ""


def is_built(provider: str) -> bool:
    return provider in get_args(ProviderName)


def send(provider: str, url: str, request: ModelRequest, *, stream: bool) -> Told:
    """Send it, and be refused by the capturing server.

    Raises:
        RuntimeError: it was answered.
    """
    place = PLACES[provider]
    settings = ModelSettings(
        provider=provider,  # type: ignore[arg-type]  # the caller has asked `is_built`
        name="m",
        base_url=f"{url}{place.below}",
        stream=stream,
        **place.settings,
    )
    model = build(settings, environment=place.environment, ports=_PORTS)

    async def ask() -> Told:
        try:
            async for _ in model.stream(request, lambda _retry: None):
                pass
        except ProviderError as error:
            refused = error.fault == "unsupported"
            return Told("refused" if refused else "sent", error.message)
        finally:
            await model.aclose()
        raise RuntimeError(f"{provider}: the refusal was not noticed")

    return anyio.run(ask)
