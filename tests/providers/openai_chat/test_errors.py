from __future__ import annotations

import msgspec
import pytest

from podd.providers.openai_chat.errors import COMPLAINTS
from podd.providers.rejection import Rejection


def _rejected(status, body=b"", **headers):
    if not isinstance(body, bytes):
        body = msgspec.json.encode(body)
    return COMPLAINTS.from_rejection(Rejection(status, headers, body, at=0.0))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"code": "context_length_exceeded", "message": "long"}}),
        (400, {"error": {"message": "This model's maximum context length is 8192"}}),
        (400, {"error": {"type": "exceed_context_size_error", "message": "x"}}),
        (400, {"object": "error", "message": "reduce the length of the messages"}),
        (500, {"error": {"message": "exceeds the available context size"}}),
        (422, {"detail": "prompt is too long: 9 tokens"}),
        (413, b""),
    ],
)
def test_a_conversation_that_is_too_long_is_known(status, body):
    assert _rejected(status, body).fault == "context_overflow"


def test_the_same_words_about_a_rate_are_no_overflow():
    body = {"error": {"message": "too many tokens per minute", "code": "rate_limit"}}

    assert _rejected(429, body).fault == "rate_limited"


@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached"])
def test_an_empty_account_is_no_rate_limit(code):
    assert _rejected(429, {"error": {"message": "x", "code": code}}).fault == "quota"
    assert _rejected(429, {"error": {"message": "x", "type": code}}).fault == "quota"


def test_a_filtered_request_is_known():
    body = {"error": {"message": "x", "code": "content_filter"}}

    assert _rejected(400, body).fault == "content_filter"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "the reason"}}, "the reason"),
        ({"error": "the reason"}, "the reason"),
        ({"message": "the reason"}, "the reason"),
        ({"detail": "the reason"}, "the reason"),
        ({"detail": [{"loc": ["body"], "msg": "the reason"}]}, "the reason"),
        ([{"error": {"message": "the reason"}}], "the reason"),
        ({"other": "the reason"}, "the reason"),
        (b"the reason\n", "the reason"),
        (b"<html><title>the reason</title>", "the reason"),
        (b"\xffthe reason", "the reason"),
        (b'"the reason"', "the reason"),
    ],
)
def test_the_message_is_found_in_every_shape(body, words):
    error = _rejected(400, body)

    assert words in error.message
    assert error.fault == "bad_request"


def test_a_redirect_says_where_to():
    assert "https://x/v1" in _rejected(308, location="https://x/v1").message


@pytest.mark.parametrize(
    ("document", "fault", "status"),
    [
        ({"error": {"code": 502, "message": "x"}}, "server_error", 502),
        ({"error": {"code": "429", "message": "x"}}, "rate_limited", 429),
        ({"error": {"type": "overloaded_error", "message": "x"}}, "overloaded", None),
        ({"error": {"code": "invalid_api_key", "message": "x"}}, "auth", None),
        ({"error": {"message": "x"}}, "server_error", None),
        ({"error": {"code": 7}}, "server_error", None),
        ({"error": {"code": True, "message": None}}, "server_error", None),
    ],
)
def test_an_error_inside_a_stream_is_read_by_its_code(document, fault, status):
    error = COMPLAINTS.from_document(msgspec.json.encode(document))

    assert (error.fault, error.status) == (fault, status)
    assert error.message
