"""`podctl kill`: end pods at once, whether they answer or not.

The process to kill is the one that the table of allocations names, with its start
time, so a number that was used again is never hit. A pod without an allocation is the
process that the kernel says listens on its socket.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from podd.cli.completing import pods
from podd.cli.family import Family, children_left, uncovered
from podd.cli.naming import is_pod_name
from podd.cli.output import Output
from podd.cli.several import raise_first
from podd.cli.verb import Verb
from podd.client.discovery import find
from podd.client.ownership import refuse_strangers
from podd.client.process import KILL_SECONDS, Process
from podd.errors import (
    DeniedError,
    NoSuchError,
    PoddError,
    PodNotAnsweringError,
    TimedOutError,
)
from podd.paths import Places, places

if TYPE_CHECKING:
    from podd.scope_lock.record import Record
    from podd.scope_lock.table import Table


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of one pod."""

    pod: str
    pid: int | None
    """None: it was dead already, and only what it left was cleared away."""
    session: str | None


@click.command(cls=Verb, example="podctl kill reviewer\npodctl kill planner --tree")
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=pods
)
@click.option("--tree", is_flag=True, help="With the pods below them.")
@click.pass_obj
def command(output: Output, *, names: tuple[str, ...], tree: bool) -> None:
    """End pods at once.

    Nothing that was accepted is lost: podctl resume NAME goes on with the session. A
    call that was running is not run again. A pod with children is killed only with
    --tree, they first. podctl stop is the gentle way.
    """
    from podd.scope_lock.table import Table

    where = places()
    refuse_strangers(where.runtime)
    killed: list[Killed] = []
    failures: list[PoddError] = []
    family = Family.of(where)
    with Table(where) as table:
        for name in family.deepest_first(dict.fromkeys(names)):
            if not tree and (left := uncovered(family, name, names)):
                failures.append(children_left("kill", name, left))
                continue
            meant = [*family.below(name), name] if tree else [name]
            gone, failed = _kill_all(table, where, meant, output.timeout_seconds)
            if tree:
                more, late = _kill_late_comers(table, where, gone, output)
                gone, failed = [*gone, *more], [*failed, *late]
            killed += gone
            failures += failed
    if killed or not failures:
        _tell(output, killed)
    raise_first(output, failures)


def _tell(output: Output, killed: list[Killed]) -> None:
    if output.json:
        rows: list[dict[str, Any]] = [
            {"pod": one.pod, "pid": one.pid, "session": one.session} for one in killed
        ]
        output.document({"killed": rows})
        return
    for one in killed:
        if one.pid is None:
            output.text(f"{one.pod} was dead already; what it left is cleared away")
        else:
            output.text(f"{one.pod} is dead (pid {one.pid})")
    if killed:
        output.say(f"podctl resume {killed[0].pod} goes on where it was")


def _kill_all(
    table: Table, where: Places, names: list[str], limit: float | None
) -> tuple[list[Killed], list[PoddError]]:
    """In the order given; the last one is meant by name, the others are below it."""
    killed: list[Killed] = []
    failures: list[PoddError] = []
    for name in names:
        try:
            killed.append(_kill(table, where, name, limit))
        except NoSuchError as error:
            if name == names[-1]:
                failures.append(error)
            # else: it has ended by itself since we looked
        except PoddError as error:
            failures.append(error)
    return killed, failures


def _kill_late_comers(
    table: Table, where: Places, dead: list[Killed], output: Output
) -> tuple[list[Killed], list[PoddError]]:
    """Kill what was spawned while its parent was about to be killed."""
    killed: list[Killed] = []
    failures: list[PoddError] = []
    nearest = list(dead)
    while names := _left_by(table, {one.session for one in nearest if one.session}):
        nearest, failed = _kill_all(table, where, names, output.timeout_seconds)
        killed += nearest
        failures += failed
    return killed, failures


def _left_by(table: Table, sessions: set[str]) -> list[str]:
    """The live pods that one of these has lent to."""
    from podd.scope_lock import record as records

    if not sessions or not table.exists:
        return []
    return [
        record.name
        for record in table.transact(records.everything)
        if record.lender in sessions and _is_held(table, record)
    ]


def _kill(table: Table, where: Places, name: str, limit: float | None) -> Killed:
    seconds = KILL_SECONDS if limit is None else limit
    if not is_pod_name(name):
        raise NoSuchError(what="pod", name=name)
    record = _record(table, name)
    if record is not None and _is_held(table, record):
        process = _process_of(record)
    else:
        process = _listener(where, name)
    if record is None and process is None and not where.pod(name).exists():
        raise NoSuchError(what="pod", name=name)
    pid = None
    if process is not None:
        with process:
            pid = process.pid
            process.kill()
            if not process.wait(seconds):
                raise TimedOutError(
                    what=f"the end of pod {name!r} (pid {pid})",
                    seconds=seconds,
                    hint="the kernel holds it, most likely for a disk; look with ps",
                )
    _clear_away(table, where, name, seconds)
    return Killed(name, pid, None if record is None else record.session)


def _record(table: Table, name: str) -> Record | None:
    from podd.scope_lock import record as records

    if not table.exists:
        return None
    return table.transact(lambda connection: records.by_name(connection, name))


def _is_held(table: Table, record: Record) -> bool:
    from podd.scope_lock import record as records

    return not records.is_free(table.places, record)


def _process_of(record: Record) -> Process | None:
    """The pod's process; None if that has ended."""
    from podd.scope_lock.identity import own_pid_namespace, start_time_of

    name, process = record.name, record.process
    if record.stage == "starting":
        raise PodNotAnsweringError(
            pod=name,
            reason=f"it is being started by pid {process.pid}; end that, or wait",
        )
    if process.pid_namespace != own_pid_namespace():
        raise DeniedError(
            reason=f"pod {name!r} runs in another pid namespace, as pid {process.pid}",
            hint="kill it from there",
        )
    held = Process.of(process.pid)
    # In this order: once we hold the process, its number cannot be used again.
    if start_time_of(process.pid) != process.start_time:
        held.close()
        return None
    return held


def _listener(where: Places, name: str) -> Process | None:
    """The process behind a socket that no allocation vouches for; None: nobody's."""
    try:
        pid = find(where, name).pid
        if pid is None or pid == os.getpid():
            return None
        held = Process.of(pid)
        # It still listens while we hold it, so the number is still its own.
        if find(where, name).pid == pid:
            return held
    except NoSuchError:
        return None
    held.close()
    return None


def _clear_away(table: Table, where: Places, name: str, seconds: float) -> None:
    """Free the allocation and remove the dead socket."""
    from podd.scope_lock import record as records
    from podd.scope_lock.reclaim import reclaim

    reclaim(table)
    directory = where.pod(name)

    def work(connection: Any) -> bool:  # noqa: ANN401  # sqlite3 is imported late
        # Under the lock of the table: a pod that takes the name has its row there
        # before it makes its socket.
        if records.by_name(connection, name) is not None:
            return False
        shutil.rmtree(directory, ignore_errors=True)
        return True

    if table.exists:
        cleared = table.transact(work)
    else:
        shutil.rmtree(directory, ignore_errors=True)
        cleared = True
    if not cleared:
        raise TimedOutError(
            what=f"freeing what pod {name!r} held",
            seconds=seconds,
            hint="something that it started still lives: podctl scope list",
        )
