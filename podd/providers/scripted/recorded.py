"""From a recording's file to a recording that can be played."""

from __future__ import annotations

import os
import stat
from typing import Final

from podd.errors import ManifestError, NoSuchError
from podd.providers.decoders import reading_of
from podd.providers.recording import Recording, read

#: No recording that podd makes is longer.
LARGEST_FILE: Final = 64 * 1024 * 1024


def recorded(path: str) -> Recording:
    """Read and check a recording.

    Raises:
        NoSuchError: there is no such file.
        ManifestError: it cannot be read, is damaged, or is of a provider that this podd
            does not know; names the file, and the line where there is one.
    """
    recording = read(_content(path), path)
    provider = recording.asked.provider
    if reading_of(provider) is None:
        reason = f"this podd has no provider {provider!r} whose answers can be replayed"
        raise ManifestError(path=path, line=1, reason=reason)
    return recording


def _content(path: str) -> bytes:
    try:
        # Not blocking: a pipe without a writer must not hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor has no Path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ManifestError(path=path, reason="is not a regular file")
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchError(what="file", name=path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ManifestError(path=path, reason=f"cannot be read: {reason}") from error
    if len(content) > LARGEST_FILE:
        reason = f"has more than {LARGEST_FILE} bytes"
        raise ManifestError(path=path, reason=reason)
    return content
