"""Whether a file tool that was cut off had done its one change."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from podd.errors import PoddError
from podd.tools.edit_file import EditFile, EditFileArguments
from podd.tools.scoped_files import ScopedFiles
from podd.tools.write_file import WriteFile, WriteFileArguments

_Arguments = TypeVar("_Arguments", WriteFileArguments, EditFileArguments)


def is_written(files: ScopedFiles, name: str, arguments: str) -> bool | None:
    """Look whether the file is now as the call wanted it.

    Args:
        files: of the pod.
        name: the tool's.
        arguments: JSON, as the model gave it.

    Returns:
        None where that cannot be told, or the tool changes no file.
    """
    if name == WriteFile.name:
        writing = _decoded(arguments, WriteFileArguments)
        return None if writing is None else _holds(files, writing)
    if name == EditFile.name:
        editing = _decoded(arguments, EditFileArguments)
        return None if editing is None else _is_edited(files, editing)
    return None


def _decoded(arguments: str, kind: type[_Arguments]) -> _Arguments | None:
    try:
        return msgspec.json.decode(arguments, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _holds(files: ScopedFiles, writing: WriteFileArguments) -> bool | None:
    try:
        return files.read_now(writing.path).data == writing.content.encode()
    except FileNotFoundError:
        return False
    except (PoddError, OSError, UnicodeEncodeError):
        return None


def _is_edited(files: ScopedFiles, editing: EditFileArguments) -> bool | None:
    """An edit is one replacement of a whole file, so a trace of it is all of it."""
    if editing.old in editing.new:
        return None  # the old text stands there either way
    try:
        content = _plain(files.read_now(editing.path).data)
        old, new = _plain(editing.old.encode()), _plain(editing.new.encode())
    except (PoddError, OSError, UnicodeEncodeError):
        return None
    if old in content:
        return False
    return True if new in content else None


def _plain(text: bytes) -> bytes:
    """The file keeps its own line ends, whatever the model wrote."""
    return text.replace(b"\r\n", b"\n")
