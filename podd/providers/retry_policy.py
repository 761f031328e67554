"""Whether a failed try is followed by another, and when. Pure."""

from __future__ import annotations

from typing import Final

from podd.errors import ProviderError, ProviderFault
from podd.providers.settings import RetryLimits

#: The first wait is somewhere below this; each further one below twice the last.
FIRST_WAIT_SECONDS: Final = 0.5
#: No wait of our own choosing is longer; a server may ask for more.
LONGEST_WAIT_SECONDS: Final = 10.0
#: Pods that were told the same Retry-After should not come back in the same instant.
SPREAD: Final = 0.1

RETRIED: Final[frozenset[ProviderFault]] = frozenset(
    {"unreachable", "timed_out", "rate_limited", "overloaded", "server_error", "cut"}
)
"""Faults that may be gone a moment later. All others would only come again."""


def next_delay(
    error: ProviderError,
    *,
    attempt: int,
    waited_seconds: float,
    remaining_seconds: float,
    limits: RetryLimits,
    chance: float,
) -> float | None:
    """Give the seconds to wait before the next try, or None to give up.

    Args:
        error: what the try ended with.
        attempt: its number, from 1.
        waited_seconds: all waits so far.
        remaining_seconds: until the request's deadline.
        limits: what the settings grant.
        chance: from 0 to 1; spreads the waits (full jitter).
    """
    if error.is_final or error.fault not in RETRIED or attempt >= limits.attempts:
        return None
    asked = error.retry_after_seconds
    if asked is None:
        ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1))
        delay = ceiling * chance
    else:
        delay = asked * (1 + SPREAD * chance)
    # Coming back earlier than asked would be refused again, so the wait is not cut.
    if delay > limits.wait_seconds - waited_seconds or delay >= remaining_seconds:
        return None
    return delay
