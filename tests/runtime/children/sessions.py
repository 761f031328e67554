"""Sessions on a disk, as a child leaves them."""

from __future__ import annotations

import msgspec

from podd.core.context.conversation import ReasoningPart, TextPart
from podd.core.session import entries as e
from podd.core.session.events import events
from podd.journal.opening import create_journal
from podd.journal.session_directory import SessionDirectory
from podd.paths import Places
from podd_protocol.values import Completed, Usage

SESSION = "0190a000-0000-7000-8000-00000000000c"
POD = "demo.left"


def said(text: str, step: int = 1) -> e.ModelResponded:
    return e.ModelResponded(
        turn="t1",
        step=step,
        attempt=1,
        parts=(ReasoningPart("hm"), TextPart(text)) if text else (),
        stop_reason="stop",
        usage=Usage(requests=1),
    )


def ended(turn: str = "t1") -> e.TurnEnded:
    return e.TurnEnded(turn=turn, outcome=Completed(), text="done", usage=Usage())


def write_session(places: Places, *entries: e.AnyEntry) -> None:
    """Write a journal; events are numbered as a pod would."""
    journal = create_journal(SessionDirectory(places.session(SESSION)))
    first = e.SessionStarted(
        format=e.FORMAT,
        session=SESSION,
        pod=POD,
        origin=e.Origin(kind="new"),
        manifest={},
        podd="0",
    )
    seq = 1
    for entry in (first, *entries):
        numbered = _numbered(entry, seq)
        journal.append(numbered)
        seq += len(events(numbered))
    journal.close()


def _numbered(entry: e.AnyEntry, seq: int) -> e.AnyEntry:
    stamped = msgspec.structs.replace(entry, at="2026-01-01T00:00:00.000Z", seq=seq)
    return stamped if events(stamped) else msgspec.structs.replace(stamped, seq=0)
