"""A chat completion server's refusals, read. Pure.

Three shapes are common: `{"error": {"message", "type", "code"}}`, `{"message"}` or
`{"detail"}` at the top, and a page of some proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from podd.errors import ProviderError, ProviderFault
from podd.providers.presentation import is_page, page_summary
from podd.providers.rejection import Rejection, fault_of_status, retry_after_seconds

PROVIDER: Final = "openai_chat"

_FAULTS: Final[Mapping[str, ProviderFault]] = {
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "insufficient_balance": "quota",
    "context_length_exceeded": "context_overflow",
    "exceed_context_size_error": "context_overflow",
    "string_above_max_length": "context_overflow",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "rate_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "too_many_requests": "rate_limited",
    "overloaded": "overloaded",
    "overloaded_error": "overloaded",
    "engine_overloaded": "overloaded",
    "service_unavailable": "overloaded",
    "timeout": "timed_out",
    "invalid_api_key": "auth",
    "authentication_error": "auth",
    "permission_error": "refused",
    "model_not_found": "not_found",
    "invalid_request_error": "bad_request",
    "badrequesterror": "bad_request",
}
#: Codes that say more than the status they come with.
_DECISIVE: Final[frozenset[ProviderFault]] = frozenset(
    {"quota", "context_overflow", "content_filter"}
)
#: Servers that have no code for it say it in one of these ways.
_OVERFLOW_WORDS: Final = re.compile(
    r"context (length|window|size)|maximum context|prompt is too long"
    r"|too many (input )?tokens|reduce the length|max_model_len",
    re.IGNORECASE,
)
#: With other statuses the same words mean other things (tokens per minute, say).
_OVERFLOW_STATUSES: Final = frozenset({None, 400, 413, 422, 500})
_FAILING: Final = range(300, 600)


@dataclass(frozen=True, slots=True)
class _Complaint:
    message: str
    words: tuple[str, ...] = ()
    """Its code and type, in lower case, the more telling first."""
    status: int | None = None


def from_rejection(rejection: Rejection) -> ProviderError:
    """Read an HTTP answer that is no success."""
    complaint = _of_body(rejection.body)
    status = rejection.status
    message = complaint.message
    if rejection.is_redirect:
        target = rejection.headers.get("location", "elsewhere")
        message = f"redirected to {target}; set model.base_url to where it really is"
    return ProviderError(
        fault=_fault(status, complaint),
        message=f"HTTP {status}: {message}" if message else f"HTTP {status}",
        provider=PROVIDER,
        status=status,
        retry_after_seconds=retry_after_seconds(rejection.headers, rejection.at),
    )


def from_document(data: bytes) -> ProviderError:
    """Read an error that came in place of an answer, or in the middle of one."""
    complaint = _of_body(data)
    return ProviderError(
        fault=_fault(complaint.status, complaint),
        message=complaint.message or "an error without a message",
        provider=PROVIDER,
        status=complaint.status,
    )


def failed(fault: ProviderFault, message: str) -> ProviderError:
    """Name a fault that we found ourselves."""
    return ProviderError(fault=fault, message=message, provider=PROVIDER)


def _fault(status: int | None, complaint: _Complaint) -> ProviderFault:
    named = next((_FAULTS[w] for w in complaint.words if w in _FAULTS), None)
    if named in _DECISIVE:
        return named
    if status in _OVERFLOW_STATUSES and _OVERFLOW_WORDS.search(complaint.message):
        return "context_overflow"
    if status is not None:
        return fault_of_status(status)
    return named or "server_error"


def _of_body(body: bytes) -> _Complaint:
    if is_page(body):
        return _Complaint(page_summary(body))
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Complaint(body.decode("utf-8", "replace").strip())
    if isinstance(document, list) and document:
        document = document[0]  # Google's servers send a list of one
    if not isinstance(document, dict):
        return _Complaint(str(document))
    return _of_document(document)


def _of_document(document: dict[str, Any]) -> _Complaint:
    error = document.get("error") or document
    if not isinstance(error, dict):
        return _Complaint(str(error))
    message = error.get("message") or error.get("detail") or ""
    if not isinstance(message, str):
        message = msgspec.json.encode(message).decode()
    words = [error.get("code"), error.get("type"), error.get("status")]
    status = next((s for w in words if (s := _status(w)) is not None), None)
    return _Complaint(
        message or msgspec.json.encode(error).decode(),
        tuple(word.lower() for word in words if isinstance(word, str)),
        status,
    )


def _status(word: Any) -> int | None:  # noqa: ANN401  # read from a foreign document
    """Read an HTTP status that stands where others put a word."""
    if isinstance(word, str) and word.isdecimal():
        word = int(word)
    return word if isinstance(word, int) and word in _FAILING else None
