"""A session on the disk, written by the journal itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from podd.core.context.conversation import TextPart
from podd.core.session import entries as e
from podd.core.session.stamps import uuid7
from podd.journal import session_file
from podd.journal.opening import create_journal
from podd.journal.session_directory import SessionDirectory
from podd.journal.session_file import SessionFile
from podd.journal.sessions import Sessions
from podd.paths import Places
from podd_protocol.values import Completed, Usage

AT = "2026-11-20T10:00:00.000Z"
USAGE = Usage(input_tokens=10, output_tokens=5, requests=1)

TURN = (
    e.InputAccepted(turn="t1", cause="c1", origin="user", text="Hello"),
    e.TurnStarted(turn="t1", causes=("c1",)),
    e.ModelResponded(
        turn="t1",
        step=1,
        attempt=1,
        parts=(TextPart("Good day."),),
        stop_reason="stop",
        usage=USAGE,
    ),
    e.TurnEnded(turn="t1", outcome=Completed(), text="Good day.", usage=USAGE),
)
"""One turn, from beginning to end."""


def session_written(
    places: Places,
    pod: str,
    *entries: e.AnyEntry,
    closed: bool = True,
    milliseconds: int = 1_800_000_000_000,
    workdir: str = "/srv",
) -> SessionDirectory:
    """Write a session of `pod` that began so many milliseconds after the epoch."""
    session = uuid7(milliseconds, hashlib.sha256(pod.encode()).digest()[:10])
    directory = Sessions(places.sessions).named(session)
    begin = e.SessionStarted(
        format=e.FORMAT,
        session=session,
        pod=pod,
        origin=e.Origin(kind="new"),
        manifest={
            "manifest": {
                "model": {"ref": "scripted/demo"},
                "pod": {"workdir": workdir},
            },
            "scope": {
                "rules": [
                    {"path": workdir, "access": "read"},
                    {"path": f"{workdir}/notes", "access": "write"},
                ]
            },
        },
        podd="0.1.0",
    )
    end = (e.SessionClosed(),) if closed else ()
    journal = create_journal(directory)
    try:
        for entry in (begin, *entries, *end):
            journal.append(msgspec.structs.replace(entry, at=AT))
        session_file.write(
            directory.session_file,
            SessionFile(
                session=session,
                pod=pod,
                n=journal.last_n,
                digest=journal.digest,
                state="closed" if closed else "idle",
                turns=sum(isinstance(entry, e.TurnEnded) for entry in entries),
            ),
        )
    finally:
        journal.close()
    return directory


def file_changed(
    directory_of: SessionDirectory | None,
    path: Path,
    before: bytes | None,
    after: bytes,
) -> e.FileChanged:
    """The entry of a write; what it replaced goes among the blobs of the session."""
    if before is not None and directory_of is not None:
        directory_of.blobs.put(before)
    return e.FileChanged(
        turn="t1",
        call="c1",
        path=str(path),
        change="created" if before is None else "modified",
        before=None if before is None else hashlib.sha256(before).hexdigest(),
        after=hashlib.sha256(after).hexdigest(),
    )
