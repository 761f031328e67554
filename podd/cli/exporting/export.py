"""Write a session out, verified on the way."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from podd.errors import NoSuchError, StorageError
from podd.journal.reader import JournalReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from podd.core.session.entries import AnyEntry
    from podd.journal.session_directory import SessionDirectory

Form = Literal["jsonl", "markdown", "journal"]


def export(directory: SessionDirectory, form: Form, path: Path | None) -> int:
    """Write a session to a file or to stdout; how many entries it has.

    A file is there only when it is whole. What went to stdout before damage was found
    is sound.

    Raises:
        PoddError: as `JournalReader`, and for entries missing at the end.
        StorageError: the file could not be written.
    """
    reader = JournalReader(directory)
    pieces = _pieces(reader, form)
    if path is None:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        reader.check_nothing_is_missing()
        sys.stdout.buffer.flush()
        return reader.n
    with _whole_or_none(path) as file:
        for piece in pieces:
            file.write(piece)
        reader.check_nothing_is_missing()
    return reader.n


def _pieces(reader: JournalReader, form: Form) -> Iterator[bytes]:
    if form == "journal":
        for line, _ in reader:
            yield line if line.endswith(b"\n") else line + b"\n"
        return
    from podd.cli.exporting.records import records

    entries = _known(reader)
    if form == "jsonl":
        encode = msgspec.json.Encoder().encode
        for record in records(entries):
            yield encode(record) + b"\n"
        return
    from podd.cli.exporting.markdown import Transcript

    transcript = Transcript()
    for record in records(entries):
        yield transcript.add(record).encode()


def _known(reader: JournalReader) -> Iterator[AnyEntry]:
    for _, entry in reader:
        if entry is not None:
            yield entry


@contextlib.contextmanager
def _whole_or_none(path: Path) -> Iterator[BinaryIO]:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            yield file
        draft.replace(path)
    except FileNotFoundError as error:
        raise NoSuchError(what="file", name=str(path.parent)) from error
    except OSError as error:
        raise StorageError(
            path=str(path), reason=error.strerror or str(error)
        ) from error
    finally:
        draft.unlink(missing_ok=True)
