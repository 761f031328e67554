"""What a command can use up."""

from __future__ import annotations

import os

from podd.sandbox.settings import CommandLimits, Means
from tests.sandbox.escape_attempt import LIMITS, Attempt, told
from tests.sandbox.escape_world import World

_MEBIBYTE = 1 << 20
_ON_DISK: dict[Means, str] = {
    "landlock": "TMPDIR and HOME lie on the disk, and nothing limits what fits"
}


def _limits(**limits: int):
    return lambda world: {"limits": CommandLimits(**limits)}


def _is_large(world: World, output: str) -> bool:
    path = world.scope / "n"
    return path.exists() and path.stat().st_size > _MEBIBYTE


_FORKS = """
import signal
pids = []
try:
    for _ in range(500):
        pid = os.fork()
        if pid == 0:
            signal.pause()
        pids.append(pid)
except OSError:
    pass
for pid in pids:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
if len(pids) == 500:
    print('in', token)
"""
_SHARED = """
import mmap
memory = mmap.mmap(-1, 300 << 20)
for at in range(0, 300 << 20, 4096):
    memory[at] = 1
print('in', token)
"""

ATTEMPTS = (
    Attempt(
        name="limit-processes",
        how=_FORKS,
        is_python=True,
        settings=_limits(processes=60),
        proof=told,
        without=(LIMITS,),
        gaps={"landlock": "the number of processes is not limited for root"}
        if os.geteuid() == 0
        else {},
    ),
    *(
        Attempt(
            name=f"limit-memory-{name}",
            how=how,
            is_python=True,
            settings=_limits(memory_bytes=128 * _MEBIBYTE),
            proof=told,
            without=(LIMITS,),
        )
        for name, how in {
            "taken": "x = bytes(200 << 20)\nprint('in', token)",
            "raised": (
                "import resource\n"
                "try:\n    resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))\n"
                "except (OSError, ValueError): pass\n"
                "x = bytes(200 << 20)\nprint('in', token)"
            ),
            "mapped": (
                "import mmap\n"
                "x = mmap.mmap(-1, 200 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
                "print('in', token)"
            ),
        }.items()
    ),
    *(
        Attempt(
            name=f"limit-file-{name}",
            how=how,
            settings=_limits(file_bytes=_MEBIBYTE),
            proof=_is_large,
            without=(LIMITS,),
        )
        for name, how in {
            "written": "head -c 2000000 /dev/zero > n",
            "truncated": "truncate -s 2000000 n",
            "appended": "for i in 1 2; do head -c 900000 /dev/zero >> n; done",
            "raised": "ulimit -f unlimited; head -c 2000000 /dev/zero > n",
        }.items()
    ),
    *(
        Attempt(
            name=f"limit-private-{name}",
            how=f"head -c 3000000 /dev/zero > {place}/n && echo in $token",
            settings=_limits(temporary_bytes=_MEBIBYTE),
            proof=told,
            without=(LIMITS,),
            gaps=_ON_DISK,
        )
        for name, place in {"tmp": "$TMPDIR", "home": "$HOME"}.items()
    ),
    Attempt(
        name="limit-memory-shared",
        how=_SHARED,
        is_python=True,
        settings=_limits(memory_bytes=128 * _MEBIBYTE),
        proof=told,
        without=(LIMITS,),
        gaps=dict.fromkeys(
            ("namespaces", "bubblewrap", "landlock"),
            "memory is counted for each process, and what is shared is not",
        ),
    ),
)
