"""Keeps an eye on each child: reads what it writes, until it is gone for good.

Theory of operation
-------------------
One task a child. While the child answers, its events come over its socket, from where
our journal says that we stopped. When the connection ends the question is whether the
child is dead, and only its life lock answers that: while it is held, connecting is
tried again. When it is free, what the child has written after that is read from its
journal file, the loan is settled, and the turn machine is told, in this order. So
nothing is lost, nothing comes twice, and a hint (`look`) can only make it happen
sooner.
"""

from __future__ import annotations

import os
from typing import Final

import anyio
import msgspec

from podd.client.link import PodLink
from podd.client.process import Process
from podd.core.pod.child import Child
from podd.core.turn import inputs as i
from podd.errors import PoddError
from podd.launch.process import PodProcess
from podd.runtime.children.gathering import Gathering
from podd.runtime.children.holding import Holding
from podd.runtime.children.household import Household
from podd.runtime.children.limit import came
from podd.runtime.children.reading import WANTED, Reader
from podd.runtime.children.remains import Remains, remains
from podd.scope_lock.lending import Loan
from podd_protocol import events as v
from podd_protocol.requests import Subscribe

#: How soon a child without a connection is looked for again, and how seldom at last.
SOON_SECONDS: Final = 0.02
SELDOM_SECONDS: Final = 1.0
#: After so many seconds without returning, the loan of a dead child is an alert.
HELD_SECONDS: Final = 5.0
#: A dead process is reaped within milliseconds; without it nobody knows how it ended.
REAP_SECONDS: Final = 1.0


class Watched(msgspec.Struct, kw_only=True, eq=False):
    """A child with a task of ours."""

    session: str
    is_followed: bool = False
    hint: anyio.Event = msgspec.field(default_factory=anyio.Event)
    gone: anyio.Event = msgspec.field(default_factory=anyio.Event)
    """It is dead, what it had is ours again, and that is in the journal."""
    told: bool = False
    """The model learns of its end by the result of a call."""
    given_up: str | None = None
    """Why it was ended before it had anything to do."""
    sent: dict[str, str] = msgspec.field(default_factory=dict)
    """Causes of the child that are ours, with the call that sent each."""
    process: PodProcess | None = None
    reaped: anyio.Event = msgspec.field(default_factory=anyio.Event)
    status: int | None = None
    unreachable_since: float | None = None
    is_alerted: bool = False
    complaint: str = ""
    """What was last logged about it."""


