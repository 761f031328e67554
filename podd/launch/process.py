"""The process of a new pod: started, heard once, and reaped by who started it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Literal

import msgspec

from podd.launch.abandon import Abandon
from podd.launch.message import POD_MODULE, Report, StartMessage

#: How much of its log a pod that died shows.
LOG_TAIL_BYTES: Final = 4096

#: `ended`: it is gone without a word. `silent`: it lives and says nothing. `abandoned`:
#: nobody wants to hear it any more.
Silence = Literal["ended", "silent", "abandoned"]

_reports: Final = msgspec.json.Decoder(Report)


class PodProcess:
    """Has nothing of its caller but the environment, the umask and the limits.

    Whoever lives on after it has to `reap` it; else it stays behind as a zombie.
    """

    def __init__(
        self, message: StartMessage, log: Path, *, module: str = POD_MODULE
    ) -> None:
        """Start it. What it says on stderr before its log is open goes to the log."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._log = log
        log_descriptor = os.open(log, flags, 0o600)
        told = _as_file(msgspec.json.encode(message))
        try:
            self._log_start = os.fstat(log_descriptor).st_size
            self._process = subprocess.Popen(
                # -I: neither the caller's directory nor its PYTHON* variables.
                [sys.executable, "-I", "-m", module],
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=log_descriptor,
                cwd="/",
                start_new_session=True,
                # Inherited by this process alone, whatever else is started meanwhile.
                pass_fds=[message.life_descriptor],
            )
        finally:
            os.close(told)
            os.close(log_descriptor)

    @property
    def pid(self) -> int:
        """Its number; nobody else gets it before `reap`."""
        return self._process.pid

    def report(
        self, timeout_seconds: float, abandon: Abandon | None = None
    ) -> Report | Silence:
        """Wait for what it has to say."""
        stdout = self._process.stdout
        assert stdout is not None, "a pipe was asked for"
        deadline = time.monotonic() + timeout_seconds
        # poll, not select: a starter with many children has descriptors above 1024.
        poll = select.poll()
        poll.register(stdout, select.POLLIN)
        if abandon is not None:
            poll.register(abandon, select.POLLIN)
        said = b""
        while not said.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            ready = {descriptor for descriptor, _ in poll.poll(left * 1000)}
            if not ready:
                return "silent"
            if abandon is not None and abandon.fileno() in ready:
                return "abandoned"
            piece = os.read(stdout.fileno(), 65_536)
            if not piece:
                return "ended"
            said += piece
        stdout.close()
        report: Report = _reports.decode(said)
        return report

    def why(self, silence: Silence, timeout_seconds: float) -> str:
        """Put into words, with the end of what it logged."""
        reason = f"it was not ready within {timeout_seconds:g} s"
        if silence == "ended":
            reason = f"it ended at once (exit status {self._process.wait()})"
        with self._log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, size - LOG_TAIL_BYTES))
            tail = file.read().decode(errors="replace").strip()
        return f"{reason}; its last words:\n{tail}" if tail else reason

    def reap(self) -> int:
        """Wait for its end; the exit status, negative for a signal."""
        return self._process.wait()

    def kill(self) -> None:
        """End it at once; whoever reaps it will see. Harmless if it has ended."""
        self._process.kill()

    def end(self) -> None:
        """Kill and reap it; harmless if it has ended."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None, "a pipe was asked for"
        self._process.stdout.close()


def _as_file(content: bytes) -> int:
    """A descriptor to read `content` from: no pipe, which a mute pod would fill."""
    descriptor = os.memfd_create("podd-start", os.MFD_CLOEXEC)
    with open(descriptor, "wb", closefd=False) as file:  # it has no Path
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
