"""Words and statuses of https://docs.cohere.com/v2/reference/errors."""

from __future__ import annotations

import msgspec
import pytest

from podd.providers.cohere.errors import COMPLAINTS
from podd.providers.rejection import Rejection


def _rejected(status, message, **headers):
    body = msgspec.json.encode({"id": "1", "message": message})
    return COMPLAINTS.from_rejection(Rejection(status, headers, body, at=0.0))


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (400, "too many tokens: size limit exceeded by 9 tokens.", "context_overflow"),
        (
            400,
            "too many tokens: total number of tokens in the prompt cannot exceed 4081",
            "context_overflow",
        ),
        (
            400,
            "too many tokens: multi-hop prompt is too long even after truncation",
            "context_overflow",
        ),
        # The conversation is short enough: nothing that compaction could mend.
        (
            400,
            "too many tokens: max tokens must be less than or equal to 4096",
            "bad_request",
        ),
        (400, "tool call id not found in previous tool calls", "bad_request"),
        (401, "invalid api token", "auth"),
        (402, "Please add or update your payment method to continue", "quota"),
        (404, "model 'xyz' not found, make sure", "not_found"),
        (422, "unknown field: parameter x is not a valid field", "bad_request"),
        (429, "You are past the per minute request limit", "rate_limited"),
        (429, "limit is 100000 tokens per minute: too many tokens", "rate_limited"),
        (
            429,
            "a Trial key, which is limited to 40 API calls / minute.",
            "rate_limited",
        ),
        (429, "a Trial key, which is limited to 1000 API calls / month.", "quota"),
        (498, "deny-listed", "content_filter"),
        (499, "request cancelled", "cut"),
        (500, "internal server error", "server_error"),
        (501, "not implemented", "bad_request"),
        (503, "unavailable", "overloaded"),
        (504, "timeout", "timed_out"),
    ],
)
def test_each_refusal_has_its_fault(status, message, fault):
    error = _rejected(status, message)

    assert (error.fault, error.status) == (fault, status)
    assert message in error.message
    assert error.provider == "cohere"


def test_what_the_server_asks_to_wait_is_kept():
    error = _rejected(429, "slow down", **{"retry-after": "7"})

    assert error.retry_after_seconds == 7
