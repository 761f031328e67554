"""What the journal asks of the kernel where a test must be able to make it fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final, Protocol

from podd.errors import StorageError

#: No room on the disk, or none left for this user. Room can come back.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Disk(Protocol):
    """The two calls that decide whether an entry is there."""

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        """Append; return how many bytes were taken."""

    def datasync(self, descriptor: int) -> None:
        """Return when what was written, and the size, will survive a power cut."""


class KernelDisk:
    """The real one."""

    write = staticmethod(os.write)
    datasync = staticmethod(os.fdatasync)


KERNEL_DISK: Final = KernelDisk()


def refusal(path: Path, error: OSError) -> StorageError:
    """Say in our words that the disk would not take or give something."""
    return StorageError(
        path=str(path),
        reason=error.strerror or str(error),
        kind="full" if error.errno in _FULL else "broken",
    )


def sync_directory(path: Path) -> None:
    """Make durable which names a directory holds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a directory, and need not.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Give a file its whole new content, durably, or leave it as it was.

    Raises:
        OSError: it could not; no half-written file is left behind.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
    )
    try:
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
        sync_directory(path.parent)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
