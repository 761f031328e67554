"""One run of the scripted family with kills, held against an undisturbed one."""

from __future__ import annotations

import os
import random
import select
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from podd.core.session import entries as e
from podd.errors import PodNotAnsweringError
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.launch.message import POD_MODULE
from podd.launch.start import Started, StartRequest, start
from podd.paths import Places
from podd.testing.crash_disk import DISK_POINTS, DiskPoint
from podd.testing.crash_points import CRASH_POD, VARIABLE
from podd.testing.scripted_family import (
    CHILD_MARK,
    MARKS,
    PATIENCE_SECONDS,
    FamilyDriver,
    end_family,
    marks,
    write_family,
)
from podd.testing.undisturbed import differences

#: One kill in so many at random is followed by one of the process that restores it.
_TWICE: Final = 4
#: Writes and syncs of a process that only restores: where the second one falls.
_OF_A_RESTORE: Final = 8


class BrokenPromiseError(Exception):
    """What must never happen did."""


class AtPoint(msgspec.Struct, frozen=True):
    """The kill falls on a durable point."""

    point: DiskPoint
    number: int

    def __str__(self) -> str:
        return f"{self.point}:{self.number}"


class AtInstant(msgspec.Struct, frozen=True):
    """The kill falls wherever the pod is after this time."""

    seconds: float

    def __str__(self) -> str:
        return f"after {self.seconds:.3f} s"


Kill = AtPoint | AtInstant


class KillReport(msgspec.Struct, kw_only=True):
    """What a run came to."""

    kills: int = 0
    unknown: int = 0
    """Calls that a kill cut off, and the model was told so."""
    restores: list[float] = msgspec.field(default_factory=list)
    """Seconds from asking for a restore to a pod that answers."""
    seconds: float = 0.0
    """From the start to the end of the last turn."""
    journal: tuple[e.AnyEntry, ...] = ()


def points_of(undisturbed: Sequence[e.AnyEntry], syncs: int) -> list[AtPoint]:
    """Every durable point of a run with these entries and so many syncs."""
    counts = {point: len(undisturbed) for point in DISK_POINTS}
    counts["sync.before"] = counts["sync.after"] = syncs
    return [
        AtPoint(point, number)
        for point in DISK_POINTS
        for number in range(1, counts[point] + 1)
    ]


def at_random(chance: random.Random, seconds: float) -> tuple[Kill, ...]:
    """One or two kills of a run that takes so long."""
    first = AtInstant(chance.uniform(0.0, seconds))
    if chance.randrange(_TWICE):
        return (first,)
    point = chance.choice(DISK_POINTS)
    return first, AtPoint(point, chance.randint(1, _OF_A_RESTORE))


def run_case(
    kills: Sequence[Kill], undisturbed: Sequence[e.AnyEntry] | None
) -> KillReport:
    """Run the family to its end over these kills, in a universe of its own.

    Args:
        kills: each falls on the process that takes up what the one before left. One
            whose point is never reached does not happen.
        undisturbed: the journal of a run without kills; None: this is that one.

    Raises:
        BrokenPromiseError: what must never happen did.
        PoddError: a pod could not be started.
    """
    with tempfile.TemporaryDirectory(prefix="kill-") as directory:
        root = Path(directory)
        places = Places(root / "run", root / "state", root / "config")
        run = _Run(places)
        try:
            run.go(kills)
            run.check(undisturbed)
        finally:
            run.end()
    return run.report


class _Run:
    def __init__(self, places: Places) -> None:
        self.report = KillReport()
        self._places = places
        self._resolved = write_family(places)
        self._driver = FamilyDriver()
        self._session: str | None = None
        self._pid = 0

    def go(self, kills: Sequence[Kill]) -> None:
        began = time.monotonic()
        for kill in (*kills, None):
            started = self._start(kill)
            if started is not None and self._drive(started, kill):
                break
            self.report.kills += 1
        self.report.seconds = time.monotonic() - began

    def _start(self, kill: Kill | None) -> Started | None:
        """Start it, or go on; None: it was killed before it was ready."""
        resume = self._session
        module = CRASH_POD if isinstance(kill, AtPoint) else POD_MODULE
        if isinstance(kill, AtPoint):
            os.environ[VARIABLE] = str(kill)
        before = time.monotonic()
        try:
            started = start(
                StartRequest(
                    places=self._places,
                    resolved=self._resolved if resume is None else None,
                    resume=resume,
                    module=module,
                )
            )
        except PodNotAnsweringError:
            if module == CRASH_POD:
                return None
            raise
        if resume is not None:
            self.report.restores.append(time.monotonic() - before)
        self._session, self._pid = started.session, started.pid
        return started

    def _drive(self, started: Started, kill: Kill | None) -> bool:
        """Whether it came to its end; else it is dead."""
        ended = os.pidfd_open(started.pid)
        try:
            if isinstance(kill, AtInstant):
                is_over = self._driver.drive(started, kill.seconds)
                signal.pidfd_send_signal(ended, signal.SIGKILL)
            else:
                is_over = self._driver.drive(started)
                if is_over:
                    return True
            if not select.select([ended], [], [], PATIENCE_SECONDS)[0]:
                raise BrokenPromiseError("it neither ended its turns nor died")
        finally:
            os.close(ended)
        return False

    def check(self, undisturbed: Sequence[e.AnyEntry] | None) -> None:
        """Hold what is on the disk against the promises."""
        assert self._session is not None, "it came to its end"
        journal = self._read(self._session)
        self.report.journal = journal
        inputs = [
            (x.key, x.cause, x.turn) for x in journal if isinstance(x, e.InputAccepted)
        ]
        accepted = [(x.key, x.cause, x.turn) for x in self._driver.accepted]
        _expect(inputs == accepted, f"accepted {accepted}, journalled {inputs}")
        status = {x.call: x.status for x in journal if isinstance(x, e.ToolResulted)}
        unknown = {call for call, how in status.items() if how == "unknown"}
        self.report.unknown = len(unknown)
        made = marks(self._places)
        _expect(max(made.values()) <= 1, f"done more than once: {made}")
        missing = sum(not made[mark] for mark in MARKS)
        _expect(missing <= len(unknown), f"said to be done: {made}")
        _expect(made[CHILD_MARK] == 1, "what the child did is not there")
        if undisturbed is not None:
            found = differences(undisturbed, journal)
            _expect(not found, "; ".join(found))

    def _read(self, session: str) -> tuple[e.AnyEntry, ...]:
        for directory in (self._places.state / "sessions").iterdir():
            verify(SessionDirectory(directory))
        own = SessionDirectory(self._places.session(session))
        return tuple(entry for _, entry in read_entries(own))

    def end(self) -> None:
        end_family(self._places)


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # an assertion's shape
    if not holds:
        raise BrokenPromiseError(otherwise)
