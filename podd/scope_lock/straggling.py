"""Ending what a dead pod has left running, for who wants what it held.

A launcher ends the commands of its pod as soon as that is gone; what is here is for a
launcher that is dead too, or stuck. Only a proof of death frees an allocation
(life.py), so what cannot be ended from here, in another pid namespace or not ours to
signal, keeps what it has.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from podd.paths import Places
from podd.scope_lock.identity import (
    ProcessIdentity,
    may_live,
    own_pid_namespace,
    start_time_of,
)
from podd.scope_lock.life import has_stragglers, is_dead, is_locked, stragglers
from podd.scope_lock.record import Record, life_file

#: Seconds that who holds a dead pod's lock unnamed gets to let go, or to write down its
#: name: a launcher that was just being started when its pod died.
NAMELESS_SECONDS: Final = 2.0
#: How often that is looked at.
LOOK_SECONDS: Final = 0.01
#: Seconds that a launcher gets to end the commands of its dead pod by itself.
LAUNCHER_SECONDS: Final = 1.0
#: Seconds that the kernel gets to end what was killed. It needs milliseconds, unless a
#: disk or a network file system holds the process.
KILL_SECONDS: Final = 2.0


def end_what_is_left(places: Places, record: Record) -> bool:
    """End what the dead pod of `record` has started, and wait for the proof.

    Takes up to all the seconds above, so not under the table's lock.

    Returns:
        Whether the allocation is free now. False too where the pod lives, or may live:
        nothing is done to that.
    """
    path = life_file(places, record.id)
    if is_locked(path) and (record.stage == "starting" or may_live(record.process)):
        # Who is starting has not written down its name yet, so it is not known dead.
        return False
    _wait_for_names(path)
    with ExitStack() as held:
        launchers = _hold(path, held, roles=("launcher",))
        _wait(launchers, LAUNCHER_SECONDS)
        # Read again: a launcher writes down what it starts until its end.
        left = _hold(path, held, roles=("launcher", "command"))
        for descriptor in left:
            # A process that became somebody else's cannot be killed, and lives on.
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        _wait(left, KILL_SECONDS)
    return is_dead(path)


def _wait_for_names(path: Path) -> None:
    """Wait while somebody holds the lock and nobody who lives has a name in there."""
    deadline = time.monotonic() + NAMELESS_SECONDS
    while is_locked(path) and not has_stragglers(path):
        if time.monotonic() > deadline:
            return
        time.sleep(LOOK_SECONDS)


def _hold(path: Path, held: ExitStack, *, roles: Sequence[str]) -> list[int]:
    """Open those of the stragglers that can be signalled from here."""
    found = [
        _descriptor(listed.process)
        for listed in stragglers(path)
        if listed.role in roles
    ]
    descriptors = [one for one in found if one is not None]
    for descriptor in descriptors:
        held.callback(os.close, descriptor)
    return descriptors


def _descriptor(process: ProcessIdentity) -> int | None:
    """Hold a process by a descriptor; None: it is dead, elsewhere, or ourselves."""
    if process.pid_namespace != own_pid_namespace() or process.pid == os.getpid():
        return None
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    # In this order: once it is held, its number cannot be used again.
    if start_time_of(process.pid) != process.start_time:
        os.close(descriptor)
        return None
    return descriptor


def _wait(descriptors: list[int], seconds: float) -> None:
    """Wait until all have ended, at most so long."""
    deadline = time.monotonic() + seconds
    for descriptor in descriptors:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
