"""What everybody needs who looks after children: where they are, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from podd.core.pod.child import Child
from podd.core.pod.state import PodState
from podd.core.turn import inputs as i
from podd.launch.message import POD_MODULE, ParentMessage
from podd.launch.request import Lender
from podd.paths import Places
from podd.runtime.clock import Clock
from podd.runtime.crash_points import NO_CRASH_POINTS, CrashPoints
from podd.runtime.driver import Driver
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.scope_lock.lease import Lease
from podd.scope_lock.lending import Loan, Settled, loans, settle
from podd.scope_lock.table import Table

T = TypeVar("T")

#: Threads for starting children and for the table: those of the tools stay free.
THREADS: Final = 8


class Household(msgspec.Struct, kw_only=True):
    """One pod, as a lender."""

    name: str
    places: Places
    state: PodState
    driver: Driver
    clock: Clock
    feed: Feed
    log: Log
    tasks: TaskGroup
    lease: Lease
    table: Table
    """Not the lease's: transactions of threads wait for each other."""
    scope: EffectiveScope
    crash: CrashPoints = NO_CRASH_POINTS
    module: str = POD_MODULE
    """What a child's process executes."""
    _threads: anyio.CapacityLimiter = msgspec.field(
        default_factory=lambda: anyio.CapacityLimiter(THREADS)
    )

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what may wait for a disk, a lock or a process; a cancel waits for it."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    async def look_up(self, session: str) -> Loan | None:
        """Find what the table says of our loan to `session`; None: nothing.

        Raises:
            PoddError: the table cannot be read.
        """
        own = self.lease.session
        found = await self.in_thread(lambda: loans(self.table, own))
        return next((loan for loan in found if loan.session == session), None)

    async def unknown_loans(self) -> tuple[Loan, ...]:
        """What we lend by the table and not by our journal.

        Below a dead child a pod may live, whose loan is ours now. It may have become so
        before a crash of ours, so only the table knows for certain.

        Raises:
            PoddError: the table cannot be read.
        """
        own = self.lease.session
        found = await self.in_thread(lambda: loans(self.table, own))
        known = {
            child.session for child in self.state.children.values() if child.is_lent_to
        }
        return tuple(loan for loan in found if loan.session not in known)

    async def settle(self, session: str) -> Settled:
        """Take a loan back, if its borrower is dead.

        Raises:
            PoddError: the table cannot be written, or our own lease is lost.
        """
        return await self.in_thread(lambda: settle(self.table, self.lease, session))

    async def tell(self, fact: i.Input) -> None:
        """Tell a fact and wait until it was taken, also over a full disk."""
        await self.driver.tell(fact).done.wait()

    def lender(self, child: Child, *, is_counted: bool) -> Lender:
        """Ourselves, as the one who starts `child`."""
        return Lender(
            lease=self.lease,
            table=self.table,
            parent=ParentMessage(
                name=self.name,
                session=self.lease.session,
                token=child.token,
                socket=str(self.places.socket(self.name)),
            ),
            is_counted=is_counted,
        )
