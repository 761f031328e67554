"""Ends a pod with `kill -9` at a point of its way, as a power cut would.

`podd.testing.crash_pod` is a pod with such a point; what is to happen stands in the
environment, which a pod has from whoever starts it. Its children are ordinary pods.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final, NoReturn, get_args

from podd.runtime.crash_points import CrashPoint

#: The module to start in place of `podd.pod`.
CRASH_POD: Final = "podd.testing.crash_pod"
#: `POINT` or `POINT:TIMES`: where to crash, when it is reached for which time.
VARIABLE: Final = "PODD_TEST_CRASH_AT"

POINTS: Final[tuple[CrashPoint, ...]] = get_args(CrashPoint)


class Countdown:
    """Counts how often a point is reached, from any thread."""

    def __init__(self, times: int) -> None:
        """Be over at the time number `times`, from 1."""
        self._left = times
        self._mutex = threading.Lock()

    def is_over(self) -> bool:
        """Count; tell whether it was the one. Whoever else comes now waits."""
        self._mutex.acquire()
        self._left -= 1
        if self._left == 0:
            return True
        self._mutex.release()
        return False

    def crash(self) -> NoReturn:
        """End this process. Whoever else is at something is cut off as well."""
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()  # the kernel needs a moment
        raise AssertionError("killed")


class CrashAt:
    """The runtime's `CrashPoints`, with an end."""

    def __init__(self, point: CrashPoint, times: int = 1) -> None:
        """Crash when `point` is reached for the time number `times`, from 1."""
        self.point = point
        self._countdown = Countdown(times)

    def reach(self, point: CrashPoint) -> None:
        """Crash, or go on."""
        if point == self.point and self._countdown.is_over():
            self._countdown.crash()
