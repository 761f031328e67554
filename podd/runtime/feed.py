"""The numbered stream of events, and what of it is still at hand.

Theory of operation
-------------------
Every event gets the next number, durable or live. Numbers come from blocks that are
reserved in the journal before the first of a block is used, so a restored pod goes
on above every number it ever sent.

The newest events lie in a ring. Who has fallen out of its back, or was never in it,
reads the durable ones from the journal; what it cannot get any more it is told by
`lagged`. So replay, lag and restore are one mechanism: a cursor that reads on.

Durable events take their numbers when their entry is appended and are shown when it is
synced (`release`). A live event that comes meanwhile waits behind them: nobody ever
sees numbers out of order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import anyio
import msgspec

from podd_protocol.codec import encode
from podd_protocol.event import Durable, Event

#: Events in the ring. The wire promises live ones at least 10,000 deep.
RING_EVENTS: Final = 10_000
#: A durable event longer than this is not kept: the journal has it.
KEPT_BYTES: Final = 16 * 1024
#: Numbers reserved at a time, and how many are left when the next block is asked for.
BLOCK: Final = 10_000
LOW: Final = 2_000


class Numbered(msgspec.Struct, frozen=True):
    """One event in the ring."""

    seq: int
    name: str
    line: bytes | None
    """None: durable and too long to keep; read it from the journal."""


class Feed:
    """What a pod tells the world, in order."""

    def __init__(self, *, last: int) -> None:
        """Go on after `last`, the highest number that may ever have been used."""
        self._ring: deque[Numbered] = deque(maxlen=RING_EVENTS)
        self._last = last
        self._released = last
        self._reserved = last
        self._ring_start = last + 1
        self._ended = False
        self._news = anyio.Event()
        self._room = anyio.Event()
        self.on_low: Callable[[], None] = lambda: None
        """Called when live events use numbers up; whoever owns the journal sets it."""

    @property
    def last(self) -> int:
        """The newest number that clients may know."""
        return self._released

    @property
    def first_kept(self) -> int:
        """The oldest number that is in the ring, or would be."""
        return self._ring[0].seq if self._ring else self._ring_start

    @property
    def running_low(self) -> bool:
        """Time to reserve another block."""
        return self._reserved - self._last < LOW

    @property
    def next_block(self) -> int:
        """What to reserve up to."""
        return max(self._reserved, self._last) + BLOCK

    def reserved(self, upto: int) -> None:
        """Numbers up to `upto` are durably ours."""
        self._reserved = upto
        self._room.set()
        self._room = anyio.Event()

    def hold(self, events: Sequence[Durable]) -> None:
        """Take in durable events, numbered already; they show at `release`."""
        for event in events:
            line = encode(event)
            kept = line if len(line) <= KEPT_BYTES else None
            self._ring.append(Numbered(event.seq, _name(event), kept))
            self._last = event.seq

    @property
    def next_seq(self) -> int:
        """The number of the next event."""
        return self._last + 1

    def release(self) -> None:
        """Everything taken in so far is durable: show it."""
        if self._released != self._last:
            self._released = self._last
            self._tell()

    async def live(self, event: Event) -> None:
        """Number and show a live event; waits only for a reserved number."""
        if self.running_low:
            self.on_low()
        while self._last >= self._reserved:
            await self._room.wait()
        was_clear = self._released == self._last
        self._last += 1
        numbered = msgspec.structs.replace(event, seq=self._last)
        self._ring.append(Numbered(self._last, _name(numbered), encode(numbered)))
        if was_clear:
            self._released = self._last
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    def end(self) -> None:
        """Nothing comes after what is there."""
        self._ended = True
        self._tell()

    async def wait_beyond(self, seq: int) -> bool:
        """Wait for an event numbered above `seq`; False: none will ever come."""
        while self._released <= seq:
            if self._ended:
                return False
            await self._news.wait()
        return True

    def kept_after(self, seq: int, limit: int) -> list[Numbered]:
        """What the ring holds above `seq` and may be shown, up to `limit` events."""
        ring = self._ring
        if not ring:
            return []
        # Numbers in the ring rise by one except where a restore or a block left a gap,
        # so the difference is where to look, at most; then walk back.
        index = min(max(seq + 1 - ring[0].seq, 0), len(ring))
        while index > 0 and ring[index - 1].seq > seq:
            index -= 1
        found = []
        for position in range(index, min(index + limit, len(ring))):
            if ring[position].seq > self._released:
                break
            found.append(ring[position])
        return found


def _name(event: Event) -> str:
    tag = event.__struct_config__.tag
    assert isinstance(tag, str), "events are tagged by name"
    return tag
