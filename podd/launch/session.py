"""A session as a starter sees it."""

from __future__ import annotations

import shutil
from typing import Any

import msgspec

from podd.core.pod.fold import fold
from podd.core.pod.state import PodState
from podd.errors import NoSuchError
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.paths import Places


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a session says of the pod that is to go on with it."""

    manifest: dict[str, Any]
    """The document of the manifest that it goes by."""
    pods_below: int
    """How many pods were ever lent to below it. One whose loan was only meant to be is
    not in it: whether it came to that, the table knows."""


def kept(places: Places, session: str) -> Kept:
    """Read the session.

    Raises:
        NoSuchError: there is no such session.
        JournalDamagedError, NewerFormatError: its journal cannot be read.
    """
    state = _folded(places, session)
    below = [child for child in state.children.values() if child.stage != "intended"]
    return Kept(manifest=state.manifest, pods_below=len(below))


def is_born(places: Places, session: str) -> bool:
    """Whether the session has begun: its first entry is whole.

    Raises:
        JournalDamagedError, NewerFormatError: its journal cannot be read.
    """
    try:
        entries = read_entries(SessionDirectory(places.session(session)))
        return next(iter(entries), None) is not None
    except NoSuchError:
        return False


def _folded(places: Places, session: str) -> PodState:
    entries = read_entries(SessionDirectory(places.session(session)))
    return fold(entry for _, entry in entries)


def remove_unborn(places: Places, session: str) -> None:
    """Take away what a start that failed has left of a new session."""
    shutil.rmtree(places.session(session), ignore_errors=True)
