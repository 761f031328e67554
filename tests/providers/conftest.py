"""A provider under test: its ports, its requests, and what comes of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from podd.core.context.conversation import ConversationItem, UserItem
from podd.core.context.request import ModelRequest, Surface, ToolChoice, ToolSpec
from podd.core.context.response import ModelDelta, ModelResponse
from podd.errors import ProviderError
from podd.providers.ports import Ports
from podd.providers.provider import Provider, Retry
from podd.providers.registry import build
from podd.providers.settings import ModelSettings
from podd.testing.provider_server import ProviderServer

READ_FILE = ToolSpec(
    name="read_file", description="Read a file.", schema={"type": "object"}
)


@dataclass
class World:
    """Time that passes only when told to, and chance that is none."""

    waits: list[float] = field(default_factory=list)
    chance: float = 0.5

    def ports(self) -> Ports:
        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        return Ports(
            wait=wait,
            monotonic=time.monotonic,
            wall=lambda: 784_111_777.0,  # Sun, 06 Nov 1994 08:49:37 GMT
            random=lambda: self.chance,
        )


@dataclass
class Heard:
    """All that a caller heard of one request."""

    deltas: list[ModelDelta] = field(default_factory=list)
    response: ModelResponse | None = None
    retries: list[Retry] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def fault(self) -> str | None:
        return self.error.fault if self.error else None

    @property
    def text(self) -> str:
        assert self.response is not None
        return "".join(getattr(part, "text", "") for part in self.response.parts)


async def hear(provider: Provider, request: ModelRequest) -> Heard:
    """Listen to the end, whatever it is."""
    heard = Heard()
    try:
        async with aclosing(provider.stream(request, heard.retries.append)) as answer:
            async for item in answer:
                assert heard.response is None, "the response is the last item"
                if isinstance(item, ModelResponse):
                    heard.response = item
                else:
                    heard.deltas.append(item)
    except ProviderError as error:
        heard.error = error
    return heard


def ask(
    *items: ConversationItem, tool_choice: ToolChoice = "auto", attempt: int = 1
) -> ModelRequest:
    return ModelRequest(
        surface=Surface(model="m", system="Be brief.", tools=(READ_FILE,)),
        items=items or (UserItem("hello"),),
        tool_choice=tool_choice,
        attempt=attempt,
    )


@pytest.fixture(name="world")
def _world() -> World:
    return World()


@pytest.fixture(name="ask")
def _ask() -> Callable[..., ModelRequest]:
    return ask


@pytest.fixture(name="hear")
def _hear() -> Callable[[Provider, ModelRequest], object]:
    return hear


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture(name="connect")
async def _connect(world: World) -> AsyncIterator[Callable[..., Provider]]:
    """Builds providers, and lets go of them at the end."""
    built: list[Provider] = []

    def connect(
        base_url: str, *, environment: Mapping[str, str] | None = None, **more: object
    ) -> Provider:
        settings = ModelSettings(
            provider="openai_chat", name="m", base_url=base_url, **more
        )
        provider = build(settings, environment=environment or {}, ports=world.ports())
        built.append(provider)
        return provider

    yield connect
    for provider in built:
        await provider.aclose()
