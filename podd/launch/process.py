"""The process of a new pod, until it has reported."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Literal

import msgspec

from podd.launch.message import Report, StartMessage

#: How much of its log a pod that died shows.
LOG_TAIL_BYTES: Final = 4096

#: `ended`: it is gone without a word. `silent`: it lives and says nothing.
Silence = Literal["ended", "silent"]

_reports: Final = msgspec.json.Decoder(Report)


class PodProcess:
    """Has nothing of its caller but the environment, the umask and the limits."""

    def __init__(self, message: StartMessage, log: Path) -> None:
        """Start it. What it says on stderr before its log is open goes to the log."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._log = log
        log_descriptor = os.open(log, flags, 0o600)
        try:
            self._log_start = os.fstat(log_descriptor).st_size
            self._process = subprocess.Popen(
                # -I: neither the caller's directory nor its PYTHON* variables.
                [sys.executable, "-I", "-m", "podd.pod"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_descriptor,
                cwd="/",
                start_new_session=True,
                pass_fds=[message.life_descriptor],
            )
        finally:
            os.close(log_descriptor)
        assert self._process.stdin is not None, "a pipe was asked for"
        try:
            self._process.stdin.write(msgspec.json.encode(message))
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once; its report, or the lack of one, says so

    def report(self, timeout_seconds: float) -> Report | Silence:
        """Wait for what it has to say."""
        stdout = self._process.stdout
        assert stdout is not None, "a pipe was asked for"
        deadline = time.monotonic() + timeout_seconds
        said = b""
        while not said.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([stdout], [], [], left)
            if not ready:
                return "silent"
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

    def end(self) -> None:
        """Kill and reap it; harmless if it has ended."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None, "a pipe was asked for"
        self._process.stdout.close()
