from __future__ import annotations

import msgspec

from podd.core.context.conversation import (
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings
from podd.testing.provider_server import event, streamed


def _said(text):
    content = {"message": {"content": {"text": text}}}
    return event({"type": "content-delta", "index": 0, "delta": content})


END = event({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}})


async def test_a_request_is_sent_as_cohere_expects_it(server, world, ask, hear):
    server.play(streamed(_said("fine"), END))
    settings = ModelSettings(
        provider="cohere",
        name="command-a",
        base_url=server.url.removesuffix("/v1"),
        auth=KeyFromEnvironment("MY_KEY"),
    )
    provider = build(settings, environment={"MY_KEY": "co-1"}, ports=world.ports())
    heard = await hear(provider, ask())
    await provider.aclose()
    (request,) = server.requests

    assert heard.text == "fine"
    assert (request.method, request.path) == ("POST", "/v2/chat")
    assert request.headers["authorization"] == "Bearer co-1"
    assert request.headers["accept"] == "text/event-stream"
    assert request.json()["stream"] is True


async def test_a_conversation_of_another_provider_goes_on(server, world, ask, hear):
    server.play(streamed(_said("fine"), END))
    base = server.url.removesuffix("/v1")
    settings = ModelSettings(provider="cohere", name="m", base_url=base)
    provider = build(settings, environment={}, ports=world.ports())
    call = ToolCallPart("t1.1.1", "read_file", '{"path":"x"}', "")
    await hear(
        provider,
        ask(
            UserItem("look"),
            ModelItem((call, TextPart("I looked."))),
            ToolResultItem("t1.1.1", "read_file", "ok", "said"),
        ),
    )
    await provider.aclose()
    _, _, called, result = server.requests[0].json()["messages"]

    assert "authorization" not in server.requests[0].headers
    assert called["tool_plan"] == "I looked."
    assert called["tool_calls"][0]["id"] == result["tool_call_id"] == "t1.1.1"
    assert msgspec.json.decode(called["tool_calls"][0]["function"]["arguments"]) == {
        "path": "x"
    }
