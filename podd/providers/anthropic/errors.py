"""A server of the Messages API's refusals, read. Pure.

https://platform.claude.com/docs/en/api/errors; the codes are in `error.details`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.errors import ProviderFault
from podd.providers.complaint import Complaints

PROVIDER: Final = "anthropic"

_FAULTS: Final[Mapping[str, ProviderFault]] = {
    "enforced_spend_limit_reached": "quota",
    "contract_spend_limit_reached": "quota",
    "linked_organization_spend_limit_reached": "quota",
    "linked_organization_billing_unavailable": "quota",
    "billing_error": "quota",
    "request_too_large": "context_overflow",
    "request_body_too_large_after_decoding": "context_overflow",
    "rate_limit_error": "rate_limited",
    "overloaded_error": "overloaded",
    "timeout_error": "timed_out",
    "api_error": "server_error",
    "authentication_error": "auth",
    "permission_error": "refused",
    "not_found_error": "not_found",
    "invalid_request_error": "bad_request",
}

#: Said with the type of a malformed request, or of a rate limit.
_PHRASES: Final[Mapping[str, ProviderFault]] = {
    "credit balance is too low": "quota",
    "specified api usage limits": "quota",
    "blocked by content filtering": "content_filter",
}

COMPLAINTS: Final = Complaints(PROVIDER, _FAULTS, _PHRASES)
