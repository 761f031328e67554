"""The machine itself: what root may set, read and run on it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.sandbox.escape_attempt import (
    EVERYTHING,
    LANDLOCK,
    PROC_MASKS,
    PROC_READ_ONLY,
    Attempt,
    as_root,
    program,
    told,
)
from tests.sandbox.escape_world import World


def _other_id(world: World) -> None:
    path = world.scope / "other"
    path.write_bytes(Path(shutil.which("id") or "/usr/bin/id").read_bytes())
    os.chown(path, 65534, 65534)
    path.chmod(0o4755)
    for directory in (world.root, world.scope):
        directory.chmod(0o755)


ATTEMPTS = (
    *(
        Attempt(
            name=f"machine-{name}",
            how=f"exec 7> {path} && echo in $token",
            proof=told,
            without=(PROC_READ_ONLY, PROC_MASKS, LANDLOCK),
            needs=(
                as_root,
                lambda path=path: "" if Path(path).exists() else f"no {path}",
            ),
        )
        for name, path in {
            "core-pattern": "/proc/sys/kernel/core_pattern",
            "host-name": "/proc/sys/kernel/hostname",
            "module-loader": "/proc/sys/kernel/modprobe",
            "system-request": "/proc/sysrq-trigger",
            "interrupts": "/proc/irq/default_smp_affinity",
            "memory-drop": "/proc/sys/vm/drop_caches",
        }.items()
    ),
    Attempt(
        name="machine-memory",
        how="head -c 4 /proc/kcore | grep -q ELF && echo in $token",
        proof=told,
        without=(EVERYTHING,),
        needs=(as_root, lambda: "" if Path("/proc/kcore").exists() else "no kcore"),
    ),
    Attempt(
        name="machine-name-set",
        how="socket.sethostname(socket.gethostname())\nprint('in', token)",
        is_python=True,
        proof=told,
        without=(EVERYTHING,),
        needs=(as_root,),
    ),
    Attempt(
        name="machine-devices",
        how="ls /dev/ && test -e /dev/kmsg && echo in $token",
        proof=told,
        without=(EVERYTHING,),
        needs=(lambda: "" if Path("/dev/kmsg").exists() else "no /dev/kmsg",),
    ),
    Attempt(
        name="set-uid-program",
        how="./other | grep -q 'euid=65534' && echo in $token",
        prepare=_other_id,
        proof=told,
        without=(EVERYTHING,),
        needs=(as_root, program("id")),
    ),
)
