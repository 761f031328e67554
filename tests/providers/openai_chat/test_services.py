"""Services by name. What they want is from the pages that each entry names."""

from __future__ import annotations

from urllib.parse import urlsplit

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
from podd.core.context.request import ModelRequest, Surface, ToolSpec
from podd.errors import MissingKeyError
from podd.providers.keys import find_key, is_loopback
from podd.providers.openai_chat.endpoint import VENDOR, endpoint_of
from podd.providers.openai_chat.quirks import PLAIN, Quirks
from podd.providers.openai_chat.request import encode, encode_item
from podd.providers.openai_chat.services import SERVICES, endpoint_of_service
from podd.providers.registry import missing_key, secrets
from podd.providers.settings import KeyFromEnvironment, ModelSettings
from podd.testing.provider_server import (
    chat_chunk,
    chat_stream,
    document,
    event,
    streamed,
)

CALL = ToolCallPart("t1.1.1", "grep", "{}", "call_abc")
RESULT = ToolResultItem("t1.1.1", "grep", "ok", "said", "call_abc")
THOUGHT = ModelItem((ReasoningPart("hm"), ReasoningPart("m"), CALL))


def _settings(service, **more) -> ModelSettings:
    return ModelSettings(provider="openai_chat", service=service, name="m", **more)


def _body(quirks: Quirks, *items, session="s1", **more):
    request = ModelRequest(
        surface=Surface("m", "", ()), items=items or (UserItem("x"),), session=session
    )
    messages = [encode_item(item, quirks) for item in request.items]
    body = encode(request, messages, token_field="max_tokens", quirks=quirks, **more)
    return msgspec.json.decode(body)


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_an_address_a_key_of_its_own_and_a_page(service):
    known = SERVICES[service]
    address = urlsplit(known.vendor.base_url)
    needed = missing_key(_settings(service), {})

    assert all(page.startswith("https://") for page in known.pages)
    assert known.pages
    if known.vendor.variables:
        assert known.vendor.owns(address)
        assert needed is not None
        assert (needed.provider, needed.variables) == (service, known.vendor.variables)
        environment = {known.vendor.variables[-1]: "k"}
        assert secrets(_settings(service), environment) == ("k",)
    else:
        assert is_loopback(address.hostname or "")
        assert needed is None
    endpoint = endpoint_of_service(service, address)
    assert endpoint.url == f"{known.vendor.base_url}/chat/completions"


def test_openais_key_is_no_services():
    for service in SERVICES:
        assert secrets(_settings(service), {"OPENAI_API_KEY": "sk-1"}) == ()


@pytest.mark.parametrize("url", ["https://evil.example/v1", "http://api.groq.com/v1"])
def test_a_services_key_goes_to_its_own_host_over_tls_alone(url):
    settings = _settings("groq", base_url=url)

    with pytest.raises(MissingKeyError) as caught:
        find_key(settings, SERVICES["groq"].vendor, {"GROQ_API_KEY": "k"})

    assert caught.value.variables == ()
    assert caught.value.provider == "groq"


def test_a_server_of_ones_own_on_another_machine_says_where_its_key_is():
    settings = _settings("ollama", base_url="https://gpu.example/v1")
    needed = missing_key(settings, {})
    named = msgspec.structs.replace(settings, auth=KeyFromEnvironment("GPU"))

    assert needed is not None
    assert needed.host == "gpu.example"
    assert missing_key(named, {"GPU": "k"}) is None


