"""Ends a pod with `kill -9` at a point of its way, as a power cut would.

`podd.testing.crash_pod` is a pod with such a point; what is to happen stands in the
environment, which a pod has from whoever starts it. Its children are ordinary pods.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final, Self, get_args

from podd.runtime.crash_points import CrashPoint

#: The module to start in place of `podd.pod`.
CRASH_POD: Final = "podd.testing.crash_pod"
#: `POINT` or `POINT:TIMES`: where to crash, when it is reached for which time.
VARIABLE: Final = "PODD_TEST_CRASH_AT"

POINTS: Final[tuple[CrashPoint, ...]] = get_args(CrashPoint)


class CrashAt:
    """The runtime's `CrashPoints`, with an end."""

    def __init__(self, point: CrashPoint, times: int = 1) -> None:
        """Crash when `point` is reached for the time number `times`, from 1."""
        self.point = point
        self._left = times
        self._mutex = threading.Lock()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `VARIABLE` says.

        Raises:
            ValueError: it names no point, or no number of times.
        """
        name, _, times = text.partition(":")
        for point in POINTS:
            if point == name:
                return cls(point, int(times or 1))
        message = f"{name!r} is no crash point; they are: {', '.join(POINTS)}"
        raise ValueError(message)

    def reach(self, point: CrashPoint) -> None:
        """Crash, or go on. Whoever else is at something is cut off as well."""
        if point != self.point:
            return
        with self._mutex:
            self._left -= 1
            if self._left:
                return
            os.kill(os.getpid(), signal.SIGKILL)
            threading.Event().wait()  # the kernel needs a moment
