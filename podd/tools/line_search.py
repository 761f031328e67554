"""Search files for a pattern in a process that can be killed.

`re` cannot be stopped and needs exponential time for some patterns, so a pattern that a
model wrote never runs in the pod. The process is given open files, no paths.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import msgspec

from podd.errors import PoddError, TimedOutError, UsageError

SearchMode = Literal["files", "lines", "count"]

#: Descriptors in one message; search_child.py takes as many.
BATCH_FILES: Final = 64

#: What the process may map. A pattern can be short and its automaton enormous.
_MEMORY_BYTES: Final = 1 << 30

_CHILD: Final = Path(__file__).with_name("search_child.py")


class FoundLine(msgspec.Struct, frozen=True, array_like=True):
    """A line that is shown."""

    number: int
    is_match: bool
    """False: it only stands near one."""
    text: str


class FoundFile(msgspec.Struct, frozen=True):
    """A file in which something was found."""

    file: int
    """Its index in the batch."""
    matches: int
    """Matching lines; 1 in mode `files`, which stops at the first."""
    lines: tuple[FoundLine, ...] = ()


class BatchResult(msgspec.Struct, frozen=True):
    """What one batch gave."""

    files: tuple[FoundFile, ...]
    searched: int
    """Files that were searched before the room was used up."""
    binary: int
    """Files that are no text and were not searched."""
    full: bool
    """Whether there was more room than matches; the rest was not searched."""


@dataclass(frozen=True, slots=True)
class LinePattern:
    """What is looked for."""

    pattern: str
    ignore_case: bool
    mode: SearchMode
    context: int
    """Lines that are shown before and after each match."""


class LineSearch:
    """A running search process. Blocks, so it belongs into a worker thread.

    `kill` may be called from any thread and makes whoever waits for an answer raise.
    """

    def __init__(self, pattern: LinePattern, seconds: float) -> None:
        """Say what to look for; the process starts when the context is entered.

        Args:
            pattern: what to look for.
            seconds: after which the process ends by itself, even if the pod is gone.
        """
        self._pattern = pattern
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        self._channel = ours
        self._answers = ours.makefile("rb")
        try:
            self._start(theirs)
            self._agree()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def kill(self) -> None:
        """End the process now, or keep it from starting."""
        with self._starting:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def search(self, descriptors: Sequence[int], room: int) -> BatchResult:
        """Search these files.

        Args:
            descriptors: at most BATCH_FILES open files; they stay the caller's.
            room: how many entries to find, at most: lines in mode `lines`, else files.

        Raises:
            TimedOutError: the process was killed, by `kill` or by its own clock.
            UsageError: it broke off.
        """
        batch = {"count": len(descriptors), "room": room}
        return msgspec.convert(self._ask(batch, descriptors), BatchResult)

    def _start(self, theirs: socket.socket) -> None:
        library = os.environ.get("LD_LIBRARY_PATH")
        with theirs, self._starting:
            if not self._killed:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_CHILD)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    # A Python that was built into its own prefix may need this one.
                    env={"LD_LIBRARY_PATH": library} if library else {},
                )

    def _agree(self) -> None:
        answer = self._ask(
            {
                "pattern": self._pattern.pattern,
                "ignore_case": self._pattern.ignore_case,
                "mode": self._pattern.mode,
                "context": self._pattern.context,
                # One more than the caller's own limit, which has the better words.
                "seconds": int(self._seconds) + 2,
                "memory": _MEMORY_BYTES,
            }
        )
        if (error := answer.get("error")) is not None:
            at = answer.get("at")
            place = "" if at is None else f" at position {at}"
            raise UsageError(
                reason=f"the pattern is no regular expression: {error}{place}"
            )

    def _ask(
        self, message: dict[str, Any], descriptors: Sequence[int] = ()
    ) -> dict[str, Any]:
        line = msgspec.json.encode(message) + b"\n"
        try:
            sent = socket.send_fds(self._channel, [line], descriptors)
            self._channel.sendall(line[sent:])
            answer = self._answers.readline()
        except OSError:
            answer = b""
        if not answer.endswith(b"\n"):
            raise self._loss()
        found: dict[str, Any] = msgspec.json.decode(answer)
        return found

    def _loss(self) -> PoddError:
        """Say why there is no answer."""
        process = self._process
        if self._killed or process is None or process.wait() == -signal.SIGALRM:
            return TimedOutError(what="the search", seconds=self._seconds)
        return UsageError(
            reason="the search broke off; the pattern may need too much memory"
        )

    def _end(self) -> None:
        self.kill()
        with contextlib.suppress(OSError):
            self._answers.close()
        self._channel.close()
        if self._process is not None:
            self._process.wait()
