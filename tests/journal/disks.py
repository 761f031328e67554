"""Disks that fail when they are told to."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass, field


@dataclass
class FailingDisk:
    """Writes as much of a line as it is told, then fails; fails to sync if told."""

    room: int | None = None
    """Bytes it still takes; None: any number."""
    write_error: int = errno.ENOSPC
    sync_error: int | None = None
    syncs: int = 0

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self.room is None:
            return os.write(descriptor, data)
        if self.room == 0:
            raise OSError(self.write_error, os.strerror(self.write_error))
        taken = os.write(descriptor, bytes(data)[: self.room])
        self.room -= taken
        return taken

    def datasync(self, descriptor: int) -> None:
        self.syncs += 1
        if self.sync_error is not None:
            raise OSError(self.sync_error, os.strerror(self.sync_error))


@dataclass
class GatedDisk:
    """Each sync waits until the test lets it go."""

    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    threads: list[str] = field(default_factory=list)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        return os.write(descriptor, data)

    def datasync(self, descriptor: int) -> None:
        self.threads.append(threading.current_thread().name)
        self.begun.release()
        assert self.gate.acquire(timeout=5)
        os.fdatasync(descriptor)
