"""One running command, as its launcher knows it. Standard library alone."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from collections.abc import Iterator
    from typing import Any

#: After it is told to end everything, a keeper that does not is killed.
_KEEPER_SECONDS = 2.0

_PIECE_BYTES = 1 << 16


class Command:
    """A command, from its request to its end."""

    def __init__(self, request: dict[str, Any], report: int) -> None:
        self.id: str = request["id"]
        self.grace: float = request["grace_seconds"]
        self.is_in_namespace = request["means"] == "namespaces"
        self.pid = 0
        """Of its keeper."""
        self.status = -1
        """Where the keeper tells; -1 when it has no more to tell."""
        self.control = -1
        self.deadline: float | None = None
        self.outcome: dict[str, Any] | None = None
        """What the keeper said at the end."""
        self._report = report
        self._reason: str | None = None
        self._has_failed = False
        self._kill_at: float | None = None
        self._is_killed = False
        self._heard = b""

    @property
    def due(self) -> float | None:
        """When to look at it again."""
        return self._kill_at if self._reason is not None else self.deadline

    def end(self, reason: str, *, grace: float) -> None:
        """Have it end; the first reason is the one that is told."""
        now = time.monotonic()
        if self._reason is None:
            self._reason = reason
            if grace > 0:
                self.tell_keeper(b"t")
        elif self._is_killed:
            return
        until = now + grace
        self._kill_at = until if self._kill_at is None else min(self._kill_at, until)

    def press(self, now: float) -> None:
        """Do what its time asks for."""
        if self._reason is None and self.deadline is not None and now >= self.deadline:
            self.end("timed_out", grace=self.grace)
        if self._kill_at is None or now < self._kill_at:
            return
        if self.is_in_namespace or self._is_killed:
            # Its keeper is the pid 1 of all that it has started.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._kill_at = None
        else:
            self.tell_keeper(b"k")
            self._kill_at = now + _KEEPER_SECONDS
        self._is_killed = True

    def tell_keeper(self, word: bytes) -> None:
        """Say a word; a keeper that is gone hears nothing."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.control, word)

    def hear(self) -> Iterator[dict[str, Any]]:
        """Yield what the keeper has told since; it may be dead meanwhile."""
        if self.status < 0:
            return
        os.set_blocking(self.status, False)
        while True:
            try:
                part = os.read(self.status, _PIECE_BYTES)
            except BlockingIOError:
                return
            if not part:
                os.close(self.status)
                self.status = -1
                return
            *lines, self._heard = (self._heard + part).split(b"\n")
            for line in lines:
                yield json.loads(line)

    def report(self, **message: object) -> None:
        """Tell whoever has started it; nobody may be listening any more."""
        self._has_failed = self._has_failed or "failed" in message
        with contextlib.suppress(BrokenPipeError):
            os.write(self._report, json.dumps(message).encode() + b"\n")

    def fail(self, step: str, error: OSError) -> None:
        """Tell that it could not be started."""
        self.report(
            failed={
                "step": step,
                "reason": error.strerror,
                "errno": errno.errorcode.get(error.errno or 0, ""),
                "at": os.fsdecode(error.filename or ""),
            }
        )
        if not self.pid:
            os.close(self._report)

    def report_end(self, keepers_status: int) -> None:
        """Tell how it ended.

        Args:
            keepers_status: the wait status of its keeper, all that is known if that
                was killed.
        """
        if self._has_failed:
            return
        if self.outcome is None:
            kind = self._reason or "lost"
            status = (
                os.WTERMSIG(keepers_status) if os.WIFSIGNALED(keepers_status) else 0
            )
            self.report(ended={"kind": kind, "status": status, "leftovers": 0})
            return
        status = self.outcome["status"]
        is_signalled = os.WIFSIGNALED(status)
        self.report(
            ended={
                "kind": self._reason or ("signalled" if is_signalled else "exited"),
                "status": os.WTERMSIG(status)
                if is_signalled
                else os.WEXITSTATUS(status),
                "leftovers": self.outcome["leftovers"],
            }
        )

    def close(self) -> None:
        """Let go of the pipes."""
        for descriptor in (self.status, self.control, self._report):
            if descriptor >= 0:
                os.close(descriptor)
