"""Another provider goes on with a conversation, tools and thoughts in it."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from podd.core.context.conversation import (
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.providers.registry import build
from podd.testing.provider_server import ProviderServer
from tests.providers.conformance.dialect import Dialect, Said
from tests.providers.conformance.dialects import DIALECTS
from tests.providers.conformance.test_conformance import asked
from tests.providers.conftest import World, hear

#: What models' ids of calls look like; each goes to servers that name theirs otherwise.
IDS = ("call_a", "functions.look:0", "toolu_01", "x" * 200)


async def _answer(dialect: Dialect, said: Said, request, world: World):
    """Have this provider answer; what came, and what its server understood."""
    async with ProviderServer() as server:
        server.play(dialect.reply(said))
        provider = build(
            dialect.settings(server),
            environment=dialect.environment(),
            ports=world.ports(),
        )
        heard = await hear(provider, request)
        await provider.aclose()
        assert heard.error is None, heard.error
        return heard.response, dialect.read(server.requests[-1])


def _journalled(parts, step: int):
    """The parts with our ids, as whoever journals them gives them."""
    numbers = itertools.count(1)
    return tuple(
        msgspec.structs.replace(part, call=f"t1.{step}.{next(numbers)}")
        if isinstance(part, ToolCallPart)
        else part
        for part in parts
    )


@pytest.mark.parametrize("after", DIALECTS, ids=lambda dialect: f"to_{dialect.name}")
@pytest.mark.parametrize("before", DIALECTS, ids=lambda dialect: f"from_{dialect.name}")
async def test_the_next_request_is_valid_for_the_other_one(
    before: Dialect, after: Dialect, world: World
) -> None:
    sealed = "c2VhbGVk" if before.replays else None
    items = [UserItem("look")]
    for step, provider_call in enumerate(IDS, 1):
        calls = (
            ToolCallPart("", "read_file", '{"path":"a"}', provider_call),
            ToolCallPart("", "look", "{}", f"{provider_call}2"[-200:]),
        )
        said = Said(
            (ReasoningPart("Hm.", sealed), TextPart("I look."), *calls), "tool_use"
        )
        response, _ = await _answer(before, said, asked(*items), world)
        parts = _journalled(response.parts, step)
        items.append(ModelItem(parts))
        items += [
            ToolResultItem(p.call, p.name, "ok", f"of {p.call}", p.provider_call)
            for p in parts
            if isinstance(p, ToolCallPart)
        ]

    done = Said((TextPart("Done."),))
    _, request = await _answer(after, done, asked(*items), world)

    made = [item for item in request.items if item[1] == "call"]
    told = [item for item in request.items if item[0] == "result"]
    assert len(made) == len(told) == 2 * len(IDS)
    # Each call's result follows it, under the id that the call has.
    assert [item[2] for item in made] == [item[1] for item in told]
    if after.has_ids:
        assert len({item[2] for item in made}) == len(made)
    assert [item[2] for item in told] == [
        f"of t1.{step}.{number}" for step in range(1, 5) for number in (1, 2)
    ]
    thoughts = [item for item in request.items if item[1] == "reasoning"]
    if before.name != after.name:
        assert thoughts == []
