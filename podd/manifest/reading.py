"""From a file to a layer."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from typing import Final

from podd.errors import ManifestError, NoSuchError
from podd.manifest.layer import Layer
from podd.manifest.locator import locate
from podd.manifest.resolved import LayerName

#: Bytes. A manifest is written by hand; what is larger is another file.
LARGEST_FILE: Final = 1_048_576

#: How tomllib ends its messages; the fields it has since Python 3.14 say the same.
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read_layer(name: LayerName, path: str, base: str) -> Layer:
    """Read the TOML file at `path`.

    Args:
        name: which layer it is.
        path: absolute.
        base: absolute; what its relative paths are relative to.

    Raises:
        NoSuchError: there is no such file.
        ManifestError: it cannot be read, or is no TOML.
    """
    text = _text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        line = text.count("\n") + 1
        if place := _PLACE.search(message):
            message = message[: place.start()]
            line = int(place.group(1) or line)
        raise ManifestError(
            path=path, line=line, reason=f"is not valid TOML: {message}"
        ) from error
    except RecursionError as error:
        raise ManifestError(path=path, reason="is nested too deeply") from error
    return Layer(name=name, path=path, base=base, table=table, lines=locate(text))


def _text(path: str) -> str:
    try:
        # Not blocking: a pipe without a writer must not hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor has no Path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ManifestError(path=path, reason="is not a regular file")
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchError(what="file", name=path) from error
    except OSError as error:
        raise ManifestError(
            path=path, reason=f"cannot be read: {error.strerror}"
        ) from error
    if len(content) > LARGEST_FILE:
        raise ManifestError(path=path, reason=f"is larger than {LARGEST_FILE} bytes")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ManifestError(path=path, line=line, reason="is not UTF-8") from error
