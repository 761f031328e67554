from __future__ import annotations

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
from podd.core.context.request import ModelRequest, Surface
from podd.errors import MissingKeyError
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings
from podd_protocol.values import Usage
from tests.providers.conformance.dialect import Said
from tests.providers.conformance.openai_responses import OpenAIResponsesDialect

DIALECT = OpenAIResponsesDialect()
FINE = Said((TextPart("fine"),))


@pytest.fixture(name="provider")
async def _provider(server, world):
    settings = ModelSettings(
        provider="openai_responses",
        name="m",
        base_url=server.url,
        auth=KeyFromEnvironment("MY_KEY"),
    )
    provider = build(settings, environment={"MY_KEY": "sk-1"}, ports=world.ports())
    yield provider
    await provider.aclose()


async def test_a_request_is_sent_as_the_api_expects_it(server, provider, ask, hear):
    server.play(DIALECT.reply(FINE))

    heard = await hear(provider, ask())
    (request,) = server.requests

    assert heard.text == "fine"
    assert (request.method, request.path) == ("POST", "/v1/responses")
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.headers["accept"] == "text/event-stream"
    # This server is not the vendor's.
    assert "prompt_cache_key" not in request.json()


def test_the_vendors_host_wants_the_vendors_key(world):
    settings = ModelSettings(provider="openai_responses", name="m")

    with pytest.raises(MissingKeyError) as caught:
        build(settings, environment={}, ports=world.ports())

    assert caught.value.variables == ("OPENAI_API_KEY",)


async def test_a_key_in_a_refusal_is_not_shown(server, provider, ask, hear):
    server.play(DIALECT.refusal("auth"))
    heard = await hear(provider, ask())

    assert heard.fault == "auth"
    assert "sk-1" not in str(heard.error)


async def test_thoughts_and_calls_of_a_step_come_back_in_their_order(
    server, provider, hear
):
    said = Said(
        (
            ReasoningPart("First.", "b25l"),
            ToolCallPart("", "look", "{}", "call_a"),
            ReasoningPart("", "dHdv"),
            ToolCallPart("", "look", '{"pa', "call_b"),
        ),
        "tool_use",
    )
    server.play(DIALECT.reply(said), DIALECT.reply(FINE))
    surface = Surface("m", "", ())
    first = await hear(provider, ModelRequest(surface, (UserItem("x"),)))
    assert first.error is None, first.error
    number = iter(range(9))
    kept = tuple(
        msgspec.structs.replace(part, call=f"t{next(number)}")
        if isinstance(part, ToolCallPart)
        else part
        for part in first.response.parts
    )
    results = [
        ToolResultItem(part.call, part.name, "ok", "said", part.provider_call)
        for part in kept
        if isinstance(part, ToolCallPart)
    ]

    await hear(
        provider, ModelRequest(surface, (UserItem("x"), ModelItem(kept), *results))
    )

    sent = server.requests[1].json()["input"]
    assert [item.get("type") for item in sent] == [
        None,
        *("reasoning", "function_call"),
        *("reasoning", "function_call"),
        *("function_call_output", "function_call_output"),
    ]
    assert [sent[1]["encrypted_content"], sent[3]["encrypted_content"]] == [
        "b25l",
        "dHdv",
    ]
    assert [sent[5]["call_id"], sent[6]["call_id"]] == ["call_a", "call_b"]


async def test_what_was_used_is_told_in_one_piece_too(server, provider, ask, hear):
    # A server may answer in one piece although it was asked for a stream.
    usage = Usage(input_tokens=9, output_tokens=4, requests=1)
    server.play(DIALECT.reply(Said((TextPart("fine"),), usage=usage), stream=False))

    heard = await hear(provider, ask())

    assert heard.response.usage == usage


async def test_only_the_vendor_is_told_which_session_it_is(world, hear, ask):
    sent = []

    class Recorder:
        async def exchange(self, exchange, _deadline):
            sent.append(msgspec.json.decode(exchange.body))
            for piece in DIALECT.pieces(FINE):
                exchange.decoder.feed(piece)
            yield exchange.decoder.finish()

    settings = ModelSettings(provider="openai_responses", name="m")
    provider = build(
        settings, environment={"OPENAI_API_KEY": "sk-1"}, ports=world.ports()
    )
    provider._transport = Recorder()

    await hear(provider, msgspec.structs.replace(ask(), session="s1"))

    assert sent[0]["prompt_cache_key"] == "s1"
