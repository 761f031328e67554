"""Entries of a journal that is being written, for those who missed their events."""

from __future__ import annotations

import msgspec

from podd.core.session.entries import AnyEntry
from podd.journal.journal import Journal
from podd.journal.reader import JournalReader


class Replay(msgspec.Struct, frozen=True):
    """Reads back what its own process has written."""

    journal: Journal

    @property
    def last_n(self) -> int:
        """The newest entry's number."""
        return self.journal.last_n

    def read(self, first_n: int, limit_bytes: int) -> list[bytes]:
        """Whole lines, as they stand in the file."""
        return self.journal.read(first_n, limit_bytes)

    def read_events(self, seq: int, limit_bytes: int) -> list[AnyEntry]:
        """Entries from the one on that may hold the event `seq`; none past the end.

        Raises:
            JournalDamagedError: a blob that one of them names is not there any more.
        """
        first = self.journal.first_n_after(seq - 1)
        if first is None:
            return []
        lines = self.journal.read(first, limit_bytes)
        reader = JournalReader(self.journal.directory)
        found = (
            reader.entry(line, number) for number, line in enumerate(lines, start=first)
        )
        return [entry for entry in found if entry is not None]
