"""What a provider makes of an answer, whole or none."""

from __future__ import annotations

from typing import get_args

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
from podd.core.context.response import (
    ModelResponse,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
)
from podd.errors import ProviderFault
from podd.testing.provider_server import Reply, Reset, chunked, head, streamed, whole
from tests.providers.conformance.dialect import Said
from tests.providers.conformance.exchange import (
    CALLS,
    TOOLS,
    asked,
    each,
    same_calls,
    usage_told,
)


@pytest.mark.parametrize("stream", [True, False])
async def test_text_comes_whole_with_what_it_used(dialect, ask, stream):
    heard, request = await ask(Said((TextPart("Grüße, 日本 🦭"),)), stream=stream)

    assert heard.error is None, heard.error
    assert heard.response == ModelResponse(
        (TextPart("Grüße, 日本 🦭"),), "stop", usage_told(dialect)
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
    same_calls(dialect, calls)
    assert heard.response.stop_reason == "tool_use"
    if stream:
        told = [delta for delta in heard.deltas if isinstance(delta, ToolCallDelta)]
        assert {delta.index for delta in told} == {0, 1, 2}
        for number, call in enumerate(calls):
            pieces = [delta.arguments for delta in told if delta.index == number]
            said = "".join(pieces) or "{}"
            assert msgspec.json.decode(said) == msgspec.json.decode(call.arguments)


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


@each("stop", get_args(StopReason), lambda dialect, stop: stop in dialect.stops)
@pytest.mark.parametrize("stream", [True, False])
async def test_each_reason_to_stop_is_known(dialect, ask, stop, stream):
    parts = (TextPart("So far"), *(CALLS[:1] if stop == "tool_use" else ()))

    heard, _ = await ask(Said(parts, stop), stream=stream)

    assert heard.error is None, heard.error
    assert heard.response.stop_reason == stop


@each("fault", get_args(ProviderFault), lambda dialect, fault: dialect.refusal(fault))
@pytest.mark.parametrize("stream", [True, False])
async def test_each_refusal_is_known(dialect, ask, world, server, fault, stream):
    server.always = refusal = dialect.refusal(fault)

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
