"""A dialect, and a provider that asks its server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podd.core.context.request import (
    ModelRequest,
)
from podd.providers.registry import build
from podd.testing.provider_server import Reply
from tests.providers.conformance.dialect import Asked, Dialect, Said
from tests.providers.conformance.dialects import DIALECTS
from tests.providers.conformance.exchange import Ask, asked
from tests.providers.conftest import Heard, World, hear


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


@pytest.fixture
async def ask(dialect: Dialect, server, world: World) -> AsyncIterator[Ask]:
    """Ask for an answer, which the server gives; what was heard, and understood.

    What was understood is None where nothing was sent.
    """
    built = []

    async def asking(
        reply: Said | Reply, request: ModelRequest | None = None, *, stream: bool = True
    ) -> tuple[Heard, Asked | None]:
        if isinstance(reply, Said):
            reply = dialect.reply(reply, stream=stream)
        server.play(reply)
        provider = build(
            dialect.settings(server, stream=stream),
            environment=dialect.environment(),
            ports=world.ports(),
        )
        built.append(provider)
        before = len(server.requests)
        heard = await hear(provider, request or asked())
        if len(server.requests) == before:
            return heard, None
        return heard, dialect.read(server.requests[-1])

    yield asking
    for provider in built:
        await provider.aclose()
