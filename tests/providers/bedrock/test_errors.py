from __future__ import annotations

import msgspec
import pytest

from podd.providers.bedrock.errors import COMPLAINTS
from podd.providers.rejection import Rejection
from podd.providers.retry_policy import RETRIED


def _rejected(status: int, body: object, **headers: str):
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return COMPLAINTS.from_rejection(Rejection(status, named, data, 0.0))


@pytest.mark.parametrize(
    ("status", "name", "fault"),
    [
        (429, "ThrottlingException", "rate_limited"),
        (400, "ThrottlingException", "rate_limited"),
        (400, "ServiceQuotaExceededException", "quota"),
        (408, "ModelTimeoutException", "timed_out"),
        (429, "ModelNotReadyException", "overloaded"),
        (424, "ModelErrorException", "server_error"),
        (424, "ModelStreamErrorException", "server_error"),
        (503, "ServiceUnavailableException", "overloaded"),
        (500, "InternalServerException", "server_error"),
        (400, "ValidationException", "bad_request"),
        (403, "AccessDeniedException", "refused"),
        (403, "UnrecognizedClientException", "auth"),
        (403, "InvalidSignatureException", "auth"),
        (403, "ExpiredTokenException", "auth"),
        (400, "IncompleteSignature", "auth"),
        (404, "ResourceNotFoundException", "not_found"),
        (418, "SomethingNewException", "bad_request"),
    ],
)
@pytest.mark.parametrize("place", ["header", "type", "namespaced"])
def test_the_name_tells_wherever_it_stands(status, name, fault, place):
    body: dict[str, str] = {"message": "it says why"}
    headers = {}
    if place == "header":
        headers = {"x_amzn_errortype": f"{name}:http://internal.amazon.com/coral/"}
    else:
        body["__type"] = name if place == "type" else f"com.amazon.coral#{name}"

    error = _rejected(status, body, **headers)

    assert (error.fault, error.status) == (fault, status)
    assert error.message == f"HTTP {status}: it says why"


@pytest.mark.parametrize(
    ("name", "message", "fault"),
    [
        (
            "ThrottlingException",
            "Too many tokens, please wait before trying again.",
            "rate_limited",
        ),
        ("ThrottlingException", "Too many tokens per day, please wait.", "quota"),
        (
            "ValidationException",
            "Input is too long for requested model.",
            "context_overflow",
        ),
        (
            "ValidationException",
            "The model returned the following errors: prompt is too long: 9 > 8",
            "context_overflow",
        ),
        (
            "ValidationException",
            "The provided model identifier is invalid.",
            "not_found",
        ),
        (
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
            "auth",
        ),
        (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            "refused",
        ),
    ],
)
def test_words_tell_apart_what_one_name_stands_for(name, message, fault):
    error = _rejected(400, {"message": message}, x_amzn_errortype=name)
    streamed = COMPLAINTS.from_exception(
        msgspec.json.encode({"message": message}), name
    )

    assert (error.fault, streamed.fault) == (fault, fault)
    assert message in error.message


def test_a_spent_quota_is_not_tried_again_and_a_busy_model_is():
    def retried(name: str, message: str = "x") -> bool:
        error = _rejected(400, {"message": message}, x_amzn_errortype=name)
        return error.fault in RETRIED

    assert retried("ThrottlingException")
    assert retried("ModelErrorException")
    assert not retried("ThrottlingException", "Too many tokens per day")
    assert not retried("ServiceQuotaExceededException")
    assert not retried("ExpiredTokenException")


def test_a_message_may_have_a_capital():
    error = _rejected(403, {"Message": "User: arn:aws:iam::1 is not authorized"})

    assert error.message == "HTTP 403: User: arn:aws:iam::1 is not authorized"
    assert error.fault == "refused"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><title>403 Forbidden</title></html>", "403 Forbidden"),
        (b"", "HTTP 403"),
        (b"\xff\xfe", "HTTP 403"),
        (b"[1]", "1"),
        (b'{"error": {"message": "a gateway says no"}}', "a gateway says no"),
        (b'{"__type": 5, "message": "odd"}', "odd"),
        (b'{"__type": "AccessDeniedException", "message": 5}', "AccessDenied"),
    ],
)
def test_what_is_no_refusal_of_aws_is_still_one(body, words):
    error = _rejected(403, body)

    assert error.fault == "refused"
    assert words in error.message


def test_a_name_in_the_header_of_a_page_counts():
    error = _rejected(429, b"slow down", x_amzn_errortype="ThrottlingException")

    assert (error.fault, error.message) == ("rate_limited", "HTTP 429: slow down")
