"""A disk that ends its pod with `kill -9` at a write or a sync of the journal.

These are the durable points of a run: each entry is one write, and no effect begins but
after the write or the sync that announces it, or ends but before the one that tells its
outcome. Writes and syncs are counted from 1, each for itself.
"""

from __future__ import annotations

import os
from typing import Final, Literal, get_args

from podd.testing.crash_points import Countdown

DiskPoint = Literal[
    "write.before", "write.torn", "write.after", "sync.before", "sync.after"
]
"""`write.torn`: half of the entry is in the file. `sync.after`: it is durable, and
nobody knows yet."""

DISK_POINTS: Final[tuple[DiskPoint, ...]] = get_args(DiskPoint)


class CrashDisk:
    """The kernel's disk, with an end."""

    def __init__(self, point: DiskPoint, number: int) -> None:
        """Crash at `point` of the write, or the sync, of this number."""
        self._point = point
        self._countdown = Countdown(number)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        """Write; the journal asks for one whole entry at a time."""
        if self._point == "write.torn" and self._countdown.is_over():
            os.write(descriptor, data[: len(data) // 2])
            self._countdown.crash()
        self._reach("write.before")
        taken = os.write(descriptor, data)
        self._reach("write.after")
        return taken

    def datasync(self, descriptor: int) -> None:
        """Sync; on the journal's thread."""
        self._reach("sync.before")
        os.fdatasync(descriptor)
        self._reach("sync.after")

    def _reach(self, point: DiskPoint) -> None:
        if point == self._point and self._countdown.is_over():
            self._countdown.crash()
