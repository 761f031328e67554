from __future__ import annotations

import msgspec

from podd.core.context.conversation import ModelItem, ToolResultItem, UserItem
from podd.providers.settings import KeyFromEnvironment
from podd.testing.provider_server import ChatCall, chat_stream


async def test_a_request_is_sent_as_the_servers_expect_it(server, connect, ask, hear):
    server.play(chat_stream("fine"))
    auth = KeyFromEnvironment("MY_KEY")
    provider = connect(server.url, auth=auth, environment={"MY_KEY": "sk-1"})
    await hear(provider, ask())
    (request,) = server.requests

    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.headers["content-type"] == "application/json"
    assert request.json()["model"] == "m"


async def test_no_key_is_sent_to_loopback_unless_it_is_named(
    server, connect, ask, hear
):
    server.play(chat_stream("fine"))
    provider = connect(server.url, environment={"OPENAI_API_KEY": "sk-1"})
    await hear(provider, ask())

    assert "authorization" not in server.requests[0].headers


async def test_parallel_calls_one_of_them_broken_go_back_as_a_valid_conversation(
    server, connect, ask, hear
):
    broken = '{"path": "x'
    server.play(
        chat_stream(
            "I look.",
            calls=[
                ChatCall("a", "read_file", '{"path":"README.md"}'),
                ChatCall("b", "read_file", broken),
            ],
        ),
        chat_stream("It is a readme."),
    )
    provider = connect(server.url)
    first = await hear(provider, ask())
    text, *calls = first.response.parts
    called = [msgspec.structs.replace(c, call=f"t{n}") for n, c in enumerate(calls)]
    results = [
        ToolResultItem(c.call, c.name, status, "said", c.provider_call)
        for c, status in zip(called, ("ok", "error"), strict=True)
    ]
    second = await hear(
        provider, ask(UserItem("look"), ModelItem((text, *called)), *results)
    )
    messages = server.requests[1].json()["messages"]
    sent = messages[2]["tool_calls"]

    assert called[1].arguments == broken
    assert second.text == "It is a readme."
    assert [m["role"] for m in messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
    ]
    assert [c["id"] for c in sent] == [m["tool_call_id"] for m in messages[3:]]
    assert [msgspec.json.decode(c["function"]["arguments"]) for c in sent] == [
        {"path": "README.md"},
        {"invalid_arguments": broken},
    ]
