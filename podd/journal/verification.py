"""Verify a session: its chain, its numbers, its blobs, and that nothing was lost."""

from __future__ import annotations

from dataclasses import dataclass

from podd.core.session.entries import FileChanged
from podd.journal.reader import JournalReader
from podd.journal.session_directory import SessionDirectory
from podd.journal.tail import TailKind


@dataclass(frozen=True, slots=True)
class Verification:
    """A sound session."""

    last_n: int
    """How many entries there are; the number of the last."""
    digest: str
    """Of the last entry. Whoever notes it can tell later that nothing changed."""
    skipped: int
    """Entries of unknown kinds that said that they may be skipped."""
    tail: TailKind
    """Not `whole` after a crash, and for a moment while a live pod writes."""
    excess_bytes: int
    """Bytes at the end that belong to no whole entry."""


def verify(directory: SessionDirectory) -> Verification:
    """Read everything that a session consists of, and change nothing.

    A live session is verified up to its last whole entry.

    Raises:
        PoddError: as `JournalReader`; also for entries that are missing at the end,
            and for contents of changed files that are.
    """
    reader = JournalReader(directory)
    blobs = directory.blobs
    skipped = 0
    for _, entry in reader:
        if entry is None:
            skipped += 1
        elif isinstance(entry, FileChanged) and entry.before is not None:
            fault = blobs.check(entry.before)
            if fault is not None:
                raise reader.blob_damage(entry.n, fault)
    reader.check_nothing_is_missing()
    return Verification(
        last_n=reader.n,
        digest=reader.digest,
        skipped=skipped,
        tail=reader.tail.kind,
        excess_bytes=len(reader.tail.excess),
    )
