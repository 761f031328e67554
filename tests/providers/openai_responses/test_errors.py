from __future__ import annotations

import msgspec
import pytest

from podd.providers.openai_responses.errors import COMPLAINTS
from podd.providers.rejection import Rejection


def _rejected(status, **error):
    body = msgspec.json.encode({"error": {"message": "it says why", **error}})
    return COMPLAINTS.from_rejection(Rejection(status, {}, body, at=0.0))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("server_error", "server_error"),
        ("rate_limit_exceeded", "rate_limited"),
        ("invalid_prompt", "bad_request"),
        ("bio_policy", "content_filter"),
        ("misalignment_policy_violation", "content_filter"),
        ("image_content_policy_violation", "content_filter"),
        ("data_residency_mismatch", "refused"),
        ("vector_store_timeout", "timed_out"),
        ("image_file_too_large", "bad_request"),
        ("unsupported_image_media_type", "bad_request"),
        ("context_length_exceeded", "context_overflow"),
        ("insufficient_quota", "quota"),
        ("a_code_of_tomorrow", "server_error"),
    ],
)
def test_a_response_that_failed_is_read_by_its_code(code, fault):
    failed = {"status": "failed", "error": {"code": code, "message": "it says why"}}

    error = COMPLAINTS.from_document(msgspec.json.encode(failed))

    assert (error.fault, error.provider) == (fault, "openai_responses")
    assert error.message == "it says why"


def test_a_bad_request_is_one_whatever_its_code_and_names_what_was_wrong():
    error = _rejected(400, code="unsupported_value", param="reasoning.effort")

    assert (error.fault, error.message) == ("bad_request", "HTTP 400: it says why")


def test_a_conversation_that_is_too_long_is_known_by_code_and_by_words():
    by_code = _rejected(400, code="context_length_exceeded")
    by_words = _rejected(
        400,
        code="invalid_prompt",
        message="Your input exceeds the context window of this model.",
    )

    assert by_code.fault == by_words.fault == "context_overflow"