def test_most_servers_are_asked_as_any_is():
    assert _body(PLAIN) == {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_deepseek_sees_again_what_its_model_thought_and_others_do_not():
    """https://api-docs.deepseek.com/guides/thinking_mode"""
    items = (UserItem("x"), THOUGHT, RESULT, ModelItem((TextPart("Done."),)))

    first, last = [
        message
        for message in _body(SERVICES["deepseek"].quirks, *items)["messages"]
        if message["role"] == "assistant"
    ]
    plain = _body(PLAIN, *items)["messages"]

    assert first["reasoning_content"] == "hmm"
    assert first["tool_calls"][0]["id"] == "call_abc"
    assert last == {"role": "assistant", "content": "Done.", "reasoning_content": ""}
    assert not any("reasoning_content" in message for message in plain)


def test_thoughts_alone_are_no_message():
    alone = ModelItem((ReasoningPart("hm"),))

    assert encode_item(alone, SERVICES["deepseek"].quirks) == b""


def test_mistrals_ids_of_calls_have_nine_letters_and_digits():
    quirks = SERVICES["mistral"].quirks
    fits = ToolCallPart("t1", "grep", "{}", "abcDEF123")
    items = (UserItem("x"), ModelItem((CALL, fits)), RESULT)

    _, assistant, result = _body(quirks, *items)["messages"]
    first, second = [call["id"] for call in assistant["tool_calls"]]

    assert (len(first), first.isalnum(), first.isascii()) == (9, True, True)
    assert result["tool_call_id"] == first
    assert second == "abcDEF123"
    assert quirks.call_id("call_abd") != first
    assert PLAIN.call_id("call_abc") == "call_abc"


def test_mistral_is_not_asked_for_counts_that_it_sends_anyway():
    assert "stream_options" not in _body(SERVICES["mistral"].quirks)


@pytest.mark.parametrize(
    ("service", "field"),
    [("mistral", "prompt_cache_key"), ("openrouter", "session_id")],
)
def test_a_session_is_named_in_the_body_where_it_is_offered(service, field):
    quirks = SERVICES[service].quirks

    assert _body(quirks)[field] == "s1"
    assert field not in _body(quirks, session="")


def test_openai_itself_is_told_the_session_and_nobody_who_only_speaks_alike():
    own = endpoint_of(urlsplit(VENDOR.base_url))
    other = endpoint_of(urlsplit("http://127.0.0.1:1/v1"))

    assert _body(own.quirks)["prompt_cache_key"] == "s1"
    assert own.token_field == "max_completion_tokens"
    assert other.quirks == PLAIN


@pytest.mark.parametrize(
    ("service", "header"),
    [("xai", "x-grok-conv-id"), ("fireworks", "x-session-affinity")],
)
async def test_a_session_is_named_in_a_header_where_it_is_offered(
    server, connect, ask, hear, service, header
):
    server.play(chat_stream("fine"), chat_stream("fine"))
    auth = KeyFromEnvironment("K")
    more = {"auth": auth, "environment": {"K": "k"}, "service": service}
    request = msgspec.structs.replace(ask(), session="s1")
    await hear(connect(server.url, **more), request)
    await hear(connect(server.url, **more), ask())

    assert server.requests[0].headers[header] == "s1"
    assert header not in server.requests[1].headers


async def test_what_a_service_cannot_do_is_refused_under_its_name(connect, ask, hear):
    provider = connect(
        "https://api.perplexity.ai",
        service="perplexity",
        environment={"PERPLEXITY_API_KEY": "k"},
    )
    tool = ToolSpec("grep", "Search.", {"type": "object"})
    request = ask()
    surface = msgspec.structs.replace(request.surface, tools=(tool,))

    heard = await hear(provider, msgspec.structs.replace(request, surface=surface))

    assert heard.error is not None
    assert (heard.fault, heard.error.provider) == ("unsupported", "perplexity")
    assert "perplexity has no tools" in heard.error.message


@pytest.mark.parametrize(
    "reply",
    [
        document(401, {"error": {"message": "no"}}),
        document(200, {"error": {"message": "no"}}),
        streamed(event({"error": {"message": "no"}})),
        streamed(chat_chunk({"content": "so"})),
        streamed(event([1])),
    ],
)
async def test_an_error_of_a_service_names_it(server, connect, ask, hear, reply):
    server.play(reply)
    more = {"auth": KeyFromEnvironment("K"), "environment": {"K": "k"}}
    provider = connect(server.url, service="groq", **more)

    heard = await hear(provider, ask())

    assert heard.error is not None
    assert heard.error.provider == "groq"
