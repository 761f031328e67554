"""The pods below this one, and how they are brought up when there is the first.

Most pods never have a child, and what looks after children takes time to import. So
this file knows nobody of them until somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from anyio.abc import TaskGroup

from podd.core.pod.state import PodState
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd.runtime.clock import Clock
from podd.runtime.crash_points import CrashPoints
from podd.runtime.driver import Driver
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.scope_lock.lease import Lease
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from podd.runtime.children.ending import Ending
    from podd.runtime.children.pods import ChildPods
    from podd.runtime.children.quiet import CommandWriters, FileWriters, Quiet
    from podd.runtime.children.watch import ChildWatch


class _Raised(msgspec.Struct, frozen=True):
    """Whoever looks after the children, once there is somebody to look after."""

    watch: ChildWatch
    ending: Ending
    pods: ChildPods
    quiet: Quiet


class Family(msgspec.Struct, kw_only=True):
    """The runtime's `Children`, and the way to all else about them."""

    name: str
    places: Places
    resolved: Resolved
    """Our own manifest, its scope grounded; another one after a `configure`."""
    environment: Mapping[str, str]
    state: PodState
    driver: Driver
    clock: Clock
    feed: Feed
    log: Log
    tasks: TaskGroup
    lease: Lease
    table: Table
    scope: EffectiveScope
    crash: CrashPoints
    module: str
    """What a child's process executes."""
    _raised: _Raised | None = None

    def watch(self, session: str) -> None:
        """Read what a child writes, from where the state says, until it is gone."""
        self._all().watch.watch(session)

    def look(self, session: str) -> None:
        """Somebody says that there is something to read."""
        self._all().watch.look(session)

    def pods(self) -> ChildPods:
        """What the tools ask."""
        return self._all().pods

    def writers(self, files: FileWriters, commands: CommandWriters | None) -> None:
        """Say who may be writing where we want to lend."""
        quiet = self._all().quiet
        quiet.files, quiet.commands = files, commands

    def on_change(self) -> None:
        """The state has changed."""
        if self._raised is not None:
            self._raised.watch.on_change()
            self._raised.ending.on_change()

    def may_close(self) -> bool:
        """Whether all who end with this pod are gone, and that is in its journal."""
        return self._raised is None or self._raised.ending.may_close()

    async def finish(self) -> None:
        """The journal is closed: tell those who were not told that we end."""
        if self._raised is not None:
            await self._raised.ending.finish()

    def _all(self) -> _Raised:
        if self._raised is None:
            self._raised = self._raise()
        return self._raised

    def _raise(self) -> _Raised:
        from podd.runtime.children.ending import Ending
        from podd.runtime.children.holding import Holding
        from podd.runtime.children.household import Household
        from podd.runtime.children.lending import Lending
        from podd.runtime.children.pods import ChildPods
        from podd.runtime.children.quiet import Quiet
        from podd.runtime.children.watch import ChildWatch

        house = Household(
            name=self.name,
            places=self.places,
            state=self.state,
            driver=self.driver,
            clock=self.clock,
            feed=self.feed,
            log=self.log,
            tasks=self.tasks,
            lease=self.lease,
            table=self.table,
            scope=self.scope,
            crash=self.crash,
            module=self.module,
        )
        holding = Holding(self.state)
        watch = ChildWatch(house, holding)
        ending = Ending(house, watch)
        quiet = Quiet(clock=self.clock)
        lending = Lending(house=house, watch=watch, holding=holding, quiet=quiet)
        pods = ChildPods(
            house=house,
            resolved=lambda: self.resolved,
            environment=self.environment,
            lending=lending,
            holding=holding,
            ending=ending,
        )
        return _Raised(watch, ending, pods, quiet)
