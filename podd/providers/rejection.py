"""An HTTP answer that is none: what its status and headers mean with any provider."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from podd.errors import ProviderFault

_FAULTS: Final[Mapping[int, ProviderFault]] = {
    401: "auth",
    402: "quota",
    403: "refused",
    404: "not_found",
    405: "not_found",
    408: "timed_out",
    409: "overloaded",  # a lock was not had in time
    410: "not_found",
    413: "context_overflow",
    425: "overloaded",
    429: "rate_limited",
    503: "overloaded",
    504: "timed_out",
    524: "timed_out",  # a proxy in front waited in vain
    529: "overloaded",
}

_REDIRECTS: Final = range(300, 400)
_FAULTS_OF_CLASSES: Final[Mapping[int, ProviderFault]] = {
    3: "not_found",
    4: "bad_request",
    5: "server_error",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """What a server said instead of an answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Its beginning, as far as it was read."""
    at: float
    """Unix time in seconds when it came."""

    @property
    def is_redirect(self) -> bool:
        return self.status in _REDIRECTS


def fault_of_status(status: int) -> ProviderFault:
    """Name what an HTTP status says when nothing else is known."""
    if fault := _FAULTS.get(status):
        return fault
    return _FAULTS_OF_CLASSES.get(status // 100, "server_error")


def retry_after_seconds(headers: Mapping[str, str], at: float) -> float | None:
    """Read how long the server asks to wait: milliseconds, seconds, or an HTTP date.

    What is none of these is taken as not said.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - at)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None
