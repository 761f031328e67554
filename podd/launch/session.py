"""A session as a starter sees it."""

from __future__ import annotations

import shutil
from typing import Any

from podd.core.pod.fold import fold
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.paths import Places


def newest_manifest(places: Places, session: str) -> dict[str, Any]:
    """The document of the manifest that the session goes by.

    Raises:
        NoSuchError: there is no such session.
        JournalDamagedError, NewerFormatError: its journal cannot be read.
    """
    entries = read_entries(SessionDirectory(places.session(session)))
    return fold(entry for _, entry in entries).manifest


def remove_unborn(places: Places, session: str) -> None:
    """Take away what a start that failed has left of a new session."""
    shutil.rmtree(places.session(session), ignore_errors=True)
