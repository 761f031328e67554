"""A pod, put together. The one place where ports meet their adapters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import msgspec
from anyio.abc import TaskGroup

import podd
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.session.entries import SurfaceCause
from podd.core.session.events import last_seq
from podd.core.turn import inputs as i
from podd.core.turn.settings import Settings
from podd.journal.journal import Journal
from podd.journal.opening import create_journal, open_journal
from podd.journal.replay import Replay
from podd.journal.session_directory import SessionDirectory
from podd.journal.tail import Mending
from podd.launch.message import StartMessage
from podd.manifest.document import from_document
from podd.manifest.resolved import Resolved
from podd.manifest.vocabulary import REPEATABLE_TOOLS
from podd.paths import Places
from podd.prompts.catalogue import Catalogue
from podd.prompts.notices import Notices
from podd.runtime.abilities import Abilities
from podd.runtime.clock import Clock
from podd.runtime.driver import Driver, Told
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.performer import Performer
from podd.runtime.storage import Storage
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.table import Table


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

    def close(self) -> None:
        """Let go of the journal, then of the scope."""
        self.journal.close()
        self.lease.release()


def assemble(message: StartMessage, *, tasks: TaskGroup, clock: Clock) -> Pod:
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
        return _join(message, places, lease, log, tasks=tasks, clock=clock)
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
        journal = create_journal(directory)
    else:
        journal, mending = open_journal(directory, take)
    feed = Feed(last=max(last, state.seq_reserved))
    project = resolved.project_prompts
    notices = Notices(
        Catalogue(
            user=places.prompts, project=None if project is None else Path(project)
        )
    )
    abilities = Abilities(
        resolved=resolved,
        places=places,
        clock=clock,
        scope=lease.scope,
        outputs=directory.outputs,
        verify_lease=lease.verify,
        put_blob=directory.blobs.put,
    )
    performer = Performer(
        tasks=tasks,
        abilities=abilities,
        feed=feed,
        clock=clock,
        state=state,
        log=log,
    )
    storage = Storage(journal, on_change=performer.tell_storage)
    driver = Driver(
        settings=Settings(
            max_steps=resolved.manifest.agent.max_steps,
            repeatable=REPEATABLE_TOOLS,
            texts=notices.texts(),
        ),
        state=state,
        storage=storage,
        feed=feed,
        clock=clock,
        perform=performer.perform,
    )
    performer.tell = driver.tell
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
    restored = driver.tell(i.PodRestored(pid=os.getpid(), podd=podd.__version__))
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
        log=log,
        clock=clock,
        mending=mending,
        surface_cause=_surface_cause(message, state),
        origin=message.origin,
        manifest_document=message.manifest,
        restored=restored,
    )


def _surface_cause(message: StartMessage, state: PodState) -> SurfaceCause | None:
    if message.manifest_given:
        return "manifest_given"
    return "started" if state.surface is None else None
