"""Lending to a child and starting it, in the order that survives a crash anywhere.

Theory of operation
-------------------
    intended    the journal knows the loan: session, scope, token, task
    narrowed    we write there no more, in memory
    quiet       what of ours was writing there has ended
    lent        the table has the row: for everybody else this is the loan
    started     the child's process runs and holds the life lock
    adopted     the child has shown the row's token and answers
    made        the journal knows that
    tasked      the child has accepted its task; the journal knows that too

Each step can be done again. So a call that a crash cut off is simply run once more: it
finds the loan under its own id and goes on behind the last step whose trace is there.
A step that fails, or is given up, undoes all before it: the process is ended, and what
follows is what follows for every dead child.
"""

from __future__ import annotations

from typing import Final

import anyio
import msgspec

from podd.client.link import PodLink
from podd.core.pod.child import Child
from podd.core.turn import inputs as i
from podd.errors import PoddError, PodNotAnsweringError
from podd.launch.abandon import Abandon
from podd.launch.request import StartRequest
from podd.launch.session import is_born
from podd.launch.start import start_held
from podd.manifest.resolved import Resolved
from podd.runtime.children.holding import Holding
from podd.runtime.children.household import Household
from podd.runtime.children.limit import came
from podd.runtime.children.quiet import Quiet
from podd.runtime.children.watch import ChildWatch
from podd.runtime.crash_points import CrashPoint
from podd.scope_lock.lending import Loan
from podd_protocol.replies import Accepted
from podd_protocol.requests import Run, WhenBusy

#: What a child gets to become ready.
START_SECONDS: Final = 30.0
#: How often a child that another process of ours has started is looked at.
LOOK_SECONDS: Final = 0.05
#: What ending a child that came to nothing may take: it is killed.
GIVE_UP_SECONDS: Final = 10.0


class Lending(msgspec.Struct, frozen=True, kw_only=True):
    """Brings children into the world."""

    house: Household
    watch: ChildWatch
    holding: Holding
    quiet: Quiet

    async def make(self, child: Child, resolved: Resolved | None) -> str:
        """Make a loan that is intended, and give its task; the child's turn.

        Args:
            child: as the state has it.
            resolved: its manifest; None: its session goes on by its own.

        Raises:
            PoddError: it came to nothing, and everything is back; names why.
        """
        try:
            return await self._make(child, resolved)
        except PoddError as error:
            await self._give_up(child, str(error))
            raise
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._give_up(child, "the call that started it was given up")
            raise

    async def _make(self, child: Child, resolved: Resolved | None) -> str:
        house = self.house
        house.crash.reach("lend.intended")
        house.scope.refresh()
        house.crash.reach("lend.narrowed")
        await self.quiet.wait(child.lent)
        house.crash.reach("lend.quiet")
        if not await self._is_running(child):
            await self._start(child, resolved)
        await house.tell(i.ChildReady(session=child.session))
        house.crash.reach("lend.made")
        turn = await self.task(child, child.call, child.task, when_busy="queue")
        house.crash.reach("lend.tasked")
        return turn

    async def task(
        self, child: Child, call: str, text: str, *, when_busy: WhenBusy
    ) -> str:
        """Give a child work, once for each call; its turn.

        Raises:
            PoddError: it does not take it.
        """
        path = self.house.places.socket(child.pod)
        async with PodLink.opened(path, pod=child.pod) as link:
            asked = Run(id=0, input=text, key=call, when_busy=when_busy)
            accepted = await link.ask(asked)
        if not isinstance(accepted, Accepted) or accepted.turn is None:
            raise PodNotAnsweringError(pod=child.pod, reason="it took no task")
        if accepted.cause is not None and when_busy == "steer":
            # Into the turn that runs; should that end without it, into one of its own.
            self.watch.watched(child.session).sent[accepted.cause] = call
        fact = i.TaskAccepted(session=child.session, call=call, turn=accepted.turn)
        await self.house.tell(fact)
        return accepted.turn

    async def _is_running(self, child: Child) -> bool:
        """Whether a process that we had started before a crash is the child by now."""
        house = self.house
        deadline = house.clock.monotonic() + START_SECONDS
        while True:
            loan = await house.look_up(child.session)
            if loan is None or not loan.alive:
                return False  # a dead one's row is replaced where it is lent again
            if loan.stage == "adopted" and await self._answers(child):
                return True
            if house.clock.monotonic() > deadline:
                raise _not_ready(child, loan)
            await house.clock.wait(LOOK_SECONDS)

    async def _answers(self, child: Child) -> bool:
        try:
            path = self.house.places.socket(child.pod)
            async with PodLink.opened(path, pod=child.pod) as link:
                return link.session == child.session
        except PoddError:
            return False

    async def _start(self, child: Child, resolved: Resolved | None) -> None:
        """Start it in a thread; a cancel ends what was begun, and waits for that."""
        house = self.house
        born = await house.in_thread(lambda: is_born(house.places, child.session))
        done = anyio.Event()
        failed: list[Exception] = []

        def reach(point: str) -> None:
            house.crash.reach(msgspec.convert(point, CrashPoint))

        with Abandon() as abandon:
            request = StartRequest(
                places=house.places,
                resolved=None if born else resolved,
                name=child.pod,
                resume=child.session if born else None,
                session=None if born else child.session,
                timeout_seconds=START_SECONDS,
                lender=house.lender(child, is_counted=child.stage == "made"),
                abandon=abandon,
                module=house.module,
                reach=reach,
            )

            async def work() -> None:
                with anyio.CancelScope(shield=True):
                    try:
                        _, process = await house.in_thread(lambda: start_held(request))
                        # Here: a cancel that comes now must find it.
                        self.watch.raised(child.session, process)
                    except (PoddError, OSError) as error:
                        failed.append(error)
                    finally:
                        done.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(work)
                try:
                    await done.wait()
                except anyio.get_cancelled_exc_class():
                    abandon.say()
                    raise
        for error in failed:
            raise error

    async def _give_up(self, child: Child, reason: str) -> None:
        """End what there is of it, and return when what it had is ours again."""
        house = self.house
        watched = self.watch.watched(child.session)
        watched.told = True
        watched.given_up = reason
        await self.watch.kill(child.session)
        self.holding.let_go(child.call)
        if house.driver.ended is not None:
            return  # the journal is closed: whoever restores us takes it back
        self.watch.watch(child.session)
        self.watch.look(child.session)
        await came(house.clock, GIVE_UP_SECONDS, watched.gone.wait)


def _not_ready(child: Child, loan: Loan) -> PodNotAnsweringError:
    return PodNotAnsweringError(
        pod=child.pod,
        reason=f"it was started (pid {loan.pid}) and is not ready after "
        f"{START_SECONDS:g} s",
    )
