"""End live pods in order: ask each, then wait until it is gone and its scope free."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from podd.cli.duration import short, since
from podd.client import discovery
from podd.client.connection import PodConnection
from podd.client.process import Process
from podd.errors import FailureReplyError, PoddError, PodEndedError, TimedOutError
from podd_protocol.requests import Shutdown, ShutdownMode, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podd.client.discovery import LivePod
    from podd.paths import Places

#: A drain interrupts what runs after 10 s; after 5 more the pod should have ended.
DRAIN_SECONDS: Final = 15.0

#: What `now` leaves a pod: to journal the end and to say good-bye.
NOW_SECONDS: Final = 5.0


@dataclass(slots=True)
class Ending:
    """A pod that was asked to end."""

    pod: LivePod
    process: Process
    session: str | None = None


def ask_to_end(pod: LivePod, mode: ShutdownMode, seconds: float) -> Ending:
    """Ask one pod, and hold its process.

    Raises:
        PoddError: it would not hear it.
    """
    status = pod.status
    session = None if status is None else status.session
    pid = status.pid if status is not None else pod.pid
    assert pid is not None, "the kernel tells who listens"
    # Held before it is asked: afterwards its number may be another's.
    ending = Ending(pod, Process.of(pid), session)
    try:
        with PodConnection.open(pod.socket, seconds, pod=pod.name) as connection:
            connection.ask(Shutdown(id=0, mode=mode))
    except PodEndedError:
        # It ended faster than it answered.
        pass
    except FailureReplyError as error:
        # Somebody asked before us. We wait with them.
        if error.failure != "stopping":
            ending.process.close()
            raise
    except PoddError:
        if not ending.process.has_ended:
            ending.process.close()
            raise
    return ending


def wait_for_ends(
    where: Places, asked: Sequence[Ending], mode: ShutdownMode, limit: float | None
) -> tuple[list[Ending], list[PoddError]]:
    """Those that are gone, and an error for each that is not.

    Args:
        where: whose table is cleared up.
        asked: their processes are let go of.
        mode: in which they were asked.
        limit: seconds for all together; None: what the mode leaves them.
    """
    seconds = limit or (NOW_SECONDS if mode == "now" else DRAIN_SECONDS)
    deadline = time.monotonic() + seconds
    gone: list[Ending] = []
    late: list[PoddError] = []
    for one in asked:
        with one.process:
            if one.process.wait(deadline - time.monotonic()):
                gone.append(one)
                continue
        late.append(
            TimedOutError(
                what=f"the end of pod {one.pod.name!r}",
                seconds=seconds,
                hint=f"{_still_running(one.pod)}; podctl kill {one.pod.name} ends it",
            )
        )
    if gone:
        late += _free(where, gone, seconds)
    return gone, late


def _free(where: Places, gone: list[Ending], seconds: float) -> list[PoddError]:
    """See that what the pods held is free; one that crashed on its way left it."""
    from podd.scope_lock.listing import live_pods
    from podd.scope_lock.reclaim import reclaim
    from podd.scope_lock.table import Table

    with Table(where) as table:
        reclaim(table)
        held = set(live_pods(table))
    late: list[PoddError] = []
    for one in tuple(gone):
        if one.pod.name in held and not _again(where, one):
            gone.remove(one)
            late.append(
                TimedOutError(
                    what=f"freeing what pod {one.pod.name!r} held",
                    seconds=seconds,
                    hint="something that it started still lives: podctl scope list",
                )
            )
    return late


def _again(where: Places, ending: Ending) -> bool:
    """Whether another pod has the name already."""
    with contextlib.suppress(PoddError):
        return discovery.find(where, ending.pod.name).pid != ending.process.pid
    return False


def _still_running(pod: LivePod) -> str:
    try:
        with PodConnection.open(pod.socket, discovery.STATUS_SECONDS) as connection:
            status = connection.ask(Status(id=0))
    except PoddError:
        return "it does not answer"
    running = [f"{c.name} for {short(since(c.since))}" for c in status.tool_calls]
    running += [f"pod {c.pod}" for c in status.children if c.state != "ended"]
    return f"still running: {', '.join(running)}" if running else "no tool runs"
