"""Events of https://docs.cohere.com/v2/docs/tool-use-streaming and odd ones."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.response import ReasoningDelta, TextDelta, ToolCallDelta
from podd.errors import ProviderError
from podd.providers import answer_body
from podd.providers.cohere.stream import CohereStream
from podd_protocol.values import Usage


def _event(kind, index=None, **message):
    delta = {"message": message}
    return _raw({"type": kind, "index": index, "delta": delta})


def _raw(value):
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _start(index, identity, name, arguments=""):
    function = {"name": name, "arguments": arguments}
    return _event(
        "tool-call-start", index, tool_calls={"id": identity, "function": function}
    )


def _more(index, arguments):
    return _event(
        "tool-call-delta", index, tool_calls={"function": {"arguments": arguments}}
    )


def _end(reason="COMPLETE", **more):
    return _raw({"type": "message-end", "delta": {"finish_reason": reason, **more}})


def _said(**content):
    return _event("content-delta", 0, content=content)


def _read(*pieces, sent_bytes=0):
    stream = CohereStream(sent_bytes)
    deltas = [delta for piece in pieces for delta in stream.feed(piece)]
    return deltas, stream.finish()


def _fails(*pieces):
    with pytest.raises(ProviderError) as caught:
        _read(*pieces)
    return caught.value


def test_a_plan_and_its_calls():
    deltas, response = _read(
        _event("tool-plan-delta", tool_plan="I will"),
        _event("tool-plan-delta", tool_plan=" look."),
        _start(0, "grep_a", "grep"),
        _more(0, '{"p":'),
        _more(0, "1}"),
        _start(1, "look_b", "look"),
        _end("TOOL_CALL"),
    )

    assert deltas == [
        TextDelta("I will"),
        TextDelta(" look."),
        ToolCallDelta(0, "grep", ""),
        ToolCallDelta(0, "grep", '{"p":'),
        ToolCallDelta(0, "grep", "1}"),
        ToolCallDelta(1, "look", ""),
    ]
    assert response.parts == (
        TextPart("I will look."),
        ToolCallPart("", "grep", '{"p":1}', "grep_a"),
        ToolCallPart("", "look", "{}", "look_b"),
    )
    assert response.stop_reason == "tool_use"


def test_calls_may_be_told_in_turns_in_lists_whole_or_with_one_index():
    in_turns = [
        _start(4, "a", "x"),
        _start(7, "b", "y"),
        _more(4, "[1]"),
        _more(7, "2"),
    ]
    in_lists = [
        _event(
            "tool-call-start", 0, tool_calls=[{"id": "a", "function": {"name": "x"}}]
        ),
        _event("tool-call-delta", 0, tool_calls=[{"function": {"arguments": "[1]"}}]),
        _start(1, "b", "y", "2"),
    ]
    one_index = [_start(0, "a", "x"), _more(0, "[1]"), _start(0, "b", "y", "2")]
    for pieces in (in_turns, in_lists, one_index):
        _, response = _read(*pieces, _end("TOOL_CALL"))
        assert response.parts == (
            ToolCallPart("", "x", "[1]", "a"),
            ToolCallPart("", "y", "2", "b"),
        )


def test_arguments_that_are_an_object_are_read():
    _, response = _read(_start(0, "a", "x", {"p": 1}), _end("TOOL_CALL"))

    assert response.parts[0].arguments == '{"p":1}'


def test_calls_of_one_id_get_different_ones():
    _, response = _read(_start(0, "a", "x"), _start(1, "a", "x"), _end("TOOL_CALL"))

    ids = {part.provider_call for part in response.parts}
    assert len(ids) == 2


def test_arguments_of_no_call_are_no_answer():
    assert _fails(_more(0, "{}"), _end("TOOL_CALL")).fault == "malformed"


def test_thoughts_are_kept_with_what_sends_them_back():
    deltas, response = _read(
        _event("content-start", 0, content={"type": "thinking", "thinking": "H"}),
        _said(thinking="m."),
        _event("content-end", 0),
        _event("content-start", 1, content={"type": "text", "text": ""}),
        _said(text="Yes."),
        _event("content-end", 1),
        _end(),
    )

    assert deltas == [ReasoningDelta("H"), ReasoningDelta("m."), TextDelta("Yes.")]
    assert response.parts == (
        ReasoningPart("Hm.", "thinking", "cohere"),
        TextPart("Yes."),
    )


def test_a_thought_that_no_event_ends_is_ended_by_what_follows():
    for follows in (_said(text="x"), _start(0, "a", "x"), _event("tool-plan-delta")):
        thought, *_ = _read(_said(thinking="Hm."), follows, _said(text="y"), _end())[
            1
        ].parts
        assert thought == ReasoningPart("Hm.", "thinking", "cohere")


def test_an_empty_thought_is_none():
    block = {"type": "thinking", "thinking": ""}
    _, response = _read(
        _event("content-start", 0, content=block),
        _event("content-end", 0),
        _said(text="Yes."),
        _end(),
    )

    assert response.parts == (TextPart("Yes."),)


def test_usage_is_what_was_read_and_not_what_is_paid_for():
    usage = {
        "billed_units": {"input_tokens": 5, "output_tokens": 2},
        "tokens": {"input_tokens": 900.0, "output_tokens": 30.0},
        "cached_tokens": 600,
    }
    _, response = _read(_said(text="x"), _end(usage=usage))

    assert response.usage == Usage(
        input_tokens=300, output_tokens=30, cache_read_tokens=600, requests=1
    )


@pytest.mark.parametrize(
    "usage", [None, {}, [], {"tokens": None}, {"billed_units": {"input_tokens": 5}}]
)
def test_what_was_not_counted_is_estimated(usage):
    _, response = _read(_said(text="12345678"), _end(usage=usage), sent_bytes=400)

    assert response.usage == Usage(
        input_tokens=100, output_tokens=2, requests=1, estimated=True
    )


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "output_limit"),
        ("TOOL_CALL", "tool_use"),
        ("NEWS", "unknown"),
        (None, "unknown"),
    ],
)
def test_why_it_ended(reason, stop):
    assert _read(_said(text="x"), _end(reason))[1].stop_reason == stop


@pytest.mark.parametrize(
    ("end", "fault", "words"),
    [
        ({"finish_reason": "ERROR"}, "server_error", "'ERROR'"),
        ({"finish_reason": "TIMEOUT"}, "timed_out", "'TIMEOUT'"),
        ({"finish_reason": "ERROR", "error": "it broke"}, "server_error", "it broke"),
        ({"error": {"code": 1}}, "server_error", '{"code":1}'),
        (
            {"finish_reason": "ERROR", "error": "too many tokens: 9"},
            "context_overflow",
            "too many tokens",
        ),
    ],
)
def test_an_answer_that_ends_in_a_failure_is_none(end, fault, words):
    error = _fails(_said(text="x"), _raw({"type": "message-end", "delta": end}))

    assert error.fault == fault
    assert words in error.message


@pytest.mark.parametrize(
    "event",
    [
        _raw({"message": "it broke"}),
        _raw({"type": "error", "message": "it broke"}),
        b'event: error\ndata: {"message":"it broke"}\n\n',
        b'{"message":"it broke"}',
        b'{"id":"1","message":"it broke"}',
        b'{"error":{"message":"it broke"}}',
    ],
)
def test_an_error_in_place_of_an_answer_is_told(event):
    error = _fails(event)

    assert error.fault == "server_error"
    assert error.message == "it broke"


@pytest.mark.parametrize(
    "pieces",
    [
        (_said(text="x"),),
        (_said(text="x"), b"data: [DONE]\n\n"),
        (_said(text="x"), b'data: {"type":"message-'),
        (),
    ],
)
def test_without_its_end_an_answer_was_cut(pieces):
    assert _fails(*pieces).fault == "cut"


def test_an_end_without_its_blank_line_counts():
    assert _read(_said(text="x"), _end().rstrip())[1].parts == (TextPart("x"),)


def test_what_follows_the_end_is_not_read():
    _, response = _read(_said(text="x"), _end(), _said(text="y"), b"data: [DONE]\n\n")

    assert response.parts == (TextPart("x"),)


def test_events_of_unknown_kinds_may_have_any_shape():
    odd = _raw({"type": "mood", "delta": "good", "index": "x", "message": 1})
    _, response = _read(_said(text="x"), odd, _end())

    assert response.parts == (TextPart("x"),)


@pytest.mark.parametrize(
    "event",
    [
        _raw({"type": "content-delta", "delta": "good"}),
        b"event: content-delta\ndata: {" + b'"delta":1}\n\n',
        b"data: no json\n\n",
        b"data: \xff\n\n",
        b'{"message":1}',
        b'{"finish_reason":"COMPLETE"}',
        b"[]",
    ],
)
def test_what_is_no_answer_of_coheres_is_malformed(event):
    assert _fails(event, _end()).fault == "malformed"


def test_a_kind_that_stands_in_the_events_name_alone_is_read():
    data = b'{"delta":{"message":{"content":{"text":"x"}}}}'
    _, response = _read(b"event: content-delta\ndata: " + data + b"\n\n", _end())

    assert response.parts == (TextPart("x"),)


def test_an_event_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr(answer_body, "EVENT_BYTES", 100)

    assert _fails(b'{"message": "' + b"x" * 200).fault == "malformed"
