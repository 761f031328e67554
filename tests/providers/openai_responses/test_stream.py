from __future__ import annotations

import msgspec
import pytest

from podd.core.context.conversation import TextPart, ToolCallPart
from podd.providers import answer_body
from podd.providers.openai_responses.stream import ResponsesStream
from podd.testing.provider_server import DONE, chat_chunk, event
from podd_protocol.values import Usage
from tests.providers.conformance.openai_responses import named
from tests.providers.openai_responses.conftest import (
    END,
    call_item,
    ending,
    item_added,
    item_done,
    message_item,
    read,
    refused,
    response_event,
    text_delta,
)


def test_usage_is_taken_from_the_end():
    usage = {
        "input_tokens": 2400,
        "input_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 300},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 2440,
    }
    _, response = read(text_delta("a"), ending(usage=usage))

    assert response.usage == Usage(
        input_tokens=100,
        output_tokens=40,
        cache_read_tokens=2000,
        cache_write_tokens=300,
        reasoning_tokens=7,
        requests=1,
    )


@pytest.mark.parametrize("usage", [None, {}, [], {"input_tokens": None}, 7])
def test_what_is_not_counted_is_estimated(usage):
    _, response = read(text_delta("abcdefgh"), ending(usage=usage), sent_bytes=400)

    assert response.usage == Usage(
        input_tokens=100, output_tokens=2, requests=1, estimated=True
    )


@pytest.mark.parametrize(
    ("details", "stop"),
    [
        ({"reason": "max_output_tokens"}, "output_limit"),
        ({"reason": "content_filter"}, "content_filter"),
        ({"reason": "steered"}, "unknown"),
        ({"reason": None}, "unknown"),
        (None, "unknown"),
    ],
)
def test_an_incomplete_response_says_why(details, stop):
    end = ending(status="incomplete", incomplete_details=details)
    _, response = read(text_delta("So far"), end)

    assert (response.parts, response.stop_reason) == ((TextPart("So far"),), stop)


def test_a_limit_that_cuts_a_thought_or_a_call_leaves_what_there_is():
    end = ending(
        status="incomplete", incomplete_details={"reason": "max_output_tokens"}
    )
    _, silent = read(item_added(0, type="reasoning"), end)
    _, called = read(item_added(0, **call_item("a")), end)

    assert (silent.parts, silent.stop_reason) == ((), "output_limit")
    # Not as if it were a call without arguments.
    assert called.parts == (ToolCallPart("", "look", "", "a"),)


def test_a_filter_that_leaves_nothing_is_an_error():
    end = ending(status="incomplete", incomplete_details={"reason": "content_filter"})
    error = refused(end)

    assert error.fault == "content_filter"
    assert "'incomplete', reason 'content_filter'" in error.message


@pytest.mark.parametrize(
    ("failed", "fault"),
    [
        ({"code": "server_error", "message": "it broke"}, "server_error"),
        ({"code": "rate_limit_exceeded", "message": "it broke"}, "rate_limited"),
        ({"code": "bio_policy", "message": "it broke"}, "content_filter"),
    ],
)
def test_a_response_that_failed_is_no_answer(failed, fault):
    error = refused(text_delta("Half"), ending(status="failed", error=failed))

    assert (error.fault, error.message) == (fault, "it broke")


def test_a_failure_without_a_reason_does_not_quote_the_request():
    response = {"status": "failed", "error": None, "instructions": "Be secret."}
    error = refused(response_event("failed", response=response))

    assert error.fault == "server_error"
    assert "secret" not in error.message


@pytest.mark.parametrize(
    "data",
    [
        named({"type": "error", "code": "server_error", "message": "it broke"}),
        named({"type": "error", "code": None, "message": "it broke"}),
        named({"type": "error", "error": {"type": "x", "message": "it broke"}}),
        event({"error": {"message": "it broke", "code": 500}}),
        b'event: error\ndata: {"message": "it broke"}\n\n',
    ],
)
def test_an_error_event_is_no_end(data):
    error = refused(text_delta("Half"), data)

    assert (error.fault, error.message) == ("server_error", "it broke")


@pytest.mark.parametrize(
    "pieces",
    [
        [text_delta("Half")],
        [text_delta("Half"), DONE],
        [text_delta("Half"), END[: len(END) // 2]],
        [response_event("created", response={"status": "in_progress"})],
    ],
)
def test_an_answer_without_its_end_was_cut(pieces):
    assert refused(*pieces).fault == "cut"


def test_an_end_that_only_lacks_its_blank_line_is_one():
    _, response = read(text_delta("Hello"), END.rstrip(b"\n"))

    assert response.parts == (TextPart("Hello"),)


def test_nothing_counts_after_the_end():
    stream = ResponsesStream(0)
    stream.feed(text_delta("Hello") + END + text_delta(" again") + DONE)

    assert stream.is_over
    assert stream.finish().parts == (TextPart("Hello"),)


def test_a_stream_of_another_api_is_known_as_one():
    error = refused(chat_chunk({"content": "fine"}), chat_chunk(finish_reason="stop"))

    assert error.fault == "malformed"
    assert "model.base_url" in error.message


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n\n",
        b"data: [1]\n\n",
        b"data: \xff\n\n",
        response_event("completed", response=7),
    ],
)
def test_what_cannot_be_read_is_malformed(data):
    assert refused(data).fault == "malformed"


def test_events_and_fields_of_tomorrow_are_ignored():
    _, response = read(
        response_event("steer.accepted", output_index="a", item=7, delta=[1]),
        named({"type": "codex.rate_limits", "plan": 1}),
        response_event(
            "output_text.delta", output_index=0, delta="Hello", mood={"good": 1}
        ),
        item_done(1, type=["strange"], content="what", summary=7, name=3),
        response_event("output_text.delta", output_index=0, delta=None),
        END,
    )

    assert response.parts == (TextPart("Hello"),)


def test_an_event_that_never_ends_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(answer_body, "EVENT_BYTES", 100)

    assert refused(b"{" + b" " * 200).fault == "malformed"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"error": {"code": "server_error", "message": "it broke"}}, "server_error"),
        ({"status": "failed", "error": {"code": "bio_policy"}}, "content_filter"),
        ({"status": "failed", "output": []}, "server_error"),
        ({"status": "in_progress", "output": []}, "cut"),
        ({"status": "cancelled", "output": []}, "cut"),
        ({"object": "chat.completion", "choices": []}, "malformed"),
        ({"status": "completed", "output": []}, "empty_response"),
        ([], "malformed"),
    ],
)
def test_a_document_that_holds_no_answer_is_none(document, fault):
    assert refused(msgspec.json.encode(document)).fault == fault


def test_a_whole_document_is_an_answer_even_without_a_status():
    document = {
        "output": [message_item("Hello"), call_item("a", arguments="{}")],
        "error": None,
    }
    _, response = read(msgspec.json.encode(document))

    assert response.parts == (
        TextPart("Hello"),
        ToolCallPart("", "look", "{}", "a"),
    )
    assert response.stop_reason == "tool_use"
