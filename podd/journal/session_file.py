"""`session.json`: what a session was when it was last seen whole.

It serves those who list sessions, and it is the witness against a journal that lost its
end: a chain alone cannot tell that it once was longer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from podd.errors import JournalDamagedError, StorageError
from podd.journal.disk import refusal, replace_file
from podd_protocol.values import State

#: The newest form of the file. Unknown fields are skipped, so only a change of meaning
#: would raise it.
VERSION: Final = 1


class SessionFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `session.json`."""

    version: int = VERSION
    session: str
    pod: str
    n: int
    """The newest entry that was durable when this was written."""
    digest: str
    """That entry's."""
    state: State | Literal["closed"]
    """`closed`: the process ended in order."""
    at: str = ""
    """When this was written: RFC 3339, UTC, milliseconds."""
    turns: int = 0
    """Turns that have ended."""


_encoder: Final = msgspec.json.Encoder()


def read(path: Path) -> SessionFile | None:
    """Return what the file says; None where there is none yet.

    Raises:
        JournalDamagedError: it is no such file. It is replaced whole, so no crash of
            podd leaves one.
        StorageError: the disk would not give it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refusal(path, error) from error
    try:
        return msgspec.json.decode(content, type=SessionFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalDamagedError(
            path=str(path), line=1, reason=str(error), damage="session_file"
        ) from error


def write(path: Path, content: SessionFile) -> None:
    """Replace the file.

    Raises:
        StorageError: it could not be; the old one stands.
    """
    try:
        replace_file(path, _encoder.encode(content) + b"\n")
    except OSError as error:
        raise refusal(path, error) from error


def pod_named_in(path: Path) -> str:
    """Return the pod's name, or an empty string where the file does not tell."""
    try:
        found = read(path)
    except (JournalDamagedError, StorageError):
        return ""
    return found.pod if found is not None else ""
