"""The directories whose `.podd` the user trusts.

Trust is of one directory by its real path, not of what lies below or above it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from podd.errors import StorageError, TimedOutError
from podd.paths import Places, private_directory

#: A change is one small write; whoever holds the lock longer hangs.
LOCK_SECONDS: Final = 10.0


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file."""

    schema_version: int = 1
    directories: tuple[str, ...]
    """Real paths."""


def is_trusted(places: Places, directory: str | Path) -> bool:
    """Return whether the user trusts the `.podd` of `directory`."""
    return os.path.realpath(directory) in trusted(places)


def trusted(places: Places) -> tuple[str, ...]:
    """Return the trusted directories, sorted.

    Raises:
        StorageError: the file that lists them cannot be read, or is no such list.
            A list that cannot be read is not an empty one.
    """
    path = places.trusted_directories
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorageError(path=str(path), reason=str(error.strerror)) from error
    except msgspec.DecodeError as error:
        raise StorageError(
            path=str(path), reason="is no list of trusted directories; remove it"
        ) from error
    return tuple(sorted(document.directories))


def trust(places: Places, directory: str | Path) -> str:
    """Trust `directory`; return its real path. Doing so twice changes nothing."""
    real = os.path.realpath(directory)
    _change(places, lambda before: before | {real})
    return real


def untrust(places: Places, directory: str | Path) -> str:
    """Take back what `trust` gave; return the real path."""
    real = os.path.realpath(directory)
    _change(places, lambda before: before - {real})
    return real


def _change(places: Places, changed: Callable[[set[str]], set[str]]) -> None:
    # Imported late: filelock is slow to import, and only `podctl` changes trust.
    import filelock

    path = places.trusted_directories
    private_directory(path.parent)
    lock = filelock.FileLock(f"{path}.lock", timeout=LOCK_SECONDS, mode=0o600)
    try:
        with lock:
            before = set(trusted(places))
            after = changed(before)
            if after != before:
                _replace(path, after)
    except filelock.Timeout as error:
        raise TimedOutError(what=f"the lock on {path}", seconds=LOCK_SECONDS) from error
    except OSError as error:
        raise StorageError(path=str(path), reason=str(error.strerror)) from error


def _replace(path: Path, directories: set[str]) -> None:
    """Write beside and rename, so that a reader sees the old list or the new one."""
    document = _Document(directories=tuple(sorted(directories)))
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor has no Path
            file.write(msgspec.json.encode(document) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
