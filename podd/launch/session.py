"""A session as a starter sees it."""

from __future__ import annotations

import shutil
from typing import Any

from podd.core.session.entries import SessionStarted, SurfaceSet
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.paths import Places


def newest_manifest(places: Places, session: str) -> dict[str, Any]:
    """The document of the manifest that the session goes by.

    Raises:
        NoSuchError: there is no such session.
        JournalDamagedError, NewerFormatError: its journal cannot be read.
    """
    found: dict[str, Any] = {}
    for _, entry in read_entries(SessionDirectory(places.session(session))):
        match entry:
            case SessionStarted(manifest=document):
                found = document
            case SurfaceSet(manifest=dict() as document):
                found = document
            case _:
                pass
    return found


def remove_unborn(places: Places, session: str) -> None:
    """Take away what a start that failed has left of a new session."""
    shutil.rmtree(places.session(session), ignore_errors=True)