class ChildWatch:
    """The runtime's `Children`."""

    def __init__(self, household: Household, holding: Holding) -> None:
        self._house = household
        self._holding = holding
        self._watched: dict[str, Watched] = {}
        self._gathering = Gathering(
            clock=household.clock,
            tell=household.tell,
            is_held=holding.is_held,
        )
        self._is_gathering = False

    def watch(self, session: str) -> None:
        """Read what a child writes, from where the state says, until it is gone."""
        if not self._is_gathering:
            self._is_gathering = True
            self._house.tasks.start_soon(self._gathering.run)
        watched = self.watched(session)
        if watched.gone.is_set():
            watched = self._watched[session] = Watched(session=session)
        if not watched.is_followed:
            watched.is_followed = True
            self._house.tasks.start_soon(self._follow, watched)

    def look(self, session: str) -> None:
        """Somebody says that there is something to read."""
        if (watched := self._watched.get(session)) is not None:
            watched.hint.set()

    def watched(self, session: str) -> Watched:
        """What is known of a child, before its task begins too."""
        return self._watched.setdefault(session, Watched(session=session))

    def on_change(self) -> None:
        """The state has changed: somebody may be held no more."""
        self._holding.look()
        self._gathering.look()

    def raised(self, session: str, process: PodProcess) -> None:
        """Reap the process of a child of ours when it ends."""
        watched = self.watched(session)
        watched.process = process
        watched.reaped = anyio.Event()
        watched.status = None
        self._house.tasks.start_soon(self._reap, watched, process)

    async def kill(self, session: str) -> None:
        """End the process of a child at once, whoever has started it."""
        if (process := self.watched(session).process) is not None:
            process.kill()
            return
        try:
            loan = await self._house.look_up(session)
        except PoddError as error:
            self._house.log.warning("kill", session=session, reason=str(error))
            return
        if loan is not None and loan.alive:
            _kill(loan)

    async def _reap(self, watched: Watched, process: PodProcess) -> None:
        # Its number is its own until it is reaped, so this is no other process.
        descriptor = os.pidfd_open(process.pid)
        try:
            await anyio.wait_readable(descriptor)
        finally:
            os.close(descriptor)
        status = process.reap()
        if watched.process is process:
            watched.process = None
            watched.status = status
            watched.reaped.set()
            watched.hint.set()

    async def _follow(self, watched: Watched) -> None:
        session = watched.session
        child = self._house.state.children[session]
        if child.stage == "intended":
            await self._holding.wait_free(session)
        reader = Reader(
            pod=child.pod,
            session=session,
            parent=self._house.state.pod,
            upto=child.upto,
        )
        wait = SOON_SECONDS
        while _is_ours(child):
            if await self._listen(child, reader, watched):
                wait = SOON_SECONDS
            await self._holding.wait_free(session)
            if not _is_ours(child):
                break  # whoever was at work on it has given it up
            if await self._is_returned(child, reader, watched):
                break
            await came(self._house.clock, wait, watched.hint.wait)
            watched.hint = anyio.Event()
            wait = min(wait * 2, SELDOM_SECONDS)
        watched.is_followed = False
        watched.gone.set()

    async def _is_returned(
        self, child: Child, reader: Reader, watched: Watched
    ) -> bool:
        """Look whether it is dead, and if so take back what it had."""
        house = self._house
        try:
            loan = await house.look_up(child.session)
            if loan is None or not loan.alive:
                house.crash.reach("return.dead")
            settled = await house.settle(child.session)
            if settled.state == "held":
                await self._wonder(child, watched, loan)
                return False
            await self._bury(child, reader, watched)
        except PoddError as error:
            if watched.complaint != str(error):
                watched.complaint = str(error)
                house.log.warning("watch", child=child.pod, reason=str(error))
            return False
        return True

    async def _wonder(self, child: Child, watched: Watched, loan: Loan | None) -> None:
        """It does not answer, and something lives that could write on its loan."""
        if loan is None or loan.stage != "adopted":
            return
        if child.stage == "intended":
            # The call that started it is over, by a crash and a cancel.
            _kill(loan)
            return
        with Process.of(loan.pid) as process:
            if not process.has_ended:
                watched.unreachable_since = None
                return
        now = self._house.clock.monotonic()
        if watched.unreachable_since is None:
            watched.unreachable_since = now
        elif now - watched.unreachable_since > HELD_SECONDS and not watched.is_alerted:
            watched.is_alerted = True
            await self._alert(child)

    async def _listen(self, child: Child, reader: Reader, watched: Watched) -> bool:
        """Read from the child's socket until it ends; False: it does not answer."""
        # From the beginning where it is the first time in this process: see `Reader`.
        after = reader.upto if reader.is_warm else 0
        path = self._house.places.socket(child.pod)
        try:
            async with PodLink.opened(path, pod=child.pod) as link:
                if link.session != child.session:
                    return False  # a namesake, of another time
                await link.ask(Subscribe(id=0, after=after, only=list(WANTED)))
                reader.is_warm = True
                async for event in link.events():
                    await self._take(child, reader, watched, event)
        except PoddError:
            return False
        return True

    async def _take(
        self, child: Child, reader: Reader, watched: Watched, event: v.AnyEvent
    ) -> None:
        if isinstance(event, v.TurnStarted):
            await self._claim(child, watched, event)
        if (read := reader.read(event)) is not None:
            self._gathering.add(read)

    async def _claim(
        self, child: Child, watched: Watched, started: v.TurnStarted
    ) -> None:
        """What we sent into a turn that ended without it has become another turn."""
        if started.turn in child.turns:
            return
        for cause in started.causes:
            if (call := watched.sent.pop(cause, None)) is not None:
                await self._house.tell(
                    i.TaskAccepted(session=child.session, call=call, turn=started.turn)
                )

    async def _bury(self, child: Child, reader: Reader, watched: Watched) -> None:
        """What it had is back in the table: read the rest, and tell of both."""
        house = self._house
        house.crash.reach("return.settled")
        left = await self._remains(child, reader, watched)
        for event in left.events:
            await self._take(child, reader, watched, event)
        await self._gathering.flush(child.session)
        is_unborn = child.stage == "intended" or watched.given_up is not None
        gone = i.ChildGone(
            session=child.session,
            end="not_started" if is_unborn else left.end,
            message=watched.given_up or left.message,
            told=watched.told,
            assumed=tuple(
                i.AssumedLoan(pod=loan.name, session=loan.session, scope=loan.scope)
                for loan in await house.unknown_loans()
            ),
        )
        await house.tell(gone)
        house.crash.reach("return.journalled")
        house.scope.refresh()

    async def _remains(self, child: Child, reader: Reader, watched: Watched) -> Remains:
        house = self._house
        if watched.process is not None:
            await came(house.clock, REAP_SECONDS, watched.reaped.wait)
        after, status = reader.upto, watched.status
        return await house.in_thread(
            lambda: remains(
                house.places,
                pod=child.pod,
                session=child.session,
                after=after if reader.is_warm else 0,
                status=status,
            )
        )

    async def _alert(self, child: Child) -> None:
        paths = ", ".join(child.lent) or "nothing writable"
        message = (
            f"pod {child.pod!r} is dead, but something that it started lives, so what "
            f"was lent to it stays lent ({paths}); podctl scope list names it"
        )
        self._house.log.warning("loan_held", child=child.pod)
        await self._house.feed.live(
            v.Alert(
                level="warning", source="children", code="loan_held", message=message
            )
        )


def _is_ours(child: Child) -> bool:
    """Whether its loan is still out; changes while anything is awaited."""
    return child.is_lent_to


def _kill(loan: Loan) -> None:
    """End the borrower, if it is one: before it has adopted, the pid is a starter's."""
    if loan.stage == "adopted" and loan.pid != os.getpid():
        with Process.of(loan.pid) as process:
            process.kill()
