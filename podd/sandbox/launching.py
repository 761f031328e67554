"""The launcher as its pod has it: started, spoken to, ended. Blocks; for a thread."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

import podd
from podd.errors import CommandNotStartedError
from podd.sandbox.channel import Channel

#: Not `-m`, which would take the directory that we are in for a place of modules. What
#: is installed beside podd comes last, so nothing of it stands for a standard module.
_PROGRAM: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from podd.sandbox.launcher import main; main()"
)

#: How long a launcher may take to be there, and to end once nothing holds it. It ends
#: every command first, and one that hangs in the kernel cannot be hurried.
_START_SECONDS: Final = 20.0
_END_SECONDS: Final = 10.0


class LauncherProcess:
    """A launcher that runs."""

    def __init__(self, *, life: int | None, settle: dict[str, Any]) -> None:
        """Start it and wait until it is ready.

        Args:
            life: the pod's life lock, of which it keeps a copy.
            settle: what it is told first (channel.py).

        Raises:
            CommandNotStartedError: it cannot be had.
        """
        self._sending = threading.Lock()
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        library = os.environ.get("LD_LIBRARY_PATH")
        root = str(Path(podd.__file__).parent.parent)
        number = -1 if life is None else life
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _PROGRAM, root, str(number)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    # What it has to complain about stands in the pod's log.
                    stderr=None,
                    cwd="/",
                    # A Python that was built into its own prefix may need this one.
                    env={"LD_LIBRARY_PATH": library} if library else {},
                    pass_fds=() if life is None else (life,),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise CommandNotStartedError(
                    reason=f"{sys.executable}: {error.strerror}"
                ) from error
        try:
            self._settle(settle)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Ask it for something.

        Raises:
            OSError: it is gone.
        """
        line = msgspec.json.encode(message)
        with self._sending:
            self._channel.send(line, descriptors)

    def end(self) -> None:
        """Have it end everything, and itself; wait for that, and kill it at last.

        The commands of a launcher that is killed are killed with it.
        """
        with contextlib.suppress(OSError):
            self._channel.connection.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._channel.connection.close()

    def _settle(self, settle: dict[str, Any]) -> None:
        connection = self._channel.connection
        connection.settimeout(_START_SECONDS)
        try:
            self.send({"settle": settle})
            received = self._channel.receive()
        except OSError as error:
            raise CommandNotStartedError(
                reason=f"the launcher does not answer: {error}",
                hint="the end of the pod's log says more",
            ) from error
        connection.settimeout(None)
        if received is None:
            raise CommandNotStartedError(
                reason="the launcher has ended",
                hint="the end of the pod's log says why",
            )
        answer, _ = received
        if (reason := answer.get("failed")) is not None:
            raise CommandNotStartedError(
                reason=f"the launcher cannot confine anything: {reason}",
                hint="podctl doctor says what works on this machine",
            )
