"""Fixtures in the forms of https://ai.google.dev/gemini-api/docs/troubleshooting and
https://cloud.google.com/apis/design/errors."""

from __future__ import annotations

import msgspec
import pytest

from podd.providers.gemini.errors import COMPLAINTS
from podd.providers.rejection import Rejection

TYPE = "type.googleapis.com/google.rpc."


def _rejected(status, error, *, listed=False, **headers):
    document = {"error": {"code": status, "message": "it says why", **error}}
    body = msgspec.json.encode([document] if listed else document)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return COMPLAINTS.from_rejection(Rejection(status, named, body, at=0.0))


def _info(reason, **metadata):
    return {"@type": f"{TYPE}ErrorInfo", "reason": reason, "metadata": metadata}


def _quota(*ids, value="20"):
    violations = [{"quotaId": quota, "quotaValue": value} for quota in ids]
    return {"@type": f"{TYPE}QuotaFailure", "violations": violations}


def _retry(delay):
    return {"@type": f"{TYPE}RetryInfo", "retryDelay": delay}


MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(
    ("status", "word", "fault"),
    [
        (400, "INVALID_ARGUMENT", "bad_request"),
        (400, "FAILED_PRECONDITION", "refused"),
        (401, "UNAUTHENTICATED", "auth"),
        (403, "PERMISSION_DENIED", "refused"),
        (404, "NOT_FOUND", "not_found"),
        (429, "RESOURCE_EXHAUSTED", "rate_limited"),
        (499, "CANCELLED", "server_error"),
        (500, "INTERNAL", "server_error"),
        (503, "UNAVAILABLE", "overloaded"),
        (504, "DEADLINE_EXCEEDED", "timed_out"),
    ],
)
def test_each_status_has_its_meaning(status, word, fault, listed):
    error = _rejected(status, {"status": word}, listed=listed)

    assert (error.fault, error.status, error.provider) == (fault, status, "gemini")
    assert "it says why" in error.message


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("API_KEY_INVALID", "auth"),
        ("ACCESS_TOKEN_EXPIRED", "auth"),
        ("BILLING_DISABLED", "quota"),
        ("BAD_FIELD", "bad_request"),
    ],
)
def test_a_reason_says_more_than_the_status(reason, fault):
    error = {"status": "INVALID_ARGUMENT", "details": [_info(reason)]}

    assert _rejected(400, error).fault == fault


@pytest.mark.parametrize(
    "message",
    [
        "The input token count (9) exceeds the maximum number of tokens allowed (8).",
        "The input token count exceeds the maximum number of tokens allowed 8192.",
    ],
)
def test_a_conversation_that_is_too_long_is_known(message):
    error = _rejected(400, {"status": "INVALID_ARGUMENT", "message": message})

    assert error.fault == "context_overflow"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("36s", 36.0), ("36.429760048s", 36.429760048), ("0s", 0.0), ("soon", None)],
)
def test_the_wait_that_is_asked_for_is_kept(delay, seconds):
    error = {"status": "RESOURCE_EXHAUSTED", "details": [_quota(MINUTE), _retry(delay)]}

    found = _rejected(429, error)
    assert (found.fault, found.retry_after_seconds) == ("rate_limited", seconds)


def test_a_header_goes_before_a_detail():
    error = {"status": "RESOURCE_EXHAUSTED", "details": [_retry("36s")]}

    assert _rejected(429, error, retry_after="5").retry_after_seconds == 5


@pytest.mark.parametrize(
    "detail",
    [
        _quota(DAY),
        _quota(MINUTE, DAY),
        _quota(MINUTE, value="0"),
        _info("RATE_LIMIT_EXCEEDED", quota_limit="Gemini25ProRequestsPerDay"),
    ],
)
def test_a_quota_that_no_wait_outlives_is_no_rate_limit(detail):
    error = {"status": "RESOURCE_EXHAUSTED", "details": [detail, _retry("36s")]}

    assert _rejected(429, error).fault == "quota"


def test_an_empty_account_is_no_rate_limit():
    message = "Your prepayment credits are depleted."

    error = _rejected(429, {"status": "RESOURCE_EXHAUSTED", "message": message})
    assert error.fault == "quota"


def test_an_error_in_a_stream_is_read_the_same_way():
    error = {"code": 429, "message": "slow down", "details": [_retry("2s")]}
    found = COMPLAINTS.from_document(msgspec.json.encode({"error": error}))
    assert (found.fault, found.retry_after_seconds) == ("rate_limited", 2.0)

    # Without a status that is one of HTTP's, the word tells.
    error = {"code": 14, "message": "x", "status": "UNAVAILABLE"}
    found = COMPLAINTS.from_document(msgspec.json.encode({"error": error}))
    assert found.fault == "overloaded"


@pytest.mark.parametrize(
    "details",
    ["none", [1], [{"violations": "x"}], [{"violations": [1], "metadata": 2}], {}],
)
def test_details_of_another_shape_are_ignored(details):
    error = {"status": "RESOURCE_EXHAUSTED", "details": details}

    assert _rejected(429, error).fault == "rate_limited"


@pytest.mark.parametrize("body", [b"", b"oops", b"[]", b"3", b'{"error":"x"}', b"\xff"])
def test_what_is_no_error_of_googles_is_told_by_its_status(body):
    rejection = Rejection(502, {}, body, at=0.0)

    assert COMPLAINTS.from_rejection(rejection).fault == "server_error"
