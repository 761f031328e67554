"""Entries to write, and a session to write them to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from podd.core.session import entries as e
from podd.journal.disk import Disk, KernelDisk
from podd.journal.journal import Journal
from podd.journal.opening import create_journal, open_journal
from podd.journal.session_directory import SessionDirectory
from podd.journal.tail import Mending

SESSION = "01a2b3c4-0000-7000-8000-000000000001"


def _started(session: str, pod: str) -> e.SessionStarted:
    return e.SessionStarted(
        format=e.FORMAT,
        session=session,
        pod=pod,
        origin=e.Origin(kind="new"),
        manifest={"pod": {"name": pod}},
        podd="0.1.0",
    )


@dataclass
class Writing:
    """Sessions below one directory, and the journals that a test opened in them."""

    root: Path
    opened: list[Journal] = field(default_factory=list)

    def directory(self, session: str = SESSION) -> SessionDirectory:
        return SessionDirectory(self.root / session)

    def create(
        self,
        session: str = SESSION,
        *,
        pod: str = "writer",
        disk: Disk | None = None,
    ) -> Journal:
        """A new session with its first entry."""
        journal = create_journal(self.directory(session), disk=disk or KernelDisk())
        self.opened.append(journal)
        journal.append(_started(session, pod))
        return journal

    def open(
        self, session: str = SESSION, *, disk: Disk | None = None
    ) -> tuple[Journal, list[e.AnyEntry], Mending]:
        entries: list[e.AnyEntry] = []
        journal, mending = open_journal(
            self.directory(session), entries.append, disk=disk or KernelDisk()
        )
        self.opened.append(journal)
        return journal, entries, mending

    def closed(self, texts: list[str], session: str = SESSION) -> bytes:
        """A session that was written and closed; its journal's bytes."""
        journal = self.create(session)
        for text in texts:
            journal.append(self.note(text))
        journal.close()
        return self.directory(session).journal.read_bytes()

    @staticmethod
    def note(text: str, *, seq: int = 0) -> e.InputAccepted:
        return e.InputAccepted(turn="t1", cause="c1", origin="user", text=text, seq=seq)


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writing]:
    made = Writing(tmp_path / "sessions")
    yield made
    for journal in made.opened:
        journal.close()
