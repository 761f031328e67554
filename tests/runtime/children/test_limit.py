"""Waiting for something, but only so long."""

from __future__ import annotations

import anyio

from podd.runtime.children.limit import came
from podd.testing.clock import ManualClock

LIMIT_SECONDS = 5.0


async def test_the_first_of_several_is_enough():
    one, other = anyio.Event(), anyio.Event()
    other.set()

    with anyio.fail_after(LIMIT_SECONDS):
        assert await came(ManualClock(), 1.0, one.wait, other.wait)


async def test_when_the_time_is_over_nothing_came():
    clock, never = ManualClock(), anyio.Event()
    found: list[bool] = []

    async def wait() -> None:
        found.append(await came(clock, 2.0, never.wait))

    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await clock.waited_on(2.0)
            clock.advance(2.0)

    assert found == [False]
    assert clock.waits == []
