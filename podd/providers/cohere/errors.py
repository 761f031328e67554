"""Cohere's refusals, read. Pure.

Bodies are `{"message"}` and hold no code, so the status and the words decide; see
https://docs.cohere.com/v2/reference/errors. What is said of 498, 499 and 501 is in the
vendor's OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from podd.errors import ProviderFault
from podd.providers.complaint import Complaint, Complaints

PROVIDER: Final = "cohere"

_FAULTS_OF_STATUSES: Final[Mapping[int, ProviderFault]] = {
    498: "content_filter",  # a word that is on a list of forbidden ones
    499: "cut",  # cancelled on the way, and not by us: worth another try
    501: "bad_request",  # a feature that is not there will not be there in a moment
}
#: Begins like an overflow, and is about the limit that the request sets itself.
_OUTPUT_LIMIT: Final = re.compile(r"max.tokens must be less", re.IGNORECASE)
_OVERFLOW: Final = re.compile(r"too many tokens", re.IGNORECASE)
#: A trial key's calls are also counted by the month; no wait of ours is that long.
_MONTHLY: Final = re.compile(r"(/|per|a) ?month", re.IGNORECASE)
_RATE_LIMITED: Final = 429


class _CohereComplaints(Complaints):
    """Statuses and words that have a meaning of their own here."""

    def _fault(self, status: int | None, complaint: Complaint) -> ProviderFault:
        if _OUTPUT_LIMIT.search(complaint.message):
            return "bad_request"
        if status == _RATE_LIMITED and _MONTHLY.search(complaint.message):
            return "quota"
        if status != _RATE_LIMITED and _OVERFLOW.search(complaint.message):
            return "context_overflow"
        if status is not None and (fault := _FAULTS_OF_STATUSES.get(status)):
            return fault
        return super()._fault(status, complaint)


COMPLAINTS: Final = _CohereComplaints(PROVIDER, {})
