"""A chat completion server's refusals, read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.errors import ProviderFault
from podd.providers.complaint import Complaints

PROVIDER: Final = "openai_chat"

#: The codes and types of OpenAI, and of servers that speak its languages.
FAULTS: Final[Mapping[str, ProviderFault]] = {
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

COMPLAINTS: Final = Complaints(PROVIDER, FAULTS)


def complaints_of(called: str) -> Complaints:
    """Read the refusals of a service; errors name it so."""
    return COMPLAINTS if called == PROVIDER else Complaints(called, FAULTS)
