"""A pod, put together. The one place where ports meet their adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from anyio.abc import TaskGroup

import podd
from podd.core.permission import Permission
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.session.entries import SurfaceCause
from podd.core.session.events import last_seq
from podd.core.turn import inputs as i
from podd.core.turn.drivers.registry import DRIVERS
from podd.core.turn.settings import Settings, Texts, allow_all
from podd.journal.disk import KERNEL_DISK, Disk
from podd.journal.journal import Journal
from podd.journal.opening import create_journal, open_journal
from podd.journal.replay import Replay
from podd.journal.session_directory import SessionDirectory
from podd.journal.tail import Mending
from podd.launch.message import POD_MODULE, StartMessage
from podd.manifest.document import from_document
from podd.manifest.resolved import Resolved
from podd.manifest.vocabulary import REPEATABLE_TOOLS
from podd.paths import Places
from podd.prompts.catalogue import Catalogue
from podd.prompts.notices import Notices
from podd.runtime.abilities import Abilities
from podd.runtime.children.family import Family
from podd.runtime.clock import Clock
from podd.runtime.code_calls import CodeCalls
from podd.runtime.configuring import Configuring
from podd.runtime.crash_points import NO_CRASH_POINTS, CrashPoints
from podd.runtime.deadlines import Deadlines
from podd.runtime.driver import Driver, Told
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.feed import Feed
from podd.runtime.keeping import keep_beside
from podd.runtime.log import Log
from podd.runtime.output_problem import output_problem_of
from podd.runtime.performer import Performer
from podd.runtime.shell import Shell
from podd.runtime.storage import Storage
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from podd.runtime.children.parent import Parent
    from podd.runtime.confinement import Confinement


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one process holds for its pod."""

    name: str
    places: Places
    resolved: Resolved
    lease: Lease
    journal: Journal
    replay: Replay
    state: PodState
    feed: Feed
    storage: Storage
    driver: Driver
    abilities: Abilities
    family: Family
    configuring: Configuring
    parent: Parent | None
    """Who lends to this one; None: nobody."""
    log: Log
    clock: Clock
    mending: Mending | None
    """What was done about a torn end; None for a new session."""
    surface_cause: SurfaceCause | None
    """Why a surface is to be rendered; None: the session's stays as it is."""
    origin: Literal["new", "restore"]
    manifest_document: dict[str, Any]
    restored: Told
    """Done when the session is taken up and its first entries are durable."""

    def confinement(self) -> Confinement | None:
        """What holds its commands; None as long as nobody needed to know."""
        return None if self.abilities.shell is None else self.abilities.shell.found

    def close(self) -> None:
        """Let go of the journal, then of the scope."""
        self.journal.close()
        self.family.table.close()
        self.lease.release()


def assemble(
    message: StartMessage,
    *,
    tasks: TaskGroup,
    clock: Clock,
    crash: CrashPoints = NO_CRASH_POINTS,
    disk: Disk = KERNEL_DISK,
) -> Pod:
    """Adopt the allocation, open the journal, join the parts. Nothing runs yet.

    Raises:
        PoddError: the lease, the journal or a text of the user's is not to be had.
    """
    places = Places(
        runtime=Path(message.runtime),
        state=Path(message.state),
        configuration=Path(message.configuration),
    )
    log = Log(
        places.log_file(message.name),
        clock,
        pod=message.name,
        session=message.session,
        pid=os.getpid(),
    )
    lease = adopt(
        Table(places),
        allocation=message.allocation,
        token=message.token,
        descriptor=message.life_descriptor,
    )
    try:
        return _join(
            message,
            places,
            lease,
            log,
            tasks=tasks,
            clock=clock,
            crash=crash,
            disk=disk,
        )
    except BaseException:
        lease.release()
        raise


