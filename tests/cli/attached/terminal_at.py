"""A person at a terminal: podctl as a process with a pseudo-terminal of its own."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client.fake_pod import LIMIT_SECONDS

ENTER = "\r"
ALT_ENTER = "\x1b\r"
CTRL_C = "\x03"
CTRL_D = "\x04"
CTRL_J = "\n"
UP = "\x1b[A"

#: What moves, erases, colours or asks; not what is read.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>78])")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")


class TerminalAt:
    """What a person sees and does.

    Attributes:
        process_terminal: the program's side of the terminal, for its modes.
        raw: everything that the program wrote, so far read.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], screen: int, terminal: int
    ) -> None:
        self.process = process
        self.process_terminal = terminal
        self.raw = ""
        self._screen = screen
        self._bytes = b""
        self._seen = 0

    @property
    def text(self) -> str:
        """All that was written, without escape sequences."""
        return _ESCAPES.sub("", self.raw)

    @property
    def colours(self) -> list[str]:
        """The sequences that make anything look different."""
        return _COLOURS.findall(self.raw)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._screen, text.encode())

    def paste(self, text: str) -> None:
        """As a terminal pastes: in brackets, each line's end a carriage return."""
        lines = text.replace("\n", "\r")
        self.type(f"\x1b[200~{lines}\x1b[201~")

    def see(self, words: str) -> None:
        """Wait until `words` were written behind what was seen before."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while (at := self.text.find(words, self._seen)) < 0:
            left = deadline - time.monotonic()
            assert self._read(left), f"{words!r} never came; since:\n{self.unseen}"
        self._seen = at + len(words)

    @property
    def unseen(self) -> str:
        """What was written behind what was seen."""
        return self.text[self._seen :]

    def resize(self, rows: int, columns: int) -> None:
        """The window is another one now."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, size)
        self.process.send_signal(signal.SIGWINCH)

    def exit_code(self) -> int:
        """Wait for the end, and read what was still written."""
        code = self.process.wait(LIMIT_SECONDS)
        while self._read(0.0):
            pass
        return code

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(seconds, 0.0))
        if not ready:
            return False
        try:
            piece = os.read(self._screen, 65536)
        except OSError:  # nobody has the other side any more
            return False
        self._bytes += piece
        self.raw = self._bytes.decode(errors="ignore").replace("\r\n", "\n")
        return bool(piece)


@contextmanager
def terminal_at(
    *words: str, rows: int = 24, columns: int = 80, **environment: str
) -> Iterator[TerminalAt]:
    """Type `podctl WORDS` at a terminal; what still runs at the end is killed."""
    screen, terminal = os.openpty()
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "podd.cli", *words],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color", **environment},
        start_new_session=True,
    )
    # Our copy of the other side stays, so that its modes can be looked at afterwards.
    try:
        yield TerminalAt(process, screen, terminal)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
        os.close(screen)
