"""Make a journal, or open one for its one writer and mend its end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Final

from podd.core.session.entries import AnyEntry
from podd.errors import NoSuchError, SessionHeldError, StorageError
from podd.journal.disk import KERNEL_DISK, Disk, refusal
from podd.journal.index import Index
from podd.journal.journal import Journal
from podd.journal.reader import JournalReader
from podd.journal.session_directory import SessionDirectory
from podd.journal.tail import Mending, Tail

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC


def create_journal(directory: SessionDirectory, *, disk: Disk = KERNEL_DISK) -> Journal:
    """Make the directory of a new session and its empty journal.

    Raises:
        StorageError: it could not be made, or there is one already.
        UnsafeDirectoryError: the directory above it cannot be used.
    """
    directory.make()
    try:
        descriptor = os.open(directory.journal, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise refusal(directory.journal, error) from error
    try:
        _lock(directory, descriptor)
        journal = Journal(directory, descriptor, disk=disk, index=Index())
    except BaseException:
        os.close(descriptor)
        raise
    _try_reserve(journal)
    return journal


def open_journal(
    directory: SessionDirectory,
    take: Callable[[AnyEntry], None],
    *,
    disk: Disk = KERNEL_DISK,
) -> tuple[Journal, Mending]:
    """Open a session's journal for writing.

    Args:
        directory: the session's.
        take: is called with each entry in order, which is how a state is folded without
            holding the journal in memory. Unknown entries that may be skipped are not
            shown.
        disk: what writes and syncs.

    Returns:
        The journal, and what was done about a torn end.

    Raises:
        SessionHeldError: a live process writes it.
        PoddError: as `JournalReader`, and for entries missing at the end. Nothing was
            changed then: what is left is evidence.
    """
    descriptor = locked(directory)
    try:
        reader = JournalReader(directory)
        index = Index()
        for line, entry in reader:
            # A last line without its newline gets it below.
            length = len(line) if line.endswith(b"\n") else len(line) + 1
            index.add(length, entry.seq if entry is not None else 0)
            if entry is not None:
                take(entry)
        reader.check_nothing_is_missing()
        mending = _mend(directory, descriptor, reader.size, reader.tail)
        journal = Journal(
            directory, descriptor, disk=disk, index=index, digest=reader.digest
        )
    except BaseException:
        os.close(descriptor)
        raise
    _try_reserve(journal)
    return journal, mending


def locked(directory: SessionDirectory) -> int:
    """Open a journal as its one writer does; whoever closes the descriptor lets go.

    Raises:
        SessionHeldError: a live process writes it.
        NoSuchError: it is not there.
        StorageError: the disk would not give it.
    """
    try:
        descriptor = os.open(directory.journal, _FLAGS)
    except FileNotFoundError as error:
        raise NoSuchError(what="session", name=directory.session) from error
    except OSError as error:
        raise refusal(directory.journal, error) from error
    try:
        _lock(directory, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    if os.fstat(descriptor).st_nlink == 0:
        # Removed between opening and locking it.
        os.close(descriptor)
        raise NoSuchError(what="session", name=directory.session)
    return descriptor


def _lock(directory: SessionDirectory, descriptor: int) -> None:
    """Lock for as long as the descriptor is open: the kernel unlocks for the dead."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SessionHeldError(
            session=directory.session, pod=directory.pod or "?"
        ) from error
    except OSError as error:
        raise refusal(directory.journal, error) from error


def _mend(
    directory: SessionDirectory, descriptor: int, size: int, tail: Tail
) -> Mending:
    """Make the file end with a whole line. What is cut off is kept first."""
    if tail.kind == "whole":
        return Mending("whole")
    try:
        beside = directory.set_aside(tail.excess) if tail.excess else None
        os.ftruncate(descriptor, size)
        if tail.kind != "torn":
            os.write(descriptor, b"\n")
    except OSError as error:
        raise refusal(directory.journal, error) from error
    return Mending(tail.kind, beside)


def _try_reserve(journal: Journal) -> None:
    """A session on a full disk can be opened; `Journal.full` tells."""
    try:
        journal.restore_reserve()
    except StorageError as error:
        if error.kind != "full":
            journal.close()
            raise
