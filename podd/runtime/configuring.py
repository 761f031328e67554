"""Changes what a living pod goes by: its instruction, tools, model and limits.

Theory of operation
-------------------
One change at a time. All that can go wrong is tried first: the manifest is changed in a
copy, the model is built from it, and the surface is rendered if the prompt or the tools
are touched. Only then the driver is told. As the entry is applied, so before anything
follows from it, the driver calls `adopt`: settings, model and what is said of the pod
change in that moment. A request that is out already goes on with what it had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
import msgspec

from podd.core.context.request import Surface
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision
from podd.core.turn.settings import Settings
from podd.errors import PoddError, StorageError, TimedOutError
from podd.manifest.document import to_document
from podd.manifest.resolved import Resolved
from podd.runtime.abilities import Abilities, Speaker
from podd.runtime.children.family import Family
from podd.runtime.driver import Driver
from podd.runtime.log import Log
from podd.runtime.sampling import sampling_of
from podd.scope_lock.lease import Lease

if TYPE_CHECKING:
    from podd.manifest.configuring import Changes

#: How long a change may wait for the first surface: rendering it takes far less.
READY_SECONDS: Final = 10.0


class _Prepared(msgspec.Struct, frozen=True):
    """A change that has been tried."""

    resolved: Resolved
    document: dict[str, Any]
    """The manifest as it will stand in the entry."""
    speaker: Speaker


class Configuring(msgspec.Struct, kw_only=True):
    """The runtime's `Configuring`."""

    abilities: Abilities
    driver: Driver
    family: Family
    lease: Lease
    log: Log
    lender: str | None
    """The pod that lends to this one; None: nobody."""
    settings: Callable[[Resolved], Settings]
    """What the driver goes by, from a manifest."""
    listeners: list[Callable[[Resolved], None]] = []
    """Told of each manifest that counts from now on."""
    ready: anyio.Event = msgspec.field(default_factory=anyio.Event)
    """Set when the surface that the pod starts with is there."""
    _one: anyio.Lock = msgspec.field(default_factory=anyio.Lock)
    _prepared: list[_Prepared] = []
    """What the driver was told and has not decided; found by its document, because one
    whose asker has gone is decided all the same."""

    async def configure(self, changes: Changes) -> Decision:
        """Change what is to be changed, from the next step on.

        Raises:
            ManifestError, NoSuchError: something in it cannot be; nothing was changed.
            MissingKeyError: the model's key is not there.
            DeniedError: it is more than the lender gave.
            TimedOutError: the pod has not rendered its first surface.
            StorageError: the disk is full.
        """
        with anyio.move_on_after(READY_SECONDS):
            await self.ready.wait()
        if not self.ready.is_set():
            raise TimedOutError(
                what="rendering what the model sees first", seconds=READY_SECONDS
            )
        async with self._one:
            prepared, surface = await self._prepare(changes)
            self._prepared.append(prepared)
            try:
                decision = await self.driver.ask(
                    i.SurfaceConfigured(surface=surface, manifest=prepared.document)
                )
            except StorageError:
                self._prepared.remove(prepared)
                raise
            if decision.refusal is None:
                await self._bound_children(changes)
            else:
                self._prepared.remove(prepared)
            return decision

    async def _prepare(self, changes: Changes) -> tuple[_Prepared, Surface]:
        abilities = self.abilities
        resolved = await anyio.to_thread.run_sync(lambda: self._configured(changes))
        speaker = abilities.speaker
        if changes.model is not None:
            speaker = await abilities.built(resolved)
        surface = self.driver.state.surface
        if changes.instruction is not None or changes.tools is not None:
            surface = await abilities.surface(resolved)
        assert surface is not None, "the first one is there"
        model = resolved.manifest.model
        surface = msgspec.structs.replace(
            surface, model=model.name, sampling=sampling_of(resolved)
        )
        return _Prepared(resolved, to_document(resolved), speaker), surface

    def _configured(self, changes: Changes) -> Resolved:
        # Late: what checks a manifest is of no use at a start.
        from podd.manifest.configuring import configured

        return configured(
            self.abilities.resolved,
            changes,
            lender=self.lender,
            places=self.abilities.places,
            environment=self.abilities.environment,
        )

    def adopt(self, entry: e.SurfaceSet) -> None:
        """The change stands in the journal: go by it."""
        told = [one.document for one in self._prepared]
        prepared = self._prepared.pop(told.index(entry.manifest or {}))
        self.driver.settings = self.settings(prepared.resolved)
        self.abilities.adopt(prepared.resolved, prepared.speaker)
        self.family.resolved = prepared.resolved
        for listener in self.listeners:
            listener(prepared.resolved)

    async def _bound_children(self, changes: Changes) -> None:
        """Write new limits of children into the table, where lending looks."""
        if not {"pods", "depth"} & set(changes.limits or ()):
            return
        limits = self.abilities.resolved.manifest.limits
        try:
            await anyio.to_thread.run_sync(
                lambda: self.lease.limit(pods=limits.pods, depth=limits.depth)
            )
        except PoddError as error:
            # The journal has it: it counts from the next restore on.
            self.log.warning("limits", reason=str(error))
