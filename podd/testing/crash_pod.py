"""`python -m podd.testing.crash_pod`: a pod that crashes where a test wants it to."""

from __future__ import annotations

import os
import sys

from podd.journal.disk import KERNEL_DISK, Disk
from podd.pod.process import main
from podd.runtime.crash_points import NO_CRASH_POINTS, CrashPoints
from podd.testing.crash_disk import DISK_POINTS, CrashDisk
from podd.testing.crash_points import POINTS, VARIABLE, CrashAt


def parse(text: str) -> tuple[CrashPoints, Disk]:
    """Read what `VARIABLE` says.

    Raises:
        ValueError: it names no point, or no number of times.
    """
    name, _, times = text.partition(":")
    number = int(times or 1)
    for point in POINTS:
        if point == name:
            return CrashAt(point, number), KERNEL_DISK
    for at in DISK_POINTS:
        if at == name:
            return NO_CRASH_POINTS, CrashDisk(at, number)
    message = f"no crash point: {name!r}; they are: {', '.join(POINTS + DISK_POINTS)}"
    raise ValueError(message)


if __name__ == "__main__":
    sys.exit(main(*parse(os.environ[VARIABLE])))
