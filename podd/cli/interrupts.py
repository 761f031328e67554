"""Ctrl-C, counted: the first is a wish, the second leaves at once."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Self


class Interrupts:
    """While entered, SIGINT is counted; the second one raises KeyboardInterrupt.

    SIGTERM, and SIGHUP where it is not ignored, raise it at once: the terminal has
    closed, and a pod that was to live for one turn must not outlive it unseen.

    Its descriptor becomes readable with the first, so that whoever waits for a pod
    wakes up and can ask it to cancel.

    Attributes:
        count: how many came.
    """

    def __init__(self) -> None:
        self.count = 0
        self._reader, self._writer = -1, -1

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._handlers_before = {
            signal.SIGINT: signal.signal(signal.SIGINT, self._count)
        }
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before = signal.signal(number, self._leave)
                self._handlers_before[number] = before
        self._wakeup_before = signal.set_wakeup_fd(
            self._writer, warn_on_full_buffer=False
        )
        return self

    def __exit__(self, *_exception: object) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        return self._reader

    def drain(self) -> None:
        """Make the descriptor wait for the next one."""
        try:
            while os.read(self._reader, 64):
                pass
        except BlockingIOError:
            pass

    def _leave(self, _signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def _count(self, _signal: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt
