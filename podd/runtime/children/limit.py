"""Waiting for something, but only so long by the pod's own clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from podd.runtime.clock import Clock


async def came(
    clock: Clock, seconds: float, *waits: Callable[[], Awaitable[object]]
) -> bool:
    """Return when the first of `waits` has returned, or the time is over: False."""
    done = False

    async def wait(one: Callable[[], Awaitable[object]]) -> None:
        nonlocal done
        await one()
        done = True
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for one in waits:
            tasks.start_soon(wait, one)
        await clock.wait(seconds)
        tasks.cancel_scope.cancel()
    return done
