"""Stand-ins for what runs commands: one with real processes, one that plays a part."""

import os
import signal
import subprocess
from contextlib import suppress

import anyio

from podd.errors import NoSuchError
from podd.tools.ports import CommandBegun, CommandEnded

#: What a pipe gives at once, about.
_PIECE = 65_536


class ShellCommands:
    """Runs each command in a process group of its own, confined by nothing."""

    def __init__(self):
        self.pids = []

    async def run(self, text, *, call, timeout_seconds, on_output):
        async with await anyio.open_process(
            ["sh", "-c", text],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            self.pids.append(process.pid)
            try:
                with anyio.move_on_after(timeout_seconds):
                    with suppress(anyio.EndOfStream):
                        while True:
                            await on_output(await process.stdout.receive(_PIECE))
                    return _ended(await process.wait())
                return CommandEnded(end="timed_out", status=signal.SIGKILL)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


class PlayedCommands:
    """Prints what it was given and ends as it was told."""

    def __init__(self, *pieces, end=None, stopped=None):
        self.pieces = pieces
        self.end = end or CommandEnded(end="exited", status=0)
        self.stopped = stopped or {}
        self.asked = []

    async def run(self, text, *, call, timeout_seconds, on_output):
        self.asked.append((text, call, timeout_seconds))
        for piece in self.pieces:
            await on_output(piece)
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end

    async def start(self, text, *, call, timeout_seconds):
        self.asked.append((text, call, timeout_seconds))
        if isinstance(self.end, BaseException):
            raise self.end
        return CommandBegun(command=call, output=f"/outputs/{call}.txt")

    async def stop(self, command):
        if command not in self.stopped:
            raise NoSuchError(what="file", name=command)
        return self.stopped[command]


class HangingCommands(PlayedCommands):
    """Never comes back, and says when it was given up."""

    def __init__(self, *pieces):
        super().__init__(*pieces)
        self.runs = anyio.Event()
        self.given_up = False

    async def run(self, text, *, call, timeout_seconds, on_output):
        for piece in self.pieces:
            await on_output(piece)
        self.runs.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.given_up = True


def _ended(code):
    if code < 0:
        return CommandEnded(end="signalled", status=-code)
    return CommandEnded(end="exited", status=code)
