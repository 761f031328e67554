"""What lies on the disk of a session, for those who list sessions.

Rules of this file: it looks at beginnings and ends and checks nothing, so a list stays
quick and a damaged journal can still be listed. `podctl session verify` checks.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from podd.cli import filesystem
from podd.errors import JournalDamagedError, StorageError
from podd.journal import session_file
from podd.journal.sessions import Sessions
from podd_protocol.values import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podd.journal.session_directory import SessionDirectory
    from podd.paths import Places

End = Literal["ended", "crashed"]
"""`crashed`: its process did not close it. A session that is live looks the same."""

#: Bytes at a journal's end that hold its last line: a `session_closed` is short, the
#: boundary of a fork may quote an answer.
_CLOSE_BYTES: Final = (4096, 256 * 1024)

#: With one of these a session ends in order: a fork that nobody has resumed yet, too.
_ENDS: Final = {"session_closed", "forked"}

_ANSWER: Final = b'{"kind":"model_responded",'


class _Scope(msgspec.Struct):
    rules: list[dict[str, Any]] = []


class _Begin(msgspec.Struct):
    """The first entry, as far as a list needs it; all of it may be missing."""

    at: str = ""
    pod: str = ""
    manifest: dict[str, Any] = {}


class _Kind(msgspec.Struct):
    kind: str = ""


class _Answer(msgspec.Struct):
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One session."""

    session: str
    pod: str
    state: End
    turns: int
    """That have ended."""
    began: str
    """RFC 3339; empty where its first line cannot be read."""
    changed: str
    """When its journal was last written to: RFC 3339."""
    size_bytes: int
    """Of all its files but the reserve, which is room and not content."""
    directory: SessionDirectory

    @property
    def model(self) -> str | None:
        """What answered at its beginning."""
        return _text(_begin(self.directory).manifest, "manifest", "model", "ref")

    @property
    def workdir(self) -> str | None:
        """Absolute."""
        return _text(_begin(self.directory).manifest, "manifest", "pod", "workdir")

    def paths(self, access: Literal["read", "write"]) -> list[str]:
        """What its scope let it read or write, by the rules of its manifest."""
        try:
            scope = msgspec.convert(
                _begin(self.directory).manifest.get("scope", {}), _Scope
            )
        except msgspec.ValidationError:
            return []
        return [r["path"] for r in scope.rules if r.get("access") == access]

    def usage(self) -> Usage:
        """What its model calls cost, by all answers that its journal has."""
        total = Usage()
        try:
            with self.directory.journal.open("rb") as file:
                for line in file:
                    if line.startswith(_ANSWER):
                        total += msgspec.json.decode(line, type=_Answer).usage
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            # Damaged, or gone since it was listed: what was counted so far.
            return total
        return total


def kept(directory: SessionDirectory) -> Kept:
    """Look at one session."""
    begin = _begin(directory)
    return Kept(
        session=directory.session,
        pod=directory.pod,
        state="ended" if _is_closed(directory) else "crashed",
        turns=_turns(directory),
        began=begin.at,
        changed=_changed(directory),
        size_bytes=_size(directory),
        directory=directory,
    )


def newest_first(places: Places) -> Iterator[Kept]:
    """All sessions."""
    return map(kept, Sessions(places.sessions).newest_first())


def newest_of_each_pod(places: Places) -> list[Kept]:
    """One session a pod, by name of the pod."""
    newest: dict[str, SessionDirectory] = {}
    for directory in Sessions(places.sessions).newest_first():
        newest.setdefault(directory.pod, directory)
    return [kept(newest[pod]) for pod in sorted(newest) if pod]


def _begin(directory: SessionDirectory) -> _Begin:
    try:
        with directory.journal.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=_Begin)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return _Begin()


def _is_closed(directory: SessionDirectory) -> bool:
    # Not by session.json: a process that took the session up again and crashed leaves
    # there what the one before it wrote.
    try:
        with directory.journal.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            last = b""
            for near in _CLOSE_BYTES:
                file.seek(max(0, size - near))
                _, line_end, last = file.read().rstrip(b"\n").rpartition(b"\n")
                if line_end:
                    break
        return msgspec.json.decode(last, type=_Kind).kind in _ENDS
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False


def _turns(directory: SessionDirectory) -> int:
    try:
        found = session_file.read(directory.session_file)
    except (JournalDamagedError, StorageError):
        return 0
    return 0 if found is None else found.turns


def _size(directory: SessionDirectory) -> int:
    try:
        reserved = directory.reserve.stat().st_size
    except OSError:
        reserved = 0
    return max(0, filesystem.size_bytes(directory.path) - reserved)


def _changed(directory: SessionDirectory) -> str:
    try:
        seconds = directory.journal.stat().st_mtime
    except OSError:
        return ""
    at = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(document: object, *keys: str) -> str | None:
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document if isinstance(document, str) else None
