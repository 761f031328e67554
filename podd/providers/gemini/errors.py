"""Gemini's refusals, read. Pure.

Google's servers say in `details` what a status means in this case: that a 400 is a bad
key, how long to wait, and whether it is the minute's quota or the day's.

https://ai.google.dev/gemini-api/docs/troubleshooting
https://cloud.google.com/apis/design/errors
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from podd.errors import ProviderError, ProviderFault
from podd.providers.complaint import Complaints
from podd.providers.rejection import Rejection

PROVIDER: Final = "gemini"

#: By `error.status`, for errors that come without an HTTP status.
_FAULTS: Final[Mapping[str, ProviderFault]] = {
    "invalid_argument": "bad_request",
    "failed_precondition": "refused",
    "out_of_range": "bad_request",
    "unauthenticated": "auth",
    "permission_denied": "refused",
    "not_found": "not_found",
    "resource_exhausted": "rate_limited",
    "unavailable": "overloaded",
    "deadline_exceeded": "timed_out",
    "cancelled": "server_error",
    "aborted": "overloaded",
    "internal": "server_error",
    "unknown": "server_error",
}
#: By `reason` of a detail; they say more than the status.
_REASONS: Final[Mapping[str, ProviderFault]] = {
    "API_KEY_INVALID": "auth",
    "ACCESS_TOKEN_EXPIRED": "auth",
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": "auth",
    "ACCOUNT_STATE_INVALID": "auth",
    "CREDENTIALS_MISSING": "auth",
    "BILLING_DISABLED": "quota",
}
#: HTTP statuses that Google uses in a way of its own.
_OWN_STATUSES: Final[Mapping[str, ProviderFault]] = {
    # Free use is not offered there, and billing is not set up.
    "failed_precondition": "refused",
    # 499. We did not cancel it, or nobody would read this.
    "cancelled": "server_error",
}
#: Quotas that no wait of ours outlives: of a day, or used up for good.
_LASTING: Final = re.compile(r"per_?(day|month)|daily|monthly", re.IGNORECASE)
_USED_UP: Final = re.compile(
    r"credits? (is|are) depleted|spending (cap|limit)", re.IGNORECASE
)
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiComplaints(Complaints):
    """Google's refusals: what all servers say, and the details."""

    def from_rejection(self, rejection: Rejection) -> ProviderError:
        """Read an HTTP answer that is no success."""
        return _detailed(super().from_rejection(rejection), rejection.body)

    def from_document(self, data: bytes) -> ProviderError:
        """Read an error that came in place of an answer, or in the middle of one."""
        return _detailed(super().from_document(data), data)


COMPLAINTS: Final = GeminiComplaints(PROVIDER, _FAULTS)


def _detailed(error: ProviderError, body: bytes) -> ProviderError:
    """Correct a fault by what the details say."""
    complaint = _error_of(body)
    status = complaint.get("status")
    own = _OWN_STATUSES.get(status.lower()) if isinstance(status, str) else None
    if own is not None and error.fault == "bad_request":
        error.fault = own
    for detail in _details(complaint):
        if fault := _REASONS.get(str(detail.get("reason"))):
            error.fault = fault
        if error.fault == "rate_limited" and _is_lasting(detail):
            error.fault = "quota"
        delay = _DURATION.fullmatch(str(detail.get("retryDelay")))
        if delay and error.retry_after_seconds is None:
            error.retry_after_seconds = float(delay[1])
    if error.fault == "rate_limited" and _USED_UP.search(error.message):
        error.fault = "quota"
    return error


def _is_lasting(detail: dict[str, Any]) -> bool:
    """Whether a detail names a quota that is not back within minutes."""
    violations = detail.get("violations")
    metadata = detail.get("metadata")
    found = violations if isinstance(violations, list) else []
    for violation in (*found, metadata):
        if not isinstance(violation, dict):
            continue
        names = (violation.get("quotaId"), violation.get("quota_limit"))
        if any(_LASTING.search(name) for name in names if isinstance(name, str)):
            return True
        # A quota of nothing: this model is not part of the plan.
        if violation.get("quotaValue") == "0":
            return True
    return False


def _error_of(body: bytes) -> dict[str, Any]:
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    if isinstance(document, list) and document:
        document = document[0]
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _details(complaint: dict[str, Any]) -> Iterator[dict[str, Any]]:
    details = complaint.get("details")
    if isinstance(details, list):
        yield from (detail for detail in details if isinstance(detail, dict))
