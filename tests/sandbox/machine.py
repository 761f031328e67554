"""Looking at processes and files, for tests of commands."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread

#: No test waits longer for anything.
LIMIT_SECONDS = 20

#: Seconds to sleep, by which our own processes are known; others run these tests too.
NAP = 1_000_000 + os.getpid()


def lives(pid):
    """Whether there is such a process; a zombie is dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in {b"Z", b"X"}


def named(word):
    """The pids of all that have `word` in their command line."""
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            try:
                line = (directory / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in line:
                found.append(int(directory.name))
    return found


async def until(condition):
    """Wait until it holds; nobody tells when."""
    with anyio.fail_after(LIMIT_SECONDS):
        while not condition():
            await anyio.lowlevel.checkpoint()
            await anyio.to_thread.run_sync(os.sched_yield)


def touch(path, text="as it was"):
    """Make a file, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(directory):
    """What lies in a directory."""
    return sorted(path.name for path in directory.iterdir())
