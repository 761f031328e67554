"""What a dead child has left: the rest of its journal, how it ended, its last words."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

import msgspec

from podd.core.session import entries as e
from podd.core.session.events import events
from podd.errors import NoSuchError, PoddError
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.paths import Places
from podd_protocol.events import AnyEvent
from podd_protocol.values import ChildEnd

#: Of its log, as much as the model is shown.
LAST_LINES: Final = 8
LOG_BYTES: Final = 2048


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """What can be found out about a child that is dead."""

    events: tuple[AnyEvent, ...]
    """Of the entries behind the cursor."""
    end: ChildEnd
    message: str = ""
    """What is known of the end; empty where it ended in order."""


def remains(
    places: Places, *, pod: str, session: str, after: int, status: int | None
) -> Remains:
    """Read what is left of a child. It is dead, so nobody writes there any more.

    Args:
        places: where its journal and its log lie.
        pod: its name.
        session: its session.
        after: number of the last event that was read.
        status: how its process ended, negative for a signal; None: nobody knows.
    """
    found: list[AnyEvent] = []
    last: e.AnyEntry | None = None
    try:
        for _, entry in read_entries(SessionDirectory(places.session(session))):
            last = entry
            found.extend(event for event in events(entry) if event.seq > after)
    except NoSuchError:
        return Remains(events=(), end="lost", message="its session is gone")
    except PoddError as error:
        # What stands before the damage was read; the rest is not to be had.
        return Remains(
            events=tuple(found),
            end="crashed",
            message=f"its journal cannot be read: {error}",
        )
    if isinstance(last, e.SessionClosed):
        return Remains(events=tuple(found), end="stopped")
    return Remains(
        events=tuple(found),
        end="crashed",
        message=_last_words(places.log_file(pod), status),
    )


def _last_words(log: Path, status: int | None) -> str:
    said = [] if status is None else [_in_words(status)]
    tail = _tail(log)
    if tail:
        said.append(f"its log ends:\n{tail}")
    return "; ".join(said)


def _in_words(status: int) -> str:
    if status >= 0:
        return f"its process ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = "a signal"
    return f"its process was killed by {name} ({-status})"


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = text.splitlines()
    if size > LOG_BYTES:
        del lines[:1]  # cut off
    return "\n".join(lines[-LAST_LINES:])
