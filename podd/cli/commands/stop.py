"""`podctl stop`: let pods finish what runs, then end them."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Final

import click

from podd.cli import naming
from podd.cli.completing import pods
from podd.cli.duration import short, since
from podd.cli.output import Output
from podd.cli.several import raise_first
from podd.cli.verb import Verb
from podd.client import discovery
from podd.client.connection import ANSWER_SECONDS, PodConnection
from podd.client.discovery import LivePod
from podd.client.process import Process
from podd.errors import (
    FailureReplyError,
    PoddError,
    PodEndedError,
    TimedOutError,
    UsageError,
)
from podd.paths import Places, places
from podd_protocol.requests import Shutdown, ShutdownMode, Status

#: A drain interrupts what runs after 10 s; after 5 more the pod should have ended.
DRAIN_SECONDS: Final = 15.0

#: What `now` leaves a pod: to journal the end and to say good-bye.
NOW_SECONDS: Final = 5.0


@dataclass(slots=True)
class _Stopping:
    """A pod that was asked to end."""

    pod: LivePod
    process: Process
    session: str | None = None


@click.command(cls=Verb, example="podctl stop reviewer writer\npodctl stop --all --now")
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=pods)
# Taken and not looked at: no pod of this version has children, so its tree is itself.
@click.option("--tree", is_flag=True, expose_value=False, help="With its children.")
@click.option("--now", is_flag=True, help="Interrupt what runs at once.")
@click.option("--all", "everything", is_flag=True, help="Every live pod.")
@click.pass_obj
def command(
    output: Output, names: tuple[str, ...], now: bool, everything: bool
) -> None:
    """Let pods finish, then end them.

    What runs is interrupted after 10 seconds, and the turn can be resumed. Returns when
    the pods are gone; exit code 7 if one has not ended after 15 seconds, with what
    still runs. Session and log stay.
    """
    if everything == bool(names):
        raise UsageError(
            reason="name the pods to stop, or say --all, and not both",
            hint="podctl list shows the live pods",
        )
    where = places()
    mode: ShutdownMode = "now" if now else "drain"
    found, failures = _targets(where, names, output.timeout_seconds)
    asked: list[_Stopping] = []
    for pod in found:
        try:
            asked.append(_ask(pod, mode, output.timeout_seconds or ANSWER_SECONDS))
        except PoddError as error:
            failures.append(error)
    stopped, late = _wait(where, asked, mode, output.timeout_seconds)
    failures += late
    if output.json and (stopped or not failures):
        output.document(
            {"stopped": [{"pod": s.pod.name, "session": s.session} for s in stopped]}
        )
    elif not output.json:
        for one in stopped:
            output.text(
                f"{one.pod.name} has ended; podctl resume {one.pod.name} goes on"
            )
        if everything and not found:
            output.say("no pods are alive")
    raise_first(output, failures)


def _targets(
    where: Places, names: tuple[str, ...], limit: float | None
) -> tuple[list[LivePod], list[PoddError]]:
    """The pods meant; those that are not there are failures, and stop no other."""
    if not names:
        return discovery.pods(where), []
    found: list[LivePod] = []
    missing: list[PoddError] = []
    for name in dict.fromkeys(names):
        try:
            found.append(naming.live_pod(where, name, limit))
        except PoddError as error:
            missing.append(error)
    return found, missing


def _ask(pod: LivePod, mode: ShutdownMode, seconds: float) -> _Stopping:
    status = pod.status
    session = None if status is None else status.session
    pid = status.pid if status is not None else pod.pid
    assert pid is not None, "the kernel tells who listens"
    # Held before it is asked: afterwards its number may be another's.
    stopping = _Stopping(pod, Process.of(pid), session)
    try:
        with PodConnection.open(pod.socket, seconds, pod=pod.name) as connection:
            connection.ask(Shutdown(id=0, mode=mode))
    except PodEndedError:
        # It ended faster than it answered.
        pass
    except FailureReplyError as error:
        # Somebody asked before us. We wait with them.
        if error.failure != "stopping":
            stopping.process.close()
            raise
    except PoddError:
        if not stopping.process.has_ended:
            stopping.process.close()
            raise
    return stopping


def _wait(
    where: Places, asked: list[_Stopping], mode: ShutdownMode, limit: float | None
) -> tuple[list[_Stopping], list[PoddError]]:
    """Those that are gone, and an error for each that is not."""
    seconds = limit or (NOW_SECONDS if mode == "now" else DRAIN_SECONDS)
    deadline = time.monotonic() + seconds
    stopped: list[_Stopping] = []
    late: list[PoddError] = []
    for one in asked:
        with one.process:
            if one.process.wait(deadline - time.monotonic()):
                stopped.append(one)
                continue
        late.append(
            TimedOutError(
                what=f"the end of pod {one.pod.name!r}",
                seconds=seconds,
                hint=f"{_still_running(one.pod)}; podctl kill {one.pod.name} ends it",
            )
        )
    if stopped:
        late += _free(where, stopped, seconds)
    return stopped, late


def _free(where: Places, stopped: list[_Stopping], seconds: float) -> list[PoddError]:
    """See that what the pods held is free; one that crashed on its way left it."""
    from podd.scope_lock.listing import live_pods
    from podd.scope_lock.reclaim import reclaim
    from podd.scope_lock.table import Table

    with Table(where) as table:
        reclaim(table)
        held = set(live_pods(table))
    late: list[PoddError] = []
    for one in tuple(stopped):
        if one.pod.name in held and not _again(where, one):
            stopped.remove(one)
            late.append(
                TimedOutError(
                    what=f"freeing what pod {one.pod.name!r} held",
                    seconds=seconds,
                    hint="something that it started still lives: podctl scope list",
                )
            )
    return late


def _again(where: Places, stopped: _Stopping) -> bool:
    """Whether another pod has the name already."""
    with contextlib.suppress(PoddError):
        return discovery.find(where, stopped.pod.name).pid != stopped.process.pid
    return False


def _still_running(pod: LivePod) -> str:
    try:
        with PodConnection.open(pod.socket, discovery.STATUS_SECONDS) as connection:
            calls = connection.ask(Status(id=0)).tool_calls
    except PoddError:
        return "it does not answer"
    if not calls:
        return "no tool runs"
    words = ", ".join(f"{c.name} for {short(since(c.since))}" for c in calls)
    return f"still running: {words}"
