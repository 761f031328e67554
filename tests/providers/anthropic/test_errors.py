"""Refusals as the Messages API words them.

https://platform.claude.com/docs/en/api/errors
https://platform.claude.com/docs/en/api/rate-limits
"""

from __future__ import annotations

import msgspec
import pytest

from podd.providers.anthropic.errors import COMPLAINTS
from podd.providers.rejection import Rejection


def _rejected(status, error, headers=None):
    said = {"type": "error", "error": error, "request_id": "req_1"}
    body = msgspec.json.encode(said)
    return COMPLAINTS.from_rejection(Rejection(status, headers or {}, body, 0.0))


def _limit(code):
    return {"type": "rate_limit_error", "details": {"error_code": code}}


TOO_LONG = "prompt is too long: 208310 tokens > 200000 maximum"
TOO_MUCH = (
    "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000,"
    " decrease input length or `max_tokens` and try again"
)


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        (400, {"type": "invalid_request_error"}, "bad_request"),
        (401, {"type": "authentication_error"}, "auth"),
        (402, {"type": "billing_error"}, "quota"),
        (403, {"type": "permission_error"}, "refused"),
        (404, {"type": "not_found_error"}, "not_found"),
        (409, {"type": "conflict_error"}, "overloaded"),
        (413, {"type": "request_too_large"}, "context_overflow"),
        (429, {"type": "rate_limit_error"}, "rate_limited"),
        (500, {"type": "api_error"}, "server_error"),
        (504, {"type": "timeout_error"}, "timed_out"),
        (529, {"type": "overloaded_error"}, "overloaded"),
        (
            400,
            {"type": "invalid_request_error", "message": TOO_LONG},
            "context_overflow",
        ),
        (
            400,
            {"type": "invalid_request_error", "message": TOO_MUCH},
            "context_overflow",
        ),
        # Waiting does not help where the money is spent, whatever the type says.
        (429, _limit("enforced_spend_limit_reached"), "quota"),
        (429, _limit("contract_spend_limit_reached"), "quota"),
        (429, _limit("ramp_limit_exceeded"), "rate_limited"),
        (
            400,
            {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the API.",
            },
            "quota",
        ),
        (
            400,
            {
                "type": "invalid_request_error",
                "message": "You have reached your specified API usage limits.",
            },
            "quota",
        ),
        (
            400,
            {
                "type": "invalid_request_error",
                "message": "Output blocked by content filtering policy",
            },
            "content_filter",
        ),
        # As tokens a minute are counted, this is no overflow.
        (
            429,
            {"type": "rate_limit_error", "message": "too many tokens"},
            "rate_limited",
        ),
        (529, {"type": "something_new"}, "overloaded"),
    ],
)
def test_each_refusal_has_its_fault(status, error, fault):
    found = _rejected(status, {"message": "no", **error})

    assert (found.fault, found.status, found.provider) == (fault, status, "anthropic")
    assert error.get("message", "no") in found.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:09 GMT"}, 9.0),
        ({"anthropic-ratelimit-requests-remaining": "0"}, None),
    ],
)
def test_how_long_to_wait_is_read(headers, seconds):
    found = _rejected(429, {"type": "rate_limit_error", "message": "no"}, headers)

    assert found.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("overloaded_error", "overloaded"),
        ("api_error", "server_error"),
        ("rate_limit_error", "rate_limited"),
        ("timeout_error", "timed_out"),
        ("invalid_request_error", "bad_request"),
        ("nobody_knows_it", "server_error"),
    ],
)
def test_an_error_within_a_stream_has_no_status_and_a_fault(kind, fault):
    error = {"type": "error", "error": {"type": kind, "message": "no"}}
    found = COMPLAINTS.from_document(msgspec.json.encode(error))

    assert (found.fault, found.status, found.message) == (fault, None, "no")
