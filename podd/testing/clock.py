"""Time that moves when a test says so."""

from __future__ import annotations

import anyio

from podd.core.session.stamps import rfc3339

#: 2026-01-01T00:00:00Z, in nanoseconds since the epoch.
START: int = 1_767_225_600_000_000_000


class ManualClock:
    """The `Clock` of the runtime, standing still until it is advanced."""

    def __init__(self) -> None:
        self._elapsed = 0
        self._waits: list[tuple[int, anyio.Event]] = []
        self._began = anyio.Event()

    def now(self) -> str:
        """RFC 3339, UTC, milliseconds."""
        return rfc3339(START + self._elapsed)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._elapsed / 1e9

    def wall(self) -> float:
        """Seconds since the epoch."""
        return (START + self._elapsed) / 1e9

    def random(self) -> float:
        """Always the middle, so that what is spread by chance is not."""
        return 0.5

    async def wait(self, seconds: float) -> None:
        """Return when the clock has been advanced so far."""
        over = anyio.Event()
        until = self._elapsed + round(seconds * 1e9)
        wait = until, over
        self._waits.append(wait)
        self._began.set()
        try:
            await over.wait()
        finally:
            self._waits.remove(wait)

    @property
    def waits(self) -> list[float]:
        """How much longer each wait takes, in seconds, shortest first."""
        return sorted((until - self._elapsed) / 1e9 for until, _ in self._waits)

    async def waited_on(self, seconds: float) -> None:
        """Return when somebody waits for exactly so much longer."""
        while seconds not in self.waits:
            self._began = anyio.Event()
            await self._began.wait()

    def advance(self, seconds: float) -> None:
        """Move on, and end the waits that are over."""
        self._elapsed += round(seconds * 1e9)
        for until, over in self._waits:
            if until <= self._elapsed:
                over.set()
