"""The developer's log of a pod: one JSON object a line, rotated, never a key."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import msgspec

from podd.runtime.clock import Clock

#: A log is rotated at this size, once: `pod.log` and `pod.log.1` are all there is.
LOG_BYTES: Final = 4 * 1024 * 1024


class Log:
    """Where a pod writes what only its developers want to know."""

    def __init__(self, path: Path, clock: Clock, **bound: Any) -> None:  # noqa: ANN401
        """Every line will have the `bound` fields; the first one opens the file."""
        self._file = _RotatingFile(path)
        self._clock = clock
        self._bound = bound

    def info(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        self._note("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        self._note("warning", event, fields)

    def exception(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        """An error, with the traceback of the exception that is being handled."""
        self._note("error", event, {**fields, "traceback": traceback.format_exc()})

    def _note(self, level: str, event: str, fields: dict[str, Any]) -> None:
        line = {
            "at": self._clock.now(),
            "level": level,
            "event": event,
            **self._bound,
            **fields,
        }
        self._file.append(msgspec.json.encode(line, enc_hook=repr) + b"\n")


class _RotatingFile:
    """Appends lines; keeps one old file. Says nothing if the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.open(self._path, flags, 0o600)

    def append(self, line: bytes) -> None:
        try:
            os.write(self._current(), line)
        except OSError:
            # The journal says what matters; a pod does not end for its log.
            return

    def _current(self) -> int:
        """The descriptor of a file that may still grow."""
        if self._descriptor is None:
            self._descriptor = self._open()
        elif os.fstat(self._descriptor).st_size > LOG_BYTES:
            self._descriptor = self._rotate(self._descriptor)
            # Python's own last words, and those of C libraries, go there too.
            os.dup2(self._descriptor, sys.__stderr__.fileno())  # type: ignore[union-attr]  # a pod always has one
        return self._descriptor

    def _rotate(self, full: int) -> int:
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._path.with_suffix(".log.1"))
        # Opened before the old one is closed: a descriptor that was closed and is still
        # written to becomes that of whatever is opened next.
        fresh = self._open()
        os.close(full)
        return fresh
