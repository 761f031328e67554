"""All sessions of a state directory: list them, and find the one that is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from podd.errors import NoSuchError, UsageError
from podd.journal.disk import refusal
from podd.journal.session_directory import SessionDirectory

#: The word for the newest session.
LAST: Final = "last"

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PREFIX: Final = re.compile(r"[0-9a-f][0-9a-f-]*")


@dataclass(frozen=True, slots=True)
class Sessions:
    """The directory `sessions`. It need not exist."""

    root: Path

    def named(self, session: str) -> SessionDirectory:
        """Return the directory of a session, whether or not it is there.

        Raises:
            NoSuchError: that is no session id.
        """
        if not _ID.fullmatch(session):
            raise NoSuchError(what="session", name=session)
        return SessionDirectory(self.root / session)

    def newest_first(self) -> Iterator[SessionDirectory]:
        """Yield the sessions that have at least begun.

        Raises:
            StorageError: the directory cannot be read.
        """
        try:
            names = [path.name for path in self.root.iterdir()]
        except FileNotFoundError:
            return
        except OSError as error:
            raise refusal(self.root, error) from error
        # A UUIDv7 begins with its time, so names in order are sessions in order.
        for name in sorted(filter(_ID.fullmatch, names), reverse=True):
            directory = SessionDirectory(self.root / name)
            # Killed before its first entry, a session has nothing to go on with.
            if _has_content(directory.journal):
                yield directory

    def newest_of(self, pod: str) -> SessionDirectory:
        """Return the newest session of a pod.

        Raises:
            NoSuchError: it has none.
        """
        for directory in self.newest_first():
            if directory.pod == pod:
                return directory
        raise NoSuchError(what="session", name=pod)

    def find(self, text: str) -> SessionDirectory:
        """Return the session that a person means.

        Args:
            text: `last`, a whole id, a pod's name (its newest session is meant), or
                the beginning of one id.

        Raises:
            NoSuchError: there is none.
            UsageError: several begin like this.
        """
        if text == LAST:
            for directory in self.newest_first():
                return directory
            raise NoSuchError(what="session", name=text)
        by_id: list[SessionDirectory] = []
        by_pod: SessionDirectory | None = None
        could_be_id = _PREFIX.fullmatch(text) is not None
        for directory in self.newest_first():
            if directory.session == text:
                return directory
            if could_be_id and directory.session.startswith(text):
                by_id.append(directory)
            if by_pod is None and directory.pod == text:
                by_pod = directory
        if by_pod is not None:
            return by_pod
        if not by_id:
            raise NoSuchError(what="session", name=text)
        if len(by_id) > 1:
            raise UsageError(
                reason=f"{len(by_id)} sessions begin with {text!r}",
                hint="write more of it; the newest is " + by_id[0].session,
            )
        return by_id[0]


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
