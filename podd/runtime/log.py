"""The developer's log of a pod: one JSON object a line, rotated, never a key.

structlog, and what it pulls in, takes longer to import than everything that serves the
socket; so lines wait in memory until somebody calls `open`, which the pod does once it
is ready.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from podd.runtime.clock import Clock

#: A log is rotated at this size, once: `pod.log` and `pod.log.1` are all there is.
LOG_BYTES: Final = 4 * 1024 * 1024


class Log:
    """Where a pod writes what only its developers want to know."""

    def __init__(self, path: Path, clock: Clock, **bound: Any) -> None:  # noqa: ANN401
        self._path = path
        self._clock = clock
        self._bound = bound
        self._waiting: list[dict[str, Any]] = []
        self._write: Callable[[dict[str, Any]], None] = self._waiting.append

    def info(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        self._note("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        self._note("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        self._note("error", event, fields)

    def exception(self, event: str, **fields: Any) -> None:  # noqa: ANN401
        """As error, with the traceback of the exception that is being handled."""
        self._note("error", event, {**fields, "traceback": traceback.format_exc()})

    def open(self) -> None:
        """Write what waited, and from here on at once.

        Imports structlog; who cannot wait for that has imported it before, elsewhere.
        """
        import structlog  # late: see the module's docstring

        rotating = _RotatingFile(self._path)
        logger = structlog.wrap_logger(
            rotating,
            processors=[structlog.processors.JSONRenderer(_json)],
            wrapper_class=structlog.BoundLogger,
        )
        self._write = lambda line: logger.msg(**line)
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            self._write(line)

    def flush(self) -> None:
        """Write what waits even if nobody opened the log: the pod is ending."""
        if self._waiting:
            self.open()

    def _note(self, level: str, event: str, fields: dict[str, Any]) -> None:
        self._write(
            {
                "at": self._clock.now(),
                "level": level,
                "event": event,
                **self._bound,
                **fields,
            }
        )


def _json(value: Any, **_: Any) -> str:  # noqa: ANN401  # structlog's serializer
    return msgspec.json.encode(value, enc_hook=repr).decode()


class _RotatingFile:
    """Appends lines; keeps one old file. Says nothing if the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = self._open()

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.open(self._path, flags, 0o600)

    def msg(self, line: str) -> None:
        try:
            if os.fstat(self._descriptor).st_size > LOG_BYTES:
                self._rotate()
            os.write(self._descriptor, line.encode() + b"\n")
        except OSError:
            # The journal says what matters; a pod does not end for its log.
            return

    def _rotate(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._path.with_suffix(".log.1"))
        # Opened before the old one is closed: a descriptor that was closed and is still
        # written to becomes that of whatever is opened next.
        fresh = self._open()
        os.close(self._descriptor)
        self._descriptor = fresh
        # Python's own last words, and those of C libraries, go there too.
        os.dup2(fresh, sys.__stderr__.fileno())  # type: ignore[union-attr]  # a pod always has one
