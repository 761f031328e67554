"""Where each entry lies, and the events it stands for, without reading the journal."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import final

import msgspec


def _numbers() -> array[int]:
    return array("Q")


@final
class Index(msgspec.Struct):
    """Sixteen bytes an entry."""

    _offsets: array[int] = msgspec.field(default_factory=_numbers)
    _seqs: array[int] = msgspec.field(default_factory=_numbers)
    """The first `seq` of the entry, or of the newest one before it that has any:
    only a sequence that never falls can be bisected."""
    size: int = 0
    """Bytes of all entries; where the next one begins."""

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, line_bytes: int, seq: int) -> None:
        """Note the next entry: its length with the newline, its first `seq` or 0."""
        seqs = self._seqs
        self._offsets.append(self.size)
        seqs.append(seq or (seqs[-1] if seqs else 0))
        self.size += line_bytes

    def span(self, first_n: int, limit_bytes: int) -> tuple[int, int]:
        """Return offset and length of whole lines from `first_n` on.

        As many as fit into the limit, and one at least; a length of 0 means that there
        is no such entry.
        """
        offsets = self._offsets
        if not 1 <= first_n <= len(offsets):
            return self.size, 0
        start = offsets[first_n - 1]
        if self.size - start <= limit_bytes:
            return start, self.size - start
        # The last line that begins within the limit ends beyond it, unless it is at it.
        beyond = bisect_right(offsets, start + limit_bytes) - 1
        end = offsets[max(beyond, first_n)] if first_n < len(offsets) else self.size
        return start, end - start

    def first_after(self, seq: int) -> int | None:
        """Return the first `n` that can stand for an event above `seq`.

        An entry stands for one or more events and only its first is known here, so
        events up to `seq` may come with it. None where there are no entries.
        """
        seqs = self._seqs
        if not seqs:
            return None
        at = bisect_right(seqs, seq + 1) - 1
        return bisect_left(seqs, seqs[at]) + 1 if at >= 0 else 1
