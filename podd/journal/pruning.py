"""Take a session away, whole, unless somebody writes it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from podd.journal.disk import refusal, sync_directory
from podd.journal.forking import DRAFT
from podd.journal.opening import locked
from podd.journal.session_directory import SessionDirectory
from podd.journal.sessions import Sessions

#: Begins the names of sessions that are being taken away.
_REMOVED: Final = ".pruned-"

#: Seconds. No fork takes so long to be built: what is older was left by a crash.
_DRAFT_SECONDS: Final = 24 * 60 * 60.0


def remove_session(directory: SessionDirectory) -> None:
    """Remove a session with all that lies in its directory.

    It is gone for everybody at once: first the name, then the files. Forks of it have
    what they need.

    Raises:
        SessionHeldError: a live process writes it.
        NoSuchError: it is not there.
        StorageError: the disk would not let it go.
    """
    removed = directory.path.with_name(f"{_REMOVED}{directory.session}")
    descriptor = locked(directory)
    try:
        directory.path.rename(removed)
        sync_directory(directory.path.parent)
        shutil.rmtree(removed)
    except OSError as error:
        raise refusal(directory.path, error) from error
    finally:
        os.close(descriptor)


def check_not_held(directory: SessionDirectory) -> None:
    """Look whether a session could be removed.

    Raises:
        PoddError: as `remove_session`.
    """
    os.close(locked(directory))


def sweep(sessions: Sessions, now: float) -> None:
    """Remove what crashes have left of forks and of removals.

    Args:
        sessions: where to look.
        now: seconds since the epoch.
    """
    try:
        paths = list(sessions.root.iterdir())
    except OSError:
        return
    for path in paths:
        is_old_draft = path.name.startswith(DRAFT) and _age(path, now) > _DRAFT_SECONDS
        if is_old_draft or path.name.startswith(_REMOVED):
            shutil.rmtree(path, ignore_errors=True)


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except OSError:
        return 0.0
