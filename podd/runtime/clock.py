"""The only reader of time and randomness in a pod."""

from __future__ import annotations

import time
from typing import Protocol

import anyio

from podd.core.session.stamps import rfc3339


class Clock(Protocol):
    """Time and randomness, as the runtime asks for them."""

    def now(self) -> str:
        """The wall clock: RFC 3339, UTC, milliseconds."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def wall(self) -> float:
        """Seconds since the epoch."""

    def random(self) -> float:
        """From 0 up to, not including, 1."""

    async def wait(self, seconds: float) -> None:
        """Return when the time is over."""


class SystemClock:
    """The machine's."""

    def now(self) -> str:
        return rfc3339(time.time_ns())

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time_ns() / 1e9

    def random(self) -> float:
        import random  # late: only a retry needs it

        return random.random()  # noqa: S311  # spreads retries, guards nothing

    async def wait(self, seconds: float) -> None:
        await anyio.sleep(seconds)  # noqa: TID251  # here and nowhere else
