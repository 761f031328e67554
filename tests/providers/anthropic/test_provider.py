"""What goes out over HTTP, and what is never sent."""

from __future__ import annotations

import pytest

from podd.core.context.conversation import UserItem
from podd.core.context.request import ModelRequest, Sampling, Surface
from podd.errors import MissingKeyError
from podd.providers.registry import build, missing_key, secrets
from podd.providers.settings import KeyFromEnvironment, ModelSettings, NoKey
from podd.testing.provider_server import document, streamed
from tests.providers.anthropic.test_stream import BEGUN, OVER, ended, text
from tests.providers.conftest import hear

ANSWER = (BEGUN, *text(0, "Hello."), ended("end_turn"), OVER)
REQUEST = ModelRequest(Surface("m", "", ()), (UserItem("x"),))


@pytest.fixture
async def connect(world):
    built = []

    def connecting(server, environment=None, **more):
        more.setdefault("base_url", server.url)
        settings = ModelSettings(provider="anthropic", name="m", **more)
        provider = build(settings, environment=environment or {}, ports=world.ports())
        built.append(provider)
        return provider

    yield connecting
    for provider in built:
        await provider.aclose()


async def test_the_path_the_version_and_the_key_are_sent(server, connect):
    server.play(streamed(*ANSWER))
    provider = connect(server, {"MY_KEY": "mine"}, auth=KeyFromEnvironment("MY_KEY"))

    heard = await hear(provider, REQUEST)

    (received,) = server.requests
    assert heard.text == "Hello."
    assert (received.method, received.path) == ("POST", "/v1/messages")
    assert received.headers["x-api-key"] == "mine"
    assert received.headers["anthropic-version"] == "2023-06-01"
    assert received.headers["content-type"] == "application/json"
    assert "authorization" not in received.headers


@pytest.mark.parametrize("more", [{}, {"auth": NoKey()}])
async def test_the_vendors_key_does_not_go_to_this_machine(server, connect, more):
    server.play(streamed(*ANSWER))
    provider = connect(server, {"ANTHROPIC_API_KEY": "sk-ant-1"}, **more)

    await hear(provider, REQUEST)

    assert "x-api-key" not in server.requests[0].headers


async def test_another_version_is_sent_and_its_lacks_are_known(server, connect):
    server.play(streamed(*ANSWER))
    provider = connect(server, api_version="2026-10-21")
    cold = ModelRequest(Surface("m", "", (), Sampling(temperature=0)), REQUEST.items)

    heard = await hear(provider, cold)
    assert heard.fault == "unsupported"
    assert "temperature" in heard.error.message
    await hear(provider, REQUEST)

    (received,) = server.requests
    assert received.headers["anthropic-version"] == "2026-10-21"


async def test_a_key_that_a_refusal_quotes_is_not_shown(server, connect):
    said = {"type": "authentication_error", "message": "invalid x-api-key: mine-1234"}
    server.play(document(401, {"type": "error", "error": said}))
    provider = connect(server, {"K": "mine-1234"}, auth=KeyFromEnvironment("K"))

    heard = await hear(provider, REQUEST)

    assert heard.fault == "auth"
    assert "mine-1234" not in heard.error.message


async def test_an_overload_is_asked_again_when_the_server_says(server, connect, world):
    said = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}
    server.play(document(529, said, headers=[("retry-after", "3")]), streamed(*ANSWER))

    heard = await hear(connect(server), REQUEST)

    assert heard.text == "Hello."
    assert [retry.reason for retry in heard.retries] == ["overloaded"]
    assert world.waits == [pytest.approx(3.15)]


async def test_a_limit_of_money_is_not_asked_again(server, connect):
    said = {
        "type": "rate_limit_error",
        "message": "spent",
        "details": {"error_code": "enforced_spend_limit_reached"},
    }
    server.play(document(429, {"type": "error", "error": said}))

    heard = await hear(connect(server), REQUEST)

    assert (heard.fault, heard.retries) == ("quota", [])


def test_a_missing_key_is_named_and_the_one_there_is_kept_out_of_the_journal(world):
    settings = ModelSettings(provider="anthropic", name="m")
    environment = {"ANTHROPIC_API_KEY": "sk-ant-1", "OPENAI_API_KEY": "sk-1"}

    assert missing_key(settings, environment) is None
    assert secrets(settings, environment) == ("sk-ant-1",)
    lacking = missing_key(settings, {"OPENAI_API_KEY": "sk-1"})
    assert (lacking.provider, lacking.variables) == (
        "anthropic",
        ("ANTHROPIC_API_KEY",),
    )
    with pytest.raises(MissingKeyError):
        build(settings, environment={}, ports=world.ports())
