"""An HTTP answer that is none: what its status and headers mean with any provider."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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

_DURATION: Final = re.compile(
    r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
)
#: Days, hours, minutes, seconds, milliseconds, in seconds.
_UNITS: Final = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
#: Seconds; a longer wait is the number of a moment.
_MOMENT: Final = 1e8

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


def limit_reset_seconds(headers: Mapping[str, str], at: float) -> float | None:
    """Read when a limit that is used up is there again, from headers of rate limits.

    OpenAI's and Groq's say `x-ratelimit-remaining-tokens: 0` and
    `x-ratelimit-reset-tokens: 6m0s`, Anthropic's `anthropic-ratelimit-tokens-remaining`
    and `-reset` with a moment. Of several limits the last to come back counts.

    https://platform.openai.com/docs/guides/rate-limits
    https://docs.anthropic.com/en/api/rate-limits
    """
    resets = [
        seconds
        for name, left in headers.items()
        if "ratelimit" in name and "remaining" in name and left.strip() == "0"
        if (seconds := _until(headers.get(name.replace("remaining", "reset"), ""), at))
        is not None
    ]
    return max(resets, default=None)


def is_final(headers: Mapping[str, str]) -> bool:
    """Read whether the server says that another try is of no use.

    OpenAI's and Anthropic's servers do, in `x-should-retry`; their own clients obey it.
    """
    return headers.get("x-should-retry", "").strip().lower() == "false"


def _until(text: str, at: float) -> float | None:
    """Read a duration (`1m30.5s`, `20ms`, seconds) or a moment."""
    text = text.strip()
    if (seconds := _number(text)) is not None:
        # Far beyond any limit's length it can only be a moment.
        return max(0.0, seconds - at) if seconds > _MOMENT else seconds
    if text and (found := _DURATION.fullmatch(text)):
        return sum(
            float(amount) * unit
            for amount, unit in zip(found.groups(), _UNITS, strict=True)
            if amount
        )
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp() - at)
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None
