"""A file that takes an output whole, or as much of it as one file may take."""

from __future__ import annotations

import contextlib
import os
from typing import Final

#: What one output may take of the disk. Above it only the end is kept besides.
SPILL_BYTES: Final = 256 * 1024 * 1024

#: Of an output above that: how much of its end is kept. It is held in memory.
SPILL_TAIL_BYTES: Final = 1024 * 1024

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW


class SpillFile:
    """One file, written piece by piece; nothing waits in a buffer but a long tail."""

    def __init__(
        self,
        directory: str,
        name: str,
        *,
        most_bytes: int = SPILL_BYTES,
        tail_bytes: int = SPILL_TAIL_BYTES,
    ) -> None:
        """Open it, 0600, in a directory that is made (0700) if it is missing.

        A file that is there is begun anew: a call that is run again after a crash
        writes its output again. A link in its place is not followed.

        Raises:
            OSError: it cannot be.
        """
        self.path: Final = f"{directory}/{name}"
        self._name = name
        self._most = most_bytes
        self._room = most_bytes - tail_bytes
        self._tail_bytes = tail_bytes
        self._tail = bytearray()
        self._beyond = 0
        os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103  # str
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._file = os.open(name, _FLAGS, 0o600, dir_fd=self._directory)
        except OSError:
            os.close(self._directory)
            raise
        self._is_open = True

    @property
    def left_out(self) -> int:
        """Bytes of the middle that the file does not have."""
        return max(0, self._beyond - self._tail_bytes)

    def write(self, data: bytes) -> None:
        """Add a piece.

        Raises:
            OSError: the disk would not take it; discard the file.
        """
        now = data[: self._room]
        self._put(now)
        self._room -= len(now)
        later = data[len(now) :]
        self._beyond += len(later)
        self._tail += later[-self._tail_bytes :]
        if len(self._tail) > 2 * self._tail_bytes:
            del self._tail[: -self._tail_bytes]

    def finish(self) -> None:
        """Add what waits, and close.

        Raises:
            OSError: as for `write`.
        """
        if left_out := self.left_out:
            why = f"an output may take {self._most} bytes of the disk"
            self._put(f"\n({left_out} bytes left out here; {why})\n".encode())
        self._put(bytes(self._tail[-self._tail_bytes :]))
        self._close()

    def discard(self) -> None:
        """Close and remove it."""
        with contextlib.suppress(OSError):
            os.unlink(self._name, dir_fd=self._directory)
        self._close()

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _close(self) -> None:
        if self._is_open:
            # Once, even if it fails: the numbers may be somebody else's by then.
            self._is_open = False
            os.close(self._directory)
            os.close(self._file)
