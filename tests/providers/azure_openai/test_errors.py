"""Bodies in the shapes that Azure's pages on quota and content filters show."""

from __future__ import annotations

import msgspec
import pytest

from podd.providers.azure_openai.errors import COMPLAINTS
from podd.providers.rejection import Rejection


def _rejected(status, error, **headers):
    body = msgspec.json.encode({"error": error})
    return COMPLAINTS.from_rejection(Rejection(status, headers, body, at=0.0))


FILTERED = {
    "message": "The response was filtered due to the prompt triggering the policy",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
    },
}


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        (400, FILTERED, "content_filter"),
        (
            400,
            {"code": "context_length_exceeded", "message": "8193 tokens"},
            "context_overflow",
        ),
        (400, {"code": "unsupported_parameter", "message": "x"}, "bad_request"),
        (400, {"code": "OperationNotSupported", "message": "x"}, "bad_request"),
        (401, {"code": "401", "message": "invalid subscription key"}, "auth"),
        (401, {"code": "PermissionDenied", "message": "lacks the action"}, "auth"),
        (403, {"code": "AccessDenied", "message": "firewall"}, "refused"),
        (404, {"code": "DeploymentNotFound", "message": "no such"}, "not_found"),
        (404, {"code": "404", "message": "Resource not found"}, "not_found"),
        (
            429,
            {"code": "429", "message": "exceeded token rate limit, retry after 6 s"},
            "rate_limited",
        ),
        (429, {"code": "RateLimitReached", "message": "x"}, "rate_limited"),
        (429, {"code": "insufficient_quota", "message": "x"}, "quota"),
        (500, {"code": "InternalServerError", "message": "x"}, "server_error"),
        (503, {"code": "ServiceUnavailable", "message": "x"}, "overloaded"),
    ],
)
def test_each_refusal_has_its_fault(status, error, fault):
    found = _rejected(status, error)

    assert (found.fault, found.provider) == (fault, "azure_openai")
    assert error["message"] in found.message


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("DeploymentNotFound", "not_found"),
        ("RateLimitReached", "rate_limited"),
        ("ResponsibleAIPolicyViolation", "content_filter"),
        ("429", "rate_limited"),
    ],
)
def test_azures_words_are_known_where_no_status_comes_along(code, fault):
    body = msgspec.json.encode({"error": {"code": code, "message": "x"}})

    assert COMPLAINTS.from_document(body).fault == fault


def test_an_unknown_deployment_is_answered_with_what_its_name_is():
    found = _rejected(404, {"code": "DeploymentNotFound", "message": "no such"})

    assert "model.name is the name of the deployment" in found.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "6"}, 6.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    ],
)
def test_what_the_server_asks_to_wait_is_kept(headers, seconds):
    found = _rejected(429, {"code": "429", "message": "x"}, **headers)

    assert found.retry_after_seconds == seconds


def test_a_redirect_names_its_target():
    rejection = Rejection(302, {"location": "https://elsewhere"}, b"", at=0.0)

    assert "https://elsewhere" in COMPLAINTS.from_rejection(rejection).message
