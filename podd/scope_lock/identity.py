"""Who a process is: a pid alone is used again, and means nothing elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

#: Field 22 of /proc/PID/stat, counted from the state (field 3), proc(5).
_START_TIME = 22 - 3


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process, for good (within one boot)."""

    pid: int
    start_time: int
    """Clock ticks since boot: tells a recycled pid."""
    pid_namespace: int
    """Inode of the namespace in which `pid` counts."""


def boot_id() -> str:
    """Name this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def own_identity() -> ProcessIdentity:
    """Say who we are."""
    pid = os.getpid()
    start_time = start_time_of(pid)
    assert start_time is not None, "we live"
    return ProcessIdentity(
        pid=pid, start_time=start_time, pid_namespace=own_pid_namespace()
    )


def own_pid_namespace() -> int:
    """Name the namespace in which the pids that we see count."""
    return Path("/proc/self/ns/pid").stat().st_ino


def start_time_of(pid: int) -> int | None:
    """Say when `pid` started; None: no such process, or a zombie, which is dead."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name may hold spaces and parentheses; the last one closes it.
    fields = line[line.rindex(b")") + 2 :].split()
    if fields[0] in {b"Z", b"X", b"x"}:
        return None
    return int(fields[_START_TIME])


def may_live(process: ProcessIdentity) -> bool:
    """Tell whether `process` may live; only a proof of death says no.

    A pid of another namespace cannot be looked up from here, so it proves nothing.
    """
    if process.pid_namespace != own_pid_namespace():
        return True
    return start_time_of(process.pid) == process.start_time
