"""Streams as the Messages API sends them, and as other servers of it do.

https://platform.claude.com/docs/en/build-with-claude/streaming
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import (
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from podd.core.context.response import ReasoningDelta, TextDelta, ToolCallDelta
from podd.errors import ProviderError
from podd.providers.anthropic.content import answer_blocks
from podd.providers.anthropic.stream import MessageStream
from podd_protocol.values import Usage

USAGE = {"input_tokens": 10, "output_tokens": 5}


def event(name, **data):
    body = msgspec.json.encode({"type": name, **data})
    return b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


def start(index, **block):
    return event("content_block_start", index=index, content_block=block)


def piece(index, kind, **delta):
    return event("content_block_delta", index=index, delta={"type": kind, **delta})


def stop(index):
    return event("content_block_stop", index=index)


def text(index, *words):
    pieces = [piece(index, "text_delta", text=word) for word in words]
    return [start(index, type="text", text=""), *pieces, stop(index)]


def ended(reason, **more):
    usage = more.pop("usage", USAGE)
    return event("message_delta", delta={"stop_reason": reason, **more}, usage=usage)


BEGUN = event("message_start", message={"role": "assistant", "usage": USAGE})
OVER = event("message_stop")


def hear(*pieces):
    """Give the deltas and the response."""
    decoder = MessageStream(400)
    deltas = [delta for data in pieces for delta in decoder.feed(data)]
    return deltas, decoder.finish()


def answer(*pieces, reason="end_turn"):
    return hear(BEGUN, *pieces, ended(reason), OVER)[1]


def failed(*pieces):
    with pytest.raises(ProviderError) as caught:
        hear(*pieces)
    return caught.value


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "output_limit"),
        ("model_context_window_exceeded", "context_overflow"),
        ("refusal", "content_filter"),
        # Only what the vendor runs itself pauses, and nobody asked for that.
        ("pause_turn", "unknown"),
        ("nobody_knows_it", "unknown"),
    ],
)
def test_why_it_ended(reason, found):
    assert answer(*text(0, "x"), reason=reason).stop_reason == found


def test_parallel_calls_are_told_apart_by_their_index():
    calls = [
        start(1, type="tool_use", id="toolu_a", name="f", input={}),
        start(2, type="tool_use", id="toolu_b", name="f", input={}),
        piece(1, "input_json_delta", partial_json='{"n":'),
        piece(2, "input_json_delta", partial_json='{"n":'),
        piece(1, "input_json_delta", partial_json="1}"),
        piece(2, "input_json_delta", partial_json="2}"),
        stop(2),
        stop(1),
    ]

    deltas, response = hear(BEGUN, *text(0, "x"), *calls, ended("tool_use"), OVER)

    assert response.parts == (
        TextPart("x"),
        ToolCallPart("", "f", '{"n":1}', "toolu_a"),
        ToolCallPart("", "f", '{"n":2}', "toolu_b"),
    )
    assert [d for d in deltas if isinstance(d, ToolCallDelta)] == [
        ToolCallDelta(0, "f", ""),
        ToolCallDelta(1, "f", ""),
        ToolCallDelta(0, "f", '{"n":'),
        ToolCallDelta(1, "f", '{"n":'),
        ToolCallDelta(0, "f", "1}"),
        ToolCallDelta(1, "f", "2}"),
    ]


def test_a_call_without_arguments_takes_none_and_one_may_bring_all_at_once():
    response = answer(
        start(0, type="tool_use", id="a", name="f", input={}),
        piece(0, "input_json_delta", partial_json=""),
        stop(0),
        start(1, type="tool_use", id="b", name="g", input={"x": 1.50}),
        start(2, type="tool_use", id="b", name="g"),
        reason="tool_use",
    )

    assert [(part.arguments, part.provider_call) for part in response.parts] == [
        ("{}", "a"),
        ('{"x":1.5}', "b"),
        ("{}", ""),
    ]


def test_a_call_that_a_limit_cut_off_does_not_look_complete():
    response = answer(
        start(0, type="tool_use", id="a", name="f", input={}), reason="max_tokens"
    )

    assert (response.stop_reason, response.parts[0].arguments) == ("output_limit", "")


def test_arguments_of_no_call_are_no_answer():
    error = failed(BEGUN, piece(0, "input_json_delta", partial_json="{}"))

    assert error.fault == "malformed"
    assert "never began" in error.message


def test_thoughts_go_back_as_they_came():
    deltas, response = hear(
        BEGUN,
        start(0, type="thinking", thinking="", signature=""),
        piece(0, "thinking_delta", thinking="Let me "),
        piece(0, "thinking_delta", thinking="see."),
        piece(0, "signature_delta", signature="c2ln"),
        stop(0),
        start(1, type="redacted_thinking", data="ZGF0YQ=="),
        stop(1),
        # Its words are kept back.
        start(2, type="thinking", thinking="", signature=""),
        piece(2, "signature_delta", signature="bmFt"),
        stop(2),
        *text(3, "So."),
        ended("end_turn"),
        OVER,
    )

    assert [part.text for part in response.parts] == ["Let me see.", "", "", "So."]
    assert {p.provider for p in response.parts[:3]} == {"anthropic"}
    assert answer_blocks(ModelItem(response.parts)) == [
        {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "thinking", "thinking": "", "signature": "bmFt"},
        {"type": "text", "text": "So."},
    ]
    assert deltas[:2] == [ReasoningDelta("Let me "), ReasoningDelta("see.")]


def test_a_thought_that_was_not_signed_is_told_and_does_not_go_back():
    response = answer(
        start(0, type="thinking", thinking="Hm.", signature=""),
        stop(0),
        *text(1, "So."),
    )

    assert response.parts == (ReasoningPart("Hm."), TextPart("So."))


def test_blocks_of_one_kind_in_a_row_stay_apart():
    response = answer(
        start(0, type="thinking", thinking="Hm."),
        stop(0),
        start(1, type="thinking", thinking="So?"),
        stop(1),
        *text(2, "a", "b"),
        *text(3, "c"),
    )

    assert [part.text for part in response.parts] == ["Hm.", "So?", "ab", "c"]


def test_all_that_was_counted_is_counted_once():
    begun = {
        "input_tokens": 100,
        "cache_read_input_tokens": 2000,
        "cache_creation_input_tokens": 300,
        "output_tokens": 1,
    }
    later = {"input_tokens": None, "output_tokens": 40}
    last = {
        "input_tokens": 100,
        "cache_read_input_tokens": 2000,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 7},
    }
    _, response = hear(
        event("message_start", message={"usage": begun}),
        *text(0, "x"),
        event("message_delta", delta={}, usage=later),
        ended("end_turn", usage=last),
        OVER,
    )

    assert response.usage == Usage(
        input_tokens=100,
        output_tokens=50,
        cache_read_tokens=2000,
        cache_write_tokens=300,
        reasoning_tokens=7,
        requests=1,
    )


def test_a_server_that_does_not_count_is_estimated():
    _, response = hear(*text(0, "12345678"), ended("end_turn", usage=None), OVER)

    assert response.usage == Usage(
        input_tokens=100, output_tokens=2, requests=1, estimated=True
    )


def test_names_of_events_and_starts_of_text_may_be_left_out():
    bare = [
        data.partition(b"\n")[2]
        for data in (BEGUN, piece(0, "text_delta", text="x"), ended("end_turn"), OVER)
    ]

    deltas, response = hear(*bare, b"data: [DONE]\n\n")

    assert (deltas, response.parts) == ([TextDelta("x")], (TextPart("x"),))


def test_without_its_end_marker_an_answer_is_cut_unless_it_was_whole():
    error = failed(BEGUN, *text(0, "x"))
    assert (error.fault, "end marker" in error.message) == ("cut", True)

    _, response = hear(BEGUN, *text(0, "x"), ended("end_turn"))
    assert response.stop_reason == "stop"

    half = ended("end_turn")[:-20]
    assert failed(BEGUN, *text(0, "x"), half).fault == "cut"
    assert hear(BEGUN, *text(0, "x"), ended("end_turn"), OVER[:-9])[1].parts


@pytest.mark.parametrize("name", [b"event: error\n", b""])
def test_an_error_in_a_stream_is_one_whatever_it_is_called(name):
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}'
    error = failed(BEGUN, *text(0, "x"), name + b"data: " + body + b"\n\n")

    assert (error.fault, error.message) == ("overloaded", "Busy")


def test_a_refusal_says_why():
    details = {"type": "refusal", "category": "bio", "explanation": "Not that."}
    error = failed(BEGUN, ended("refusal", stop_details=details), OVER)

    assert error.fault == "content_filter"
    assert "bio, Not that." in error.message


@pytest.mark.parametrize(
    ("pieces", "fault"),
    [
        ([BEGUN, ended("end_turn"), OVER], "empty_response"),
        ([BEGUN, *text(0, " \n"), ended("end_turn"), OVER], "empty_response"),
        ([b'event: content_block_delta\ndata: {"type":\n\n'], "malformed"),
        ([piece("one", "text_delta", text="x")], "malformed"),
        ([event("content_block_start", index=0, content_block=7)], "malformed"),
        ([b"data: 7\n\n"], "malformed"),
        ([b'{"type":"message","content":null}'], "malformed"),
        ([b'{"id":"msg_1"}'], "malformed"),
        ([b"[]"], "malformed"),
        ([b'{"type":"message","content":['], "malformed"),
        ([b'{"type":"error","error":{"type":"api_error"}}'], "server_error"),
        ([b'{"error":{"type":"not_found_error","message":"m"}}'], "not_found"),
        ([b"<html><title>Log in</title></html>"], "malformed"),
        ([b"\n\n"], "cut"),
    ],
)
def test_what_is_no_answer(pieces, fault):
    assert failed(*pieces).fault == fault


def test_an_unknown_kind_of_event_may_have_any_shape():
    strange = event("content_block_mood", index="one", delta=[7], usage={"a": 1})

    assert answer(strange, *text(0, "x")).parts == (TextPart("x"),)


def test_a_whole_document_is_what_its_stream_would_have_been():
    document = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "ZGF0YQ=="},
            {"type": "text", "text": "I look."},
            {"type": "server_tool_use", "id": "s", "name": "n", "input": {"a": 1}},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"x": "é"}},
        ],
        "stop_reason": "tool_use",
        "usage": USAGE,
    }
    streamed = answer(
        start(0, type="thinking", thinking="Hm."),
        piece(0, "signature_delta", signature="c2ln"),
        start(1, type="redacted_thinking", data="ZGF0YQ=="),
        *text(2, "I ", "look."),
        start(4, type="tool_use", id="a", name="f"),
        piece(4, "input_json_delta", partial_json='{"x":"é"}'),
        reason="tool_use",
    )

    assert hear(msgspec.json.encode(document)) == ([], streamed)
