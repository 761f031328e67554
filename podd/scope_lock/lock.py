"""The one lock of the scope table: `scopes.lock`, a flock with a limit.

Theory of operation. The kernel queues those who block in flock and wakes them in order;
polling does not, and sqlite's own lock starves. So one attempt is made at once, and if
that fails a thread blocks in flock while the caller waits for it as long as it may. A
thread that is given up on lets go of the lock as soon as it gets it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from podd.errors import StorageError, TimedOutError

#: A transaction takes well below a millisecond: whoever holds the lock this long is
#: stopped or stuck.
LOCK_LIMIT_SECONDS: Final = 10.0


@contextmanager
def exclusively(
    path: Path, *, limit_seconds: float = LOCK_LIMIT_SECONDS
) -> Iterator[None]:
    """Hold the lock file `path`, which is made if missing (0600).

    Raises:
        TimedOutError: somebody else held it for `limit_seconds`; names the holder.
        StorageError: the file cannot be opened or locked.
    """
    descriptor = _acquire(path, limit_seconds)
    try:
        yield
    finally:
        # Unlock, not only close: a process that was forked meanwhile has a copy, and
        # the lock would stay with it.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(path: Path, limit_seconds: float) -> int:
    deadline = time.monotonic() + limit_seconds
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _Waiter(descriptor, path).wait(
                deadline - time.monotonic(), limit_seconds=limit_seconds
            )
        except OSError as error:
            os.close(descriptor)
            raise _storage(path, error) from error
        if _is_file_at(path, descriptor):
            return descriptor
        # Somebody removed the file while we waited: others lock its successor.
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise _storage(path, error) from error


def _is_file_at(path: Path, descriptor: int) -> bool:
    try:
        named = os.lstat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


class _Waiter:
    """One thread that blocks in flock on a descriptor that it owns meanwhile."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._answered = threading.Event()
        self._handover = threading.Lock()
        self._is_abandoned = False
        self._error: OSError | None = None

    def wait(self, seconds: float, *, limit_seconds: float) -> None:
        """Return with the lock held, or raise with the descriptor taken care of."""
        threading.Thread(target=self._block, name="scope-lock", daemon=True).start()
        try:
            is_answered = self._answered.wait(max(0.0, seconds))
        except BaseException:
            self._abandon()
            raise
        if not is_answered and self._abandon():
            raise _timed_out(self._path, limit_seconds)
        if self._error is not None:
            os.close(self._descriptor)
            raise _storage(self._path, self._error) from self._error

    def _block(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            self._error = error
        with self._handover:
            self._answered.set()
            if self._is_abandoned:
                os.close(self._descriptor)

    def _abandon(self) -> bool:
        """Leave the descriptor to the thread; False: it has answered after all."""
        with self._handover:
            self._is_abandoned = not self._answered.is_set()
            return self._is_abandoned


def _timed_out(path: Path, limit_seconds: float) -> TimedOutError:
    holder = _holder(path)
    by = "an unknown process" if holder is None else f"pid {holder}"
    return TimedOutError(
        what=f"waiting for {path}, held by {by},",
        seconds=limit_seconds,
        hint=(
            "a stopped or stuck process holds it: let it go on, or end it"
            if holder is None
            else f"look at it with ps -fp {holder}; let it go on, or end it"
        ),
    )


def _holder(path: Path) -> int | None:
    """Find who holds a flock on `path`, from proc(5) /proc/locks; None: not visible."""
    try:
        inode = path.stat().st_ino
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        # "1: FLOCK ADVISORY WRITE 1234 00:2f:5678 0 EOF"; waiting ones have "->".
        if (
            fields[1] == "FLOCK"
            and fields[5].endswith(f":{inode}")
            and int(fields[4]) > 0
        ):
            return int(fields[4])
    return None


def _storage(path: Path, error: OSError) -> StorageError:
    return StorageError(path=str(path), reason=error.strerror or str(error))
