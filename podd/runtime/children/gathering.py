"""What was read of the children, told together.

Ten children that end at once are one fact, so they wake their parent once and not ten
times. Whoever reports is waited for a moment, and nobody for long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from podd.core.turn import inputs as i
from podd.runtime.clock import Clock

#: After the newest report it has to be quiet for so long,
QUIET_SECONDS: Final = 0.2
#: but the oldest waits no longer than this.
LONGEST_SECONDS: Final = 1.0
#: Less than this is no wait, but how fractions of a second are rounded.
TICK_SECONDS: Final = 0.001
#: Reports that are enough for one fact.
ENOUGH: Final = 1_000


class Gathering:
    """Keeps what was read until it is told."""

    def __init__(
        self,
        *,
        clock: Clock,
        tell: Callable[[i.ChildrenRead], Awaitable[None]],
        is_held: Callable[[str], bool],
    ) -> None:
        """Gather.

        Args:
            clock: for the moment.
            tell: takes the fact; returns when it was taken.
            is_held: whether a child's reports (by its session) have to wait.
        """
        self._clock = clock
        self._tell = tell
        self._is_held = is_held
        self._reads: list[i.ChildRead] = []
        self._newest = 0.0
        self._news = anyio.Event()
        self._telling = anyio.Lock()

    def add(self, read: i.ChildRead) -> None:
        """Take in one report."""
        self._reads.append(read)
        self._newest = self._clock.monotonic()
        self._news.set()

    def look(self) -> None:
        """Some child may be held no more."""
        if self._reads:
            self._news.set()

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            if not self._ready():
                self._news = anyio.Event()
                await self._news.wait()
                continue
            await self._quiet()
            await self._tell_those(lambda read: not self._is_held(read.via))

    async def flush(self, session: str) -> None:
        """Tell all that is there of one child, now; it will say no more."""
        await self._tell_those(lambda read: read.via == session)

    def _ready(self) -> list[i.ChildRead]:
        return [read for read in self._reads if not self._is_held(read.via)]

    async def _quiet(self) -> None:
        first = self._clock.monotonic()
        while len(self._reads) < ENOUGH:
            now = self._clock.monotonic()
            left = min(self._newest + QUIET_SECONDS, first + LONGEST_SECONDS) - now
            if left < TICK_SECONDS:
                return
            await self._clock.wait(left)

    async def _tell_those(self, wanted: Callable[[i.ChildRead], bool]) -> None:
        # One at a time: what is told later must not be taken earlier.
        async with self._telling:
            chosen = [read for read in self._reads if wanted(read)]
            if not chosen:
                return
            left = {id(read) for read in chosen}
            self._reads = [read for read in self._reads if id(read) not in left]
            await self._tell(i.ChildrenRead(read=tuple(chosen)))
