"""A command that runs, as whoever started it sees it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import anyio
import anyio.lowlevel
import msgspec

from podd.errors import CommandNotStartedError
from podd.sandbox.command import Ended

_CHUNK_BYTES: Final = 1 << 16


class RunningCommand:
    """Its output, its end, and how to end it.

    Nobody reads ahead: a command that prints faster than `chunks` is read waits.
    """

    def __init__(
        self,
        *,
        output: int,
        report: int,
        stop: Callable[[bool], Awaitable[None]],
    ) -> None:
        """Take over the two descriptors.

        Args:
            output: where its output comes from.
            report: where the launcher tells what becomes of it.
            stop: asks the launcher to end it, at once if true.
        """
        os.set_blocking(output, False)
        os.set_blocking(report, False)
        self.sees_all_processes = False
        """Whether it sees the processes of the machine: no `/proc` of its own."""
        self._output = output
        self._report = report
        self._stop = stop
        self._heard = b""
        self._started = False
        self._failed: dict[str, Any] | None = None
        self._end: Ended | None = None
        self._waiting = anyio.Lock()
        # Ready when either is, so that one wait serves for both.
        self._either = select.epoll()
        self._either.register(output, select.EPOLLIN)
        self._either.register(report, select.EPOLLIN)

    async def running(self) -> None:
        """Wait until it runs.

        Raises:
            CommandNotStartedError: it never will.
        """
        while not self._started and self._failed is None and self._end is None:
            await anyio.wait_readable(self._report)
            self._take_reports()
        if self._failed is not None:
            raise _not_started(self._failed)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what it prints, stdout and stderr in the order they were written.

        The end comes with the end of the command, whoever may still hold its output.
        """
        while True:
            try:
                data = os.read(self._output, _CHUNK_BYTES)
            except BlockingIOError:
                if self._end is not None:
                    return
                await anyio.wait_readable(self._either.fileno())
                self._take_reports()
                continue
            if not data:
                return
            yield data
            # A flood is always ready; others want to run too.
            await anyio.lowlevel.checkpoint()

    def waiting(self) -> bytes:
        """Return what is printed and was not read; empty: nothing, for now."""
        try:
            return os.read(self._output, _CHUNK_BYTES)
        except BlockingIOError:
            return b""

    async def ended(self) -> Ended:
        """Wait for its end; it may never come while nobody reads `chunks`."""
        async with self._waiting:
            while self._end is None:
                await anyio.wait_readable(self._report)
                self._take_reports()
        return self._end

    async def stop(self, *, now: bool = False) -> None:
        """Ask it to end, then end all that it has started; does not wait for that.

        Args:
            now: do not ask.
        """
        if self._end is None:
            await self._stop(now)

    async def aclose(self) -> None:
        """End it if it runs, wait for that, and let go of all. Again: nothing."""
        if self._output < 0:
            return
        with anyio.CancelScope(shield=True):
            await self.stop(now=True)
            await self.ended()
        self._either.close()
        os.close(self._output)
        os.close(self._report)
        self._output = self._report = -1

    def _take_reports(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._end is None:
                part = os.read(self._report, _CHUNK_BYTES)
                if not part:
                    self._end = Ended(
                        kind="lost",
                        status=0,
                        reason="the launcher that ran it has died",
                    )
                    return
                *lines, self._heard = (self._heard + part).split(b"\n")
                for line in lines:
                    self._take(msgspec.json.decode(line))

    def _take(self, message: dict[str, Any]) -> None:
        if "started" in message:
            self._started = True
            self.sees_all_processes = message["started"]["sees_all_processes"]
        elif "failed" in message:
            self._failed = message["failed"]
        else:
            ended = message["ended"]
            self._end = Ended(
                kind=ended["kind"],
                status=ended["status"],
                reason=_reason(ended),
                leftovers=ended["leftovers"],
            )


def _reason(ended: dict[str, Any]) -> str:
    match ended["kind"]:
        case "exited":
            return f"exited with status {ended['status']}"
        case "signalled":
            return f"was killed by {_signal_name(ended['status'])}"
        case "timed_out":
            return "took too long and was ended with all that it had started"
        case "stopped":
            return "was stopped with all that it had started"
        case _:
            return f"was lost: what ran it was killed ({_signal_name(ended['status'])})"


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({number})"
    except ValueError:
        return f"signal {number}"


def _not_started(failed: dict[str, Any]) -> CommandNotStartedError:
    at = f" {failed['at']}" if failed["at"] else ""
    hint = {
        "ELOOP": "something in the scope has been replaced by a link; look at it",
        "ENOENT": "it was there a moment ago; try again",
        "EAGAIN": "too many processes run; wait for some to end",
        "EPERM": "podctl doctor says what works on this machine",
        "E2BIG": "write the text into a file and run that",
    }
    return CommandNotStartedError(
        reason=f"{failed['step']}{at}: {failed['reason']}",
        hint=hint.get(failed["errno"], ""),
    )
