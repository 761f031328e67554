from __future__ import annotations

from podd.core.context.conversation import (
    ModelItem,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, Surface, ToolSpec
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings
from podd.testing.provider_server import document, event, streamed

KEY = "AIza-secret"


def _answer(*parts, stop="STOP"):
    content = {"role": "model", "parts": list(parts)}
    return event({"candidates": [{"content": content, "finishReason": stop}]})


def _provider(world, base_url, **more):
    settings = ModelSettings(
        provider="gemini",
        name="gemini-3-pro",
        base_url=base_url,
        auth=KeyFromEnvironment("MY_KEY"),
        **more,
    )
    return build(settings, environment={"MY_KEY": KEY}, ports=world.ports())


def _request(*items, model="gemini-3-pro"):
    tool = ToolSpec("read_file", "Read a file.", {"type": "object"})
    return ModelRequest(Surface(model, "Be brief.", (tool,)), items or (UserItem("x"),))


async def test_a_key_is_a_header_and_never_in_the_url(server, world, hear):
    server.play(streamed(_answer({"text": "fine"})))
    provider = _provider(world, server.url.removesuffix("/v1"))
    await hear(provider, _request())
    await provider.aclose()

    [request] = server.requests
    assert request.path == ("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse")
    assert request.headers["x-goog-api-key"] == KEY
    assert "authorization" not in request.headers


async def test_vertex_is_shown_a_token(server, world, hear):
    server.play(document(200, {"candidates": [{"finishReason": "SAFETY"}]}))
    base = f"{server.url}/projects/p/locations/global"
    provider = _provider(world, base, stream=False)
    heard = await hear(provider, _request(model="gemini-2.5-pro"))
    await provider.aclose()

    [request] = server.requests
    assert heard.fault == "content_filter"
    assert request.path == (
        "/v1/projects/p/locations/global/publishers/google"
        "/models/gemini-2.5-pro:generateContent"
    )
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert "x-goog-api-key" not in request.headers


async def test_the_key_is_in_no_message(server, world, hear):
    server.play(document(400, {"error": {"code": 400, "message": f"bad key {KEY}"}}))
    provider = _provider(world, server.url)
    heard = await hear(provider, _request())
    await provider.aclose()

    assert heard.fault == "bad_request"
    assert KEY not in heard.error.message


async def test_a_wait_in_the_details_is_waited(server, world, hear):
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [delay]}
    server.play(document(429, {"error": error}), streamed(_answer({"text": "fine"})))
    world.chance = 0.0
    provider = _provider(world, server.url)
    heard = await hear(provider, _request())
    await provider.aclose()

    assert heard.text == "fine"
    assert world.waits == [2.0]


async def test_parallel_calls_of_one_function_come_and_go_in_their_order(
    server, world, hear
):
    calls = [
        {
            "functionCall": {"name": "read_file", "args": {"path": "a"}},
            "thoughtSignature": "c2ln",
        },
        {"functionCall": {"name": "read_file", "args": {"path": "b"}}},
    ]
    server.play(streamed(_answer(*calls)), streamed(_answer({"text": "Done."})))
    provider = _provider(world, server.url)
    first = await hear(provider, _request())
    parts = first.response.parts
    results = [
        ToolResultItem(f"t{n}", call.name, status, f"it says {n}", call.provider_call)
        for n, (call, status) in enumerate(zip(parts[1:], ("ok", "error"), strict=True))
    ]
    await hear(provider, _request(UserItem("x"), ModelItem(parts), *results))
    await provider.aclose()

    contents = server.requests[1].json()["contents"]
    assert contents[1] == {"role": "model", "parts": calls}
    assert [part["functionResponse"]["response"] for part in contents[2]["parts"]] == [
        {"output": "it says 0"},
        {"error": "it says 1"},
    ]


async def test_a_model_of_another_generation_is_spoken_to_in_its_way(
    server, world, hear
):
    """One provider serves both: the configured model may change in a session."""
    server.always = streamed(_answer({"text": "fine"}))
    provider = _provider(world, server.url)
    call = {"name": "look", "args": {}}
    item = ModelItem((ToolCallPart("t1", "look", "{}"),))
    result = ToolResultItem("t1", "look", "ok", "said")
    for model in ("gemini-3-pro", "gemini-2.5-pro"):
        await hear(provider, _request(UserItem("x"), item, result, model=model))
    await provider.aclose()

    signed, plain = (r.json()["contents"][1]["parts"][0] for r in server.requests)
    assert plain == {"functionCall": call}
    assert set(signed) == {"functionCall", "thoughtSignature"}
