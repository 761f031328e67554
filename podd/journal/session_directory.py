"""The directory of one session: what lies where in it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from podd.journal import session_file
from podd.journal.blobs import Blobs
from podd.journal.disk import refusal
from podd.paths import private_directory


class _Origin(msgspec.Struct, frozen=True):
    session: str = ""


class _FirstLine(msgspec.Struct):
    pod: str
    origin: _Origin = _Origin()


class SessionDirectory(msgspec.Struct, frozen=True):
    """One session. Naming it creates nothing."""

    path: Path
    """`sessions/<session>`."""

    @property
    def session(self) -> str:
        """Its id, a UUIDv7."""
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def session_file(self) -> Path:
        return self.path / "session.json"

    @property
    def reserve(self) -> Path:
        """There only while a process writes the session, or after it crashed."""
        return self.path / "journal.reserve"

    @property
    def outputs(self) -> Path:
        """Whole outputs of tools, where the journal holds head and tail."""
        return self.path / "outputs"

    @property
    def traces(self) -> Path:
        """What models were asked, where the manifest wants it kept."""
        return self.path / "traces.jsonl"

    @property
    def recordings(self) -> Path:
        """What servers answered, where the manifest wants it kept."""
        return self.path / "recordings"

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.path / "blobs")

    @property
    def pod(self) -> str:
        """The name of the pod it belongs to; empty where nothing tells it."""
        if named := session_file.pod_named_in(self.session_file):
            return named
        first = self._first_line()
        return "" if first is None else first.pod

    @property
    def origin(self) -> str:
        """The session that it is a fork of; empty where it is none."""
        first = self._first_line()
        return "" if first is None else first.origin.session

    def _first_line(self) -> _FirstLine | None:
        try:
            with self.journal.open("rb") as file:
                return msgspec.json.decode(file.readline(), type=_FirstLine)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def make(self) -> None:
        """Make the directory and what lies in it (0700).

        Raises:
            StorageError: it could not be made, or is there already.
            UnsafeDirectoryError: the directory above it cannot be used.
        """
        private_directory(self.path.parent)
        try:
            self.path.mkdir(mode=0o700)
            self.blobs.directory.mkdir(mode=0o700)
            self.outputs.mkdir(mode=0o700)
        except OSError as error:
            raise refusal(self.path, error) from error

    def set_aside(self, content: bytes) -> Path:
        """Keep bytes that were cut off the journal, in a new file beside it.

        Raises:
            OSError: they could not be kept.
        """
        number = 1
        while True:
            path = self.path / f"journal.torn-{number}"
            try:
                path.touch(mode=0o600, exist_ok=False)
            except FileExistsError:
                number += 1
                continue
            path.write_bytes(content)
            return path
