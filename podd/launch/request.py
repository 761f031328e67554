"""What is to be started, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from podd.launch.abandon import Abandon
from podd.launch.message import POD_MODULE, ParentMessage
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd.scope_lock.lease import Lease
from podd.scope_lock.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """A pod that starts a child on a loan of its own scope."""

    lease: Lease
    table: Table
    """Its own way to the table, for the thread that starts the child."""
    parent: ParentMessage
    """What the child is told."""
    is_counted: bool = False
    """The child was started before, so it is among the pods that were counted."""


def _nothing(_point: str) -> None:
    """Production reaches every point and stops at none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What is to be started."""

    places: Places
    resolved: Resolved | None
    """None: the session's own manifest; then `resume` says which."""
    name: str | None = None
    """Instead of the manifest's."""
    resume: str | None = None
    """A session to go on with."""
    session: str | None = None
    """The id of a new one; None: made here. Not with `resume`."""
    replace: bool = False
    """End a live pod of this name first."""
    timeout_seconds: float = 30.0
    lender: Lender | None = None
    """None: a root, with a scope that nobody else has."""
    abandon: Abandon | None = None
    """Said by another thread to end what was begun."""
    module: str = POD_MODULE
    """What is executed; a test's pod is another one."""
    reach: Callable[[str], None] = _nothing
    """Told each point of the way that was reached (the runtime's crash points)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A pod that answers."""

    name: str
    session: str
    socket: str
    pid: int
    log: str
    warnings: tuple[str, ...] = ()
