from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import (
    DocumentPart,
    ModelItem,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import Sampling
from podd.errors import ManifestError
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings
from podd.testing.provider_server import chat_stream


@pytest.fixture(name="azure")
async def _azure(server, world):
    """Builds providers at a path of the server."""
    built = []

    def azure(path="", **more):
        base = server.url.removesuffix("/v1") + path
        settings = ModelSettings(
            provider="azure_openai",
            name="gpt",
            base_url=base,
            auth=KeyFromEnvironment("MY_KEY"),
            **more,
        )
        provider = build(settings, environment={"MY_KEY": "az-1"}, ports=world.ports())
        built.append(provider)
        return provider

    yield azure
    for provider in built:
        await provider.aclose()


@pytest.mark.parametrize(
    ("path", "version", "asked"),
    [
        ("", None, "/openai/deployments/gpt/chat/completions?api-version=2024-10-21"),
        ("", "2025-01-01-preview", "?api-version=2025-01-01-preview"),
        ("/openai/v1", None, "/openai/v1/chat/completions"),
    ],
)
async def test_a_request_is_sent_as_azure_expects_it(
    server, azure, ask, hear, path, version, asked
):
    server.play(chat_stream("fine"))
    request = ask()
    surface = msgspec.structs.replace(
        request.surface, model="gpt", sampling=Sampling(max_output_tokens=9)
    )
    provider = azure(path, api_version=version)
    heard = await hear(provider, msgspec.structs.replace(request, surface=surface))
    (received,) = server.requests
    body = received.json()

    assert heard.text == "fine"
    assert received.path.endswith(asked)
    assert received.headers["api-key"] == "az-1"
    assert "authorization" not in received.headers
    assert (body["model"], body["max_completion_tokens"]) == ("gpt", 9)
    assert "max_tokens" not in body


async def test_arguments_go_back_as_text(server, azure, ask, hear):
    server.play(chat_stream("fine"))
    call = ToolCallPart("t1", "read_file", '{"path":"x"}', "call_a")
    result = ToolResultItem("t1", "read_file", "ok", "said", "call_a")
    await hear(azure(), ask(UserItem("look"), ModelItem((call,)), result))
    called = server.requests[0].json()["messages"][2]["tool_calls"][0]

    assert called["function"]["arguments"] == '{"path":"x"}'


async def test_documents_are_refused_before_anything_is_sent(server, azure, ask, hear):
    part = DocumentPart("application/pdf", "AA")
    heard = await hear(azure(), ask(UserItem("x", parts=(part,))))

    assert heard.fault == "unsupported"
    assert "azure_openai has no documents" in heard.error.message
    assert server.requests == []


def test_without_an_address_none_is_made(world):
    settings = ModelSettings(
        provider="azure_openai", name="gpt", auth=KeyFromEnvironment("MY_KEY")
    )
    with pytest.raises(ManifestError) as caught:
        build(settings, environment={"MY_KEY": "az-1"}, ports=world.ports())

    assert caught.value.key == "model.base_url"
