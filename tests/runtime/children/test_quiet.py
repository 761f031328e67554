"""Waiting for our own writers before we lend."""

from __future__ import annotations

import anyio
import pytest

from podd.errors import StillWrittenError
from podd.runtime.children.quiet import QUIET_LIMIT_SECONDS, Quiet
from podd.testing.clock import ManualClock

LIMIT_SECONDS = 5.0
ROOTS = ("/w/left",)


class _Files:
    def __init__(self, *left: str) -> None:
        self.left = left
        self.asked = []

    async def wait_until_quiet(self, roots, limit_seconds):
        self.asked.append((roots, limit_seconds))
        return self.left


class _Commands:
    def __init__(self, *names: str) -> None:
        self.names = names
        self.quiet = anyio.Event()

    def writers(self, roots):
        assert roots == ROOTS
        return self.names

    async def wait_until_quiet(self, roots):
        assert roots == ROOTS
        await self.quiet.wait()


async def test_with_no_tool_in_use_nobody_writes():
    await Quiet(clock=ManualClock()).wait(ROOTS)


async def test_a_loan_of_nothing_writable_waits_for_nobody():
    files, commands = _Files("x"), _Commands("y")

    await Quiet(clock=ManualClock(), files=files, commands=commands).wait(())

    assert files.asked == []


async def test_a_file_tool_that_does_not_end_is_named():
    files = _Files("t1.1.1 (left/a)")

    with pytest.raises(StillWrittenError) as refused:
        await Quiet(clock=ManualClock(), files=files).wait(ROOTS)

    assert refused.value.writers == ("t1.1.1 (left/a)",)
    assert refused.value.paths == ROOTS
    assert files.asked == [(ROOTS, QUIET_LIMIT_SECONDS)]
    assert "t1.1.1 (left/a)" in str(refused.value)


async def test_a_command_that_ends_in_time_is_waited_for():
    clock, files, commands = ManualClock(), _Files(), _Commands("t1.1.1")
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            quiet = Quiet(clock=clock, files=files, commands=commands)
            tasks.start_soon(quiet.wait, ROOTS)
            await clock.waited_on(QUIET_LIMIT_SECONDS)
            clock.advance(4)
            assert files.asked == []
            commands.quiet.set()

    assert files.asked == [(ROOTS, QUIET_LIMIT_SECONDS - 4)]


async def test_a_command_that_does_not_end_is_named_and_nothing_is_lent():
    clock, commands = ManualClock(), _Commands("t1.1.1", "t1.2.1")
    refused: list[StillWrittenError] = []

    async def wait() -> None:
        try:
            await Quiet(clock=clock, commands=commands).wait(ROOTS)
        except StillWrittenError as error:
            refused.append(error)

    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await clock.waited_on(QUIET_LIMIT_SECONDS)
            clock.advance(QUIET_LIMIT_SECONDS)

    (error,) = refused
    assert error.writers == ("t1.1.1", "t1.2.1")
    assert error.exit_code == 4