def _join(
    message: StartMessage,
    places: Places,
    lease: Lease,
    log: Log,
    *,
    tasks: TaskGroup,
    clock: Clock,
    crash: CrashPoints,
    disk: Disk,
) -> Pod:
    resolved = from_document(message.manifest)
    directory = SessionDirectory(places.session(message.session))
    state = PodState()
    last = 0

    def take(entry: e.AnyEntry) -> None:
        nonlocal last
        apply(state, entry)
        last = max(last, last_seq(entry))

    mending: Mending | None = None
    if message.origin == "new":
        journal = create_journal(directory, disk=disk)
    else:
        journal, mending = open_journal(directory, take, disk=disk)
    feed = Feed(last=max(last, state.seq_reserved))
    project = resolved.project_prompts
    prompts = None if project is None else Path(project)
    notices = Notices(Catalogue(user=places.prompts, project=prompts))
    scope = EffectiveScope(lease.scope, state)
    older_outputs = _older_outputs(directory, message)
    shell = Shell(
        manifest=resolved.manifest,
        places=places,
        scope=scope,
        outputs=directory.outputs,
        older_outputs=older_outputs,
        environment=os.environ,
        written=(*resolved.lenders_write, *lease.scope.paths("write")),
        life=lease.life.descriptor,
        tasks=tasks,
        log=log,
    )
    abilities = Abilities(
        resolved=resolved,
        places=places,
        clock=clock,
        scope=scope,
        outputs=directory.outputs,
        older_outputs=older_outputs,
        verify_lease=lease.verify,
        put_blob=directory.blobs.put,
        has_parent=message.parent is not None,
        shell=shell,
        functions=lambda: () if state.surface is None else state.surface.tools,
    )
    deadlines = Deadlines(tasks=tasks, clock=clock, state=state)
    performer = Performer(
        tasks=tasks,
        abilities=abilities,
        feed=feed,
        clock=clock,
        state=state,
        log=log,
        deadlines=deadlines,
    )
    settings = partial(
        _settings,
        texts=notices.texts(),
        parent=None if message.parent is None else message.parent.name,
    )
    keep_beside(abilities, directory, state, performer)
    storage = Storage(journal, on_change=performer.tell_storage)
    driver = Driver(
        settings=settings(resolved),
        state=state,
        storage=storage,
        feed=feed,
        clock=clock,
        perform=performer.perform,
        partial=performer.partial,
    )
    performer.tell = shell.tell = driver.tell
    calls = CodeCalls(state=state, ask=driver.ask)
    performer.code_calls = calls
    driver.listen(calls.on_change)
    driver.listen(deadlines.on_change)
    family = Family(
        name=message.name,
        places=places,
        resolved=resolved,
        environment=abilities.environment,
        state=state,
        driver=driver,
        clock=clock,
        feed=feed,
        log=log,
        tasks=tasks,
        lease=lease,
        table=Table(places),
        scope=scope,
        crash=crash,
        module=POD_MODULE,
    )
    performer.children = abilities.family = family
    configuring = Configuring(
        abilities=abilities,
        driver=driver,
        family=family,
        lease=lease,
        log=log,
        lender=None if message.parent is None else message.parent.name,
        settings=settings,
    )
    driver.on_configured = configuring.adopt
    driver.may_close = family.may_close
    driver.listen(family.on_change)
    if message.origin == "new":
        driver.record(
            e.SessionStarted(
                format=e.FORMAT,
                session=message.session,
                pod=message.name,
                origin=e.Origin(kind="new"),
                manifest=message.manifest,
                podd=podd.__version__,
            )
        )
    restored = driver.tell(
        i.PodRestored(
            pid=os.getpid(),
            podd=podd.__version__,
            known=abilities.known_of_interrupted(state),
        )
    )
    return Pod(
        name=message.name,
        places=places,
        resolved=resolved,
        lease=lease,
        journal=journal,
        replay=Replay(journal),
        state=state,
        feed=feed,
        storage=storage,
        driver=driver,
        abilities=abilities,
        family=family,
        configuring=configuring,
        parent=_parent(message, family, resolved),
        log=log,
        clock=clock,
        mending=mending,
        surface_cause=_surface_cause(message, state),
        origin=message.origin,
        manifest_document=message.manifest,
        restored=restored,
    )


def _settings(resolved: Resolved, *, texts: Texts, parent: str | None) -> Settings:
    """What the driver goes by; made anew by each `configure`."""
    manifest = resolved.manifest
    return Settings(
        max_steps=manifest.agent.max_steps,
        tokens=manifest.limits.tokens,
        cost_usd=manifest.limits.cost_usd,
        wall_seconds=manifest.limits.wall_seconds,
        context_window=resolved.context_window,
        broken_streams=manifest.model.retries.broken_streams,
        max_repairs=manifest.agent.max_repairs,
        driver=DRIVERS[manifest.agent.driver],
        output_problem=output_problem_of(resolved),
        repeatable=REPEATABLE_TOOLS,
        texts=texts,
        parent=parent,
        wait_seconds=manifest.permissions.wait_seconds,
        permission=_permission(resolved),
    )


def _older_outputs(
    directory: SessionDirectory, message: StartMessage
) -> tuple[Path, ...]:
    """Where results of a fork, made before it was one, have their whole outputs."""
    if message.origin == "new" or not directory.origin:
        return ()
    from podd.journal.forking import lineage  # late: most sessions are no forks

    return tuple(
        older.outputs for older in lineage(directory) if older.outputs.is_dir()
    )


def _permission(
    resolved: Resolved,
) -> Callable[[str, Mapping[str, Any]], Permission]:
    """The rules of this pod and of those who lend to it."""
    if all(one.is_open for one in resolved.permissions):
        return allow_all
    from podd.policy.permissions import Permissions  # late: most pods have no rules

    # A rule about a place also holds where a link leads there.
    return Permissions(resolved.permissions, resolve=os.path.realpath).verdict


def _parent(message: StartMessage, family: Family, resolved: Resolved) -> Parent | None:
    if message.parent is None:
        return None
    # Late: most pods have none.
    from podd.runtime.children.lender_life import lender_lives
    from podd.runtime.children.parent import Parent

    parent = Parent(
        message.parent,
        pod=message.name,
        on_end=resolved.manifest.supervise.on_parent_end,
        lender_lives=partial(lender_lives, family.lease, family.table),
        state=family.state,
        driver=family.driver,
        clock=family.clock,
        log=family.log,
    )
    family.driver.listen(parent.on_change)
    return parent


def _surface_cause(message: StartMessage, state: PodState) -> SurfaceCause | None:
    if message.manifest_given:
        return "manifest_given"
    return "started" if state.surface is None else None
