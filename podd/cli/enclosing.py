"""Files that go to the model with a prompt: read, recognised, and small enough."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from podd.cli.media_words import size_words
from podd.core.context.media import (
    BEGINNING_BYTES,
    NAME_CHARACTERS,
    PARTS,
    limit_of,
    media_type_of,
    smaller,
)
from podd.errors import NoSuchError, UsageError
from podd_protocol.codec import encode
from podd_protocol.lines import LINE_BYTES
from podd_protocol.requests import (
    DocumentInput,
    ImageInput,
    InputPart,
    Run,
    TextInput,
)

#: What stands around an input in its line, at most.
_AROUND_BYTES: Final = 256

_KNOWN: Final = "pictures (PNG, JPEG, GIF, WebP) and PDF documents can be attached"


def enclosed(text: str, files: Sequence[InputPart]) -> str | list[InputPart]:
    """Put files before a prompt; without any it stays what it is.

    Raises:
        UsageError: all together is too much for one request.
    """
    if not files:
        return text
    # What is to be looked at comes before what is asked: vendors advise so.
    given: list[InputPart] = [*files, TextInput(text=text)]
    size = len(encode(Run(id=0, input=given)))
    if size > LINE_BYTES - _AROUND_BYTES:
        raise UsageError(
            reason=f"PROMPT and attached files are {size_words(size)} as they are "
            f"sent, and a request has at most {size_words(LINE_BYTES)}",
            hint="attach fewer or smaller ones, or give them one after the other",
        )
    return given


def files_in(paths: Sequence[str]) -> list[InputPart]:
    """Read files.

    Raises:
        NoSuchError: one is not there.
        UsageError: one cannot be read, is none that models take, or is too large.
    """
    if len(paths) > PARTS:
        raise UsageError(reason=f"{len(paths)} files, and at most {PARTS} go along")
    return [_part(path) for path in paths]


def _part(path: str) -> InputPart:
    try:
        # Not blocking: a pipe that nobody writes would never be open.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags), "rb") as file:
            return _read(path, file)
    except FileNotFoundError as error:
        raise NoSuchError(what="file", name=path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(reason=f"{path} cannot be read: {reason}") from error


def _read(path: str, file: BinaryIO) -> InputPart:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(reason=f"{path} is no file that can be attached")
    beginning = file.read(BEGINNING_BYTES)
    media_type = media_type_of(beginning)
    if media_type is None:
        what = "it begins like none of them" if beginning else "it is empty"
        raise UsageError(
            reason=f"{path}: {what}; {_KNOWN}",
            hint="text goes into PROMPT, or the pod reads it in its scope",
        )
    limit = limit_of(media_type)
    content = beginning + file.read(limit + 1 - len(beginning))
    if len(content) > limit:
        size, most = (size_words(n) for n in (max(status.st_size, limit + 1), limit))
        raise UsageError(
            reason=f"{path}: {media_type} of {size}, and at most {most} are taken",
            hint=smaller(media_type),
        )
    data = base64.b64encode(content).decode()
    name = _name(path)
    if media_type == "application/pdf":
        return DocumentInput(media_type=media_type, data=data, name=name)
    return ImageInput(media_type=media_type, data=data, name=name)


def _name(path: str) -> str:
    """The file's name, fit for the wire: bytes that are no text are shown as such."""
    name = os.fsencode(Path(path).name).decode("utf-8", "replace")
    return name[:NAME_CHARACTERS]
