"""What was read of children, told together."""

from __future__ import annotations

import anyio

from podd.core.turn import inputs as i
from podd.runtime.children.gathering import (
    ENOUGH,
    LONGEST_SECONDS,
    QUIET_SECONDS,
    Gathering,
)
from podd.testing.clock import ManualClock

LIMIT_SECONDS = 5.0


def _read(via: str, upto: int = 1) -> i.ChildRead:
    fact = i.BelowAnswered(pod=via, question="q", text="", by="limit")
    return i.ChildRead(via=via, upto=upto, fact=fact)


class _Told:
    """Takes facts; `held` names children whose reports wait."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.held: set[str] = set()
        self.facts: list[list[tuple[str, int]]] = []
        self._news = anyio.Event()
        self.gathering = Gathering(
            clock=self.clock, tell=self.tell, is_held=self.held.__contains__
        )

    async def tell(self, fact: i.ChildrenRead) -> None:
        await anyio.lowlevel.checkpoint()
        self.facts.append([(read.via, read.upto) for read in fact.read])
        self._news.set()
        self._news = anyio.Event()

    async def wait(self, count: int) -> None:
        with anyio.fail_after(LIMIT_SECONDS):
            while len(self.facts) < count:
                await self._news.wait()

    async def waited_on(self, seconds: float) -> None:
        with anyio.fail_after(LIMIT_SECONDS):
            await self.clock.waited_on(seconds)


async def test_what_comes_within_a_moment_is_one_fact_in_order():
    told = _Told()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(told.gathering.run)
        told.gathering.add(_read("a"))
        await told.waited_on(QUIET_SECONDS)
        told.clock.advance(0.1)
        told.gathering.add(_read("b"))
        told.clock.advance(0.1)
        await told.waited_on(0.1)
        assert told.facts == []
        told.clock.advance(0.1)
        await told.wait(1)
        tasks.cancel_scope.cancel()

    assert told.facts == [[("a", 1), ("b", 1)]]


async def test_the_first_does_not_wait_for_ever_for_the_last():
    told = _Told()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(told.gathering.run)
        told.gathering.add(_read("a", 1))
        await told.waited_on(QUIET_SECONDS)
        elapsed, upto = 0.0, 1
        while not told.facts:
            assert elapsed < LONGEST_SECONDS + 0.01
            upto += 1
            told.gathering.add(_read("a", upto))
            told.clock.advance(0.1)
            elapsed += 0.1
            await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert len(told.facts) == 1
    assert elapsed > LONGEST_SECONDS - 0.15


async def test_what_is_held_waits_and_holds_up_nobody():
    told = _Told()
    told.held.add("a")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(told.gathering.run)
        told.gathering.add(_read("a", 1))
        told.gathering.add(_read("b", 1))
        await told.waited_on(QUIET_SECONDS)
        told.clock.advance(QUIET_SECONDS)
        await told.wait(1)
        told.held.clear()
        told.gathering.look()
        await told.wait(2)
        tasks.cancel_scope.cancel()

    assert told.facts == [[("b", 1)], [("a", 1)]]


async def test_the_last_words_of_a_child_are_told_at_once_and_once():
    told = _Told()
    told.held.add("a")
    told.gathering.add(_read("a", 1))
    told.gathering.add(_read("b", 1))
    told.gathering.add(_read("a", 2))

    await told.gathering.flush("a")
    await told.gathering.flush("a")

    assert told.facts == [[("a", 1), ("a", 2)]]


async def test_a_flood_is_told_before_the_moment_is_over():
    told = _Told()
    for upto in range(1, ENOUGH + 1):
        told.gathering.add(_read("a", upto))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(told.gathering.run)
        await told.wait(1)
        tasks.cancel_scope.cancel()

    assert len(told.facts[0]) == ENOUGH
    assert told.clock.waits == []


async def test_a_look_with_nothing_there_tells_nothing():
    told = _Told()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(told.gathering.run)
        await anyio.wait_all_tasks_blocked()
        told.gathering.look()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert told.facts == []
