"""One subscriber's place in the feed: a cursor that reads on.

It reads from the ring while it keeps up, and from the journal when it has fallen out of
the ring's back or starts before it. Whatever it cannot have any more is told by a
`lagged` that stands for exactly the numbers that are skipped: live events that were not
kept, events longer than a line of the wire may be, entries that the disk no longer
gives. With `only`, gaps are expected and not told.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import anyio.lowlevel

from podd.core.session.entries import AnyEntry
from podd.core.session.events import events as events_of
from podd.errors import PoddError
from podd.runtime.feed import Feed, Numbered
from podd.runtime.ports import Replay
from podd_protocol.codec import encode
from podd_protocol.events import Lagged
from podd_protocol.lines import LINE_BYTES

#: What is gathered into one write, and read from the journal at a time.
CHUNK_BYTES: Final = 256 * 1024
CHUNK_EVENTS: Final = 512


class Subscription:
    """Reads the feed for one client."""

    def __init__(
        self,
        feed: Feed,
        replay: Replay,
        *,
        after: int | None,
        only: Collection[str] | None,
    ) -> None:
        """Start behind `after`, or with what comes from now on."""
        self._feed = feed
        self._replay = replay
        self._cursor = feed.last if after is None else max(0, min(after, feed.last))
        self._only = None if only is None else frozenset(only)
        self._end: int | None = None

    def end_here(self) -> bool:
        """Give what there is by now and nothing later; True: all of it was given."""
        self._end = self._feed.last
        return self._cursor >= self._end

    async def next_chunk(self) -> bytes:
        """Wait for events and give them as lines; what is pending goes out together.

        Empty at the end of the feed, and where `end_here` was said.
        """
        while not self._is_over() and await self._feed.wait_beyond(self._cursor):
            if lines := self._gather():
                return b"".join(lines)
            # Others want to be served while much is passed over.
            await anyio.lowlevel.checkpoint()
        return b""

    def _is_over(self) -> bool:
        return self._end is not None and self._cursor >= self._end

    def _gather(self) -> list[bytes]:
        if self._cursor + 1 < self._feed.first_kept:
            return self._from_journal()
        lines: list[bytes] = []
        size = 0
        for numbered in self._feed.kept_after(self._cursor, CHUNK_EVENTS):
            line = numbered.line
            if line is None:
                if not lines:
                    return self._from_journal(upto=numbered.seq)
                break
            self._add(lines, numbered, line)
            size += len(line)
            if size > CHUNK_BYTES:
                break
        return lines

    def _from_journal(self, upto: int | None = None) -> list[bytes]:
        """Durable events that the ring does not have, up to where it does."""
        # What is written and not shown yet lies in the journal too.
        end = min(self._feed.first_kept - 1, self._feed.last) if upto is None else upto
        lines: list[bytes] = []
        entries = self._read_on()
        for entry in entries:
            for event in events_of(entry):
                if event.seq > end:
                    self._skip_to(lines, end)
                    return lines
                if event.seq > self._cursor:
                    line = encode(event)
                    name = str(event.__struct_config__.tag)
                    self._add(lines, Numbered(event.seq, name, line), line)
        if not entries or entries[-1].n == self._replay.last_n:
            self._skip_to(lines, end)
        return lines

    def _read_on(self) -> list[AnyEntry]:
        """Entries with an event beyond the cursor, or all that are left."""
        limit = CHUNK_BYTES
        while True:
            try:
                entries = self._replay.read_events(self._cursor + 1, limit)
            except PoddError:
                return []  # they are not to be had, and nobody else's trouble
            if not entries or entries[-1].n == self._replay.last_n:
                return entries
            if any(event.seq > self._cursor for event in events_of(entries[-1])):
                return entries
            # Long entries that were told already, or that stand for nothing.
            limit *= 2

    def _add(self, lines: list[bytes], numbered: Numbered, line: bytes) -> None:
        self._skip_to(lines, numbered.seq - 1)
        if len(line) > LINE_BYTES:
            self._skip_to(lines, numbered.seq)
            return
        self._cursor = numbered.seq
        if self._only is None or numbered.name in self._only:
            lines.append(line)

    def _skip_to(self, lines: list[bytes], last: int) -> None:
        """Pass over numbers that are not to be had."""
        if last <= self._cursor:
            return
        if self._only is None:
            lagged = Lagged(seq=last, from_=self._cursor + 1, to=last)
            lines.append(encode(lagged))
        self._cursor = last
