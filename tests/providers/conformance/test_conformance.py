"""One suite for all providers, over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, get_args

import msgspec
import pytest

from podd.core.context.conversation import (
    ConversationItem,
    DocumentPart,
    ImagePart,
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import (
    ModelRequest,
    NamedTool,
    Sampling,
    Surface,
    ToolSpec,
)
from podd.core.context.response import (
    ModelResponse,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from podd.errors import ProviderFault
from podd.providers.registry import build
from podd.testing.provider_server import Reply, Reset, chunked, head, streamed, whole
from podd_protocol.values import Usage
from tests.providers.conformance.dialect import USAGE, Asked, Dialect, Said
from tests.providers.conformance.dialects import DIALECTS
from tests.providers.conftest import Heard, World, hear

PNG = ImagePart("image/png", "iVBORw0KGgo=")
PDF = DocumentPart("application/pdf", "JVBERi0x", "a.pdf")
TOOLS = (
    ToolSpec(
        "read_file",
        "Read a file.",
        {
            "type": "object",
            "properties": {"path": {"type": "string", "description": "Where."}},
            "required": ["path"],
        },
    ),
    ToolSpec("look", "Look around.", {"type": "object", "properties": {}}),
)
SCHEMA = {
    "type": "object",
    "properties": {"sound": {"type": "boolean"}},
    "required": ["sound"],
    "additionalProperties": False,
}
CALLS = (
    ToolCallPart("", "read_file", '{"path":"é.md"}', "call_a"),
    ToolCallPart("", "read_file", '{"path":"b \\"c\\""}', "call_b"),
    ToolCallPart("", "look", "{}", "call_c"),
)

Ask = Callable[..., Awaitable[tuple[Heard, Any]]]


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


def asked(
    *items: ConversationItem, choice: Any = "auto", tools: Any = TOOLS, **sampling: Any
):
    surface = Surface("m", "Be brief.", tools, Sampling(**sampling))
    return ModelRequest(
        surface, items or (UserItem("hello"),), choice, key="s.t1.1", session="s"
    )


def _usage(dialect: Dialect, usage: Usage = USAGE) -> Usage:
    """As much of it as this API tells."""
    told = {
        name: 0
        for count, name in (
            ("cache_read", "cache_read_tokens"),
            ("cache_write", "cache_write_tokens"),
            ("reasoning", "reasoning_tokens"),
        )
        if count not in dialect.counts
    }
    return msgspec.structs.replace(usage, **told)


def _needs(dialect: Dialect, *capabilities: str) -> None:
    missing = set(capabilities) - dialect.capabilities
    if missing:
        pytest.skip(f"{dialect.name} has no {', '.join(sorted(missing))}")


def _called(dialect: Dialect, calls=CALLS) -> tuple[ToolCallPart, ...]:
    """Calls as they stand in a conversation: with our ids."""
    return tuple(
        msgspec.structs.replace(call, call=f"t1.1.{number}")
        for number, call in enumerate(calls, 1)
    )


def _same_calls(dialect: Dialect, found, calls=CALLS) -> None:
    assert [(call.name, msgspec.json.decode(call.arguments)) for call in found] == [
        (call.name, msgspec.json.decode(call.arguments)) for call in calls
    ]
    ids = [call.provider_call for call in found]
    assert len(set(ids)) == len(ids), "each call has an id of its own"
    if dialect.has_ids:
        assert ids == [call.provider_call for call in calls]


@pytest.mark.parametrize("stream", [True, False])
async def test_text_comes_whole_with_what_it_used(dialect, ask, stream):
    heard, request = await ask(Said((TextPart("Grüße, 日本 🦭"),)), stream=stream)

    assert heard.error is None, heard.error
    assert heard.response == ModelResponse(
        (TextPart("Grüße, 日本 🦭"),), "stop", _usage(dialect)
    )
    if stream:
        assert [type(delta) for delta in heard.deltas] == [TextDelta, TextDelta]
        assert "".join(delta.text for delta in heard.deltas) == "Grüße, 日本 🦭"
    assert (request.model, request.system, request.stream) == ("m", "Be brief.", stream)
    assert request.items == [("user", "text", "hello")]
    assert request.tools == list(TOOLS)


@pytest.mark.parametrize("stream", [True, False])
async def test_parallel_calls_come_with_their_arguments_and_ids(dialect, ask, stream):
    heard, _ = await ask(Said((TextPart("I look."), *CALLS), "tool_use"), stream=stream)

    assert heard.error is None, heard.error
    text, *calls = heard.response.parts
    assert text == TextPart("I look.")
    _same_calls(dialect, calls)
    assert heard.response.stop_reason == "tool_use"
    if stream:
        told = [delta for delta in heard.deltas if isinstance(delta, ToolCallDelta)]
        assert {delta.index for delta in told} == {0, 1, 2}
        for number, call in enumerate(calls):
            pieces = [delta.arguments for delta in told if delta.index == number]
            said = "".join(pieces) or "{}"
            assert msgspec.json.decode(said) == msgspec.json.decode(call.arguments)


async def test_results_go_back_to_their_calls(dialect, ask):
    calls = _called(dialect)
    results = [
        ToolResultItem(call.call, call.name, status, text, call.provider_call)
        for call, status, text in zip(
            calls,
            ("ok", "error", "denied"),
            ("it says", "no such file", "not yours"),
            strict=True,
        )
    ]
    items = (UserItem("look"), ModelItem((TextPart("I look."), *calls)), *results)
    items += (UserItem("and?", "notification"),)

    _, request = await ask(Said((TextPart("Done."),)), asked(*items))

    def identity(call):
        return call.provider_call if dialect.has_ids else call.name

    assert request.items == [
        ("user", "text", "look"),
        ("model", "text", "I look."),
        *(
            ("model", "call", identity(c), c.name, msgspec.json.decode(c.arguments))
            for c in calls
        ),
        *(
            ("result", identity(c), result.text)
            for c, result in zip(calls, results, strict=True)
        ),
        ("user", "text", "and?"),
    ]


async def test_arguments_that_are_broken_go_back_as_an_object(dialect, ask):
    call = ToolCallPart("t1.1.1", "look", '{"pa', "call_a")
    result = ToolResultItem("t1.1.1", "look", "error", "broken", "call_a")

    heard, request = await ask(
        Said((TextPart("Sorry."),)), asked(UserItem("x"), ModelItem((call,)), result)
    )

    assert heard.error is None, heard.error
    assert request.items[1][-1] == {"invalid_arguments": '{"pa'}


async def test_pictures_and_documents_are_shown_where_they_can_be_seen(dialect, ask):
    for name, part, seen in (
        ("images", PNG, ("user", "image", PNG.media_type, PNG.data)),
        (
            "image_urls",
            ImagePart(url="https://h/x.png"),
            ("user", "image_url", "https://h/x.png"),
        ),
        ("documents", PDF, ("user", "document", PDF.media_type, PDF.data)),
    ):
        parts = (TextPart("before"), part, TextPart("after"))
        item = UserItem("before\n\nafter", parts=parts)
        if name not in dialect.capabilities:
            heard, _ = await ask(Said((TextPart("?"),)), asked(item))
            assert (heard.fault, name in heard.error.message) == ("unsupported", True)
            continue
        heard, request = await ask(Said((TextPart("I see."),)), asked(item))
        assert heard.error is None, heard.error
        assert request.items == [
            ("user", "text", "before"),
            seen,
            ("user", "text", "after"),
        ]


async def test_a_result_may_hold_a_picture(dialect, ask):
    _needs(dialect, "tool_result_images")
    call = _called(dialect)[0]
    result = ToolResultItem(
        call.call, call.name, "ok", "a picture", call.provider_call, images=(PNG,)
    )

    _, request = await ask(
        Said((TextPart("I see."),)), asked(UserItem("x"), ModelItem((call,)), result)
    )

    assert ("result", call.provider_call, "a picture") in request.items or (
        "result",
        call.name,
        "a picture",
    ) in request.items
    assert any(item[-2:] == (PNG.media_type, PNG.data) for item in request.items)


@pytest.mark.parametrize("stream", [True, False])
async def test_thoughts_are_told_and_go_back_to_who_had_them(dialect, ask, stream):
    sealed = "c2lnbmVk" if dialect.replays else None
    thought = ReasoningPart("Let me see.", sealed)
    heard, _ = await ask(
        Said((thought, TextPart("I look."), CALLS[0]), "tool_use"), stream=stream
    )

    assert heard.error is None, heard.error
    parts = heard.response.parts
    told = [part for part in parts if isinstance(part, ReasoningPart)]
    if not told:
        pytest.skip(f"{dialect.name} does not tell what was thought")
    assert "".join(part.text for part in told) == "Let me see."
    if stream:
        deltas = [d for d in heard.deltas if isinstance(d, ReasoningDelta)]
        assert "".join(delta.text for delta in deltas) == "Let me see."

    called = [p for p in parts if isinstance(p, ToolCallPart)]
    kept = tuple(
        msgspec.structs.replace(p, call="t1.1.1") if p in called else p for p in parts
    )
    result = ToolResultItem(
        "t1.1.1", called[0].name, "ok", "said", called[0].provider_call
    )
    _, request = await ask(
        Said((TextPart("Done."),)), asked(UserItem("x"), ModelItem(kept), result)
    )
    replayed = [item for item in request.items if item[1] == "reasoning"]
    if dialect.replays:
        assert [item[3] for item in replayed] == [sealed]
        # Nobody is shown what another provider sealed.
        strange = tuple(
            msgspec.structs.replace(p, provider="another")
            if isinstance(p, ReasoningPart)
            else p
            for p in kept
        )
        _, request = await ask(
            Said((TextPart("Done."),)), asked(UserItem("x"), ModelItem(strange), result)
        )
        assert [item for item in request.items if item[1] == "reasoning"] == []
    else:
        assert replayed == []
    assert [item[0] for item in request.items if item[1] != "reasoning"] == [
        "user",
        "model",
        "model",
        "result",
    ]


OPTIONS = {
    "temperature": {"temperature": 0.5},
    "top_p": {"top_p": 0.25},
    "top_k": {"top_k": 7},
    "stop": {"stop": ("END", "STOP")},
    "reasoning_effort": {"effort": "low"},
    "reasoning_budget": {"budget_tokens": 2048},
    "output_schema": {"output_schema": SCHEMA},
}


@pytest.mark.parametrize("option", OPTIONS)
async def test_an_option_is_sent_or_refused_by_its_name(dialect, ask, option):
    wanted = {"max_output_tokens": 4096} | OPTIONS[option]
    heard, request = await ask(Said((TextPart('{"sound":true}'),)), asked(**wanted))
    if option not in dialect.capabilities:
        assert (heard.fault, request) == ("unsupported", None)
        assert option in heard.error.message
        return
    if heard.fault == "unsupported":
        # There are vendors that take it, but not in a request that has tools.
        assert request is None
        assert f"{option} beside tools" in heard.error.message
        heard, request = await ask(
            Said((TextPart('{"sound":true}'),)), asked(tools=(), **wanted)
        )
    assert heard.error is None, heard.error
    sent = {k: v for k, v in request.options.items() if k in wanted}
    assert sent == {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in wanted.items()
    }


@pytest.mark.parametrize("choice", ["auto", "required", "none", NamedTool("look")])
async def test_the_choice_of_tools_is_told(dialect, ask, choice):
    needed = "named_tool" if isinstance(choice, NamedTool) else "tool_choice"
    if choice not in {"auto", "none"} and needed not in dialect.capabilities:
        heard, request = await ask(Said((TextPart("?"),)), asked(choice=choice))
        assert (heard.fault, request) == ("unsupported", None)
        assert needed in heard.error.message
        return
    call = _called(dialect)[0]
    result = ToolResultItem(call.call, call.name, "ok", "said", call.provider_call)

    _, request = await ask(
        Said((TextPart("Done."),)),
        asked(UserItem("x"), ModelItem((call,)), result, choice=choice),
    )
    _, first = await ask(Said((TextPart("Done."),)), asked(choice=choice))

    assert request.choice == choice
    assert [tool.name for tool in request.tools] == ["read_file", "look"]
    assert first.tools == ([] if choice == "none" else list(TOOLS))


@pytest.mark.parametrize("stop", get_args(StopReason))
@pytest.mark.parametrize("stream", [True, False])
async def test_each_reason_to_stop_is_known(dialect, ask, stop, stream):
    if stop not in dialect.stops:
        pytest.skip(f"{dialect.name} cannot say {stop}")
    parts = (TextPart("So far"), *(CALLS[:1] if stop == "tool_use" else ()))

    heard, _ = await ask(Said(parts, stop), stream=stream)

    assert heard.error is None, heard.error
    assert heard.response.stop_reason == stop


@pytest.mark.parametrize("fault", get_args(ProviderFault))
@pytest.mark.parametrize("stream", [True, False])
async def test_each_refusal_is_known(dialect, ask, world, server, fault, stream):
    if (refusal := dialect.refusal(fault)) is None:
        pytest.skip(f"{dialect.name} does not refuse so")
    server.always = refusal

    heard, _ = await ask(refusal, stream=stream)

    assert heard.fault == fault
    assert "it says why" in heard.error.message
    passing = {"rate_limited", "overloaded", "server_error", "timed_out"}
    assert bool(heard.retries) is (fault in passing)


async def test_a_stream_that_breaks_off_is_no_answer(dialect, ask):
    pieces = dialect.pieces(Said((TextPart("Half of it"),)))
    # Up to the first word, and then nothing: by a reset, and in good order.
    begun = b"".join(pieces[: len(pieces) // 2])
    for reply in (Reply(head(), chunked(begun), Reset()), streamed(begun)):
        heard, _ = await ask(reply)
        assert heard.fault == "cut", heard
        assert heard.response is None


async def test_an_error_in_a_stream_is_no_answer(dialect, ask):
    pieces = dialect.pieces(Said((TextPart("Half of it"),)))

    heard, _ = await ask(streamed(*pieces[: len(pieces) // 2], *dialect.failing()))

    assert heard.fault in {"server_error", "overloaded"}
    assert heard.response is None
    assert "it broke" in heard.error.message


async def test_a_page_and_nothing_at_all_are_no_answers(dialect, ask, server):
    page = b"<!DOCTYPE html><html><title>Log in</title></html>"

    heard, _ = await ask(whole(200, page, content_type="text/html"))
    assert heard.fault == "malformed"
    assert "Log in" in heard.error.message
    # It is asked again, as nothing was heard.
    server.always = whole(200, b"", content_type="text/event-stream")
    heard, _ = await ask(server.always)
    assert heard.fault == "cut"


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_says_nothing_is_none(dialect, ask, stream):
    heard, _ = await ask(Said(()), stream=stream)

    assert heard.fault == "empty_response"


async def test_what_nobody_knows_yet_is_ignored(dialect, ask):
    plain = Said((TextPart("Grüße"), *CALLS), "tool_use")
    pieces = list(dialect.pieces(plain))
    strange = dialect.strange()
    mixed = [pieces[0], *(p for piece in pieces[1:-1] for p in (*strange, piece))]

    heard, _ = await ask(streamed(*mixed, pieces[-1]))
    expected, _ = await ask(plain)

    assert heard.error is None, heard.error
    assert heard.response == expected.response
