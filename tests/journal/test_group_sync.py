"""Durability is shared, claimed for what was written before, never after a failure."""

from __future__ import annotations

import asyncio
import errno
import threading

import anyio
import pytest

from podd.errors import StorageError
from podd.journal.opening import create_journal
from tests.journal.disks import FailingDisk, GatedDisk

LIMIT_SECONDS = 5


async def _begun(disk):
    assert await asyncio.to_thread(disk.begun.acquire, timeout=LIMIT_SECONDS)


async def test_a_sync_makes_everything_before_it_durable(writing):
    journal = writing.create(disk=FailingDisk())
    journal.append(writing.note("a"))
    assert journal.durable_n == 0

    await journal.sync()

    assert journal.durable_n == 2


async def test_what_is_durable_already_costs_no_sync(writing):
    disk = FailingDisk()
    journal = writing.create(disk=disk)
    await journal.sync()
    await journal.sync()

    assert disk.syncs == 1


async def test_waiters_that_come_while_a_sync_runs_share_the_next(writing):
    disk = GatedDisk()
    journal = writing.create(disk=disk)
    done = []

    async def wait(number):
        await journal.sync()
        done.append((number, journal.durable_n))

    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as group:
            group.start_soon(wait, 0)
            await _begun(disk)
            for number in range(1, 21):
                journal.append(writing.note(f"{number}"))
                group.start_soon(wait, number)
            await anyio.lowlevel.checkpoint()
            disk.gate.release()
            await _begun(disk)
            assert done == [(0, 1)]
            disk.gate.release()

    assert len(done) == 21
    assert all(durable == 21 for _, durable in done[1:])
    assert len(disk.threads) == 2
    assert len(set(disk.threads)) == 1
    assert disk.threads[0] != threading.current_thread().name


async def test_an_entry_appended_while_a_sync_runs_is_not_claimed_by_it(writing):
    disk = GatedDisk()
    journal = writing.create(disk=disk)
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as group:
            group.start_soon(journal.sync)
            await _begun(disk)
            journal.append(writing.note("late"))
            disk.gate.release()

    assert (journal.durable_n, journal.last_n) == (1, 2)


async def test_the_thread_is_made_at_the_first_sync(writing):
    def names():
        return [t.name for t in threading.enumerate() if t.name.startswith("journal")]

    before = names()
    journal = writing.create()
    journal.append(writing.note("a"))
    assert names() == before

    await journal.sync()
    assert len(names()) == len(before) + 1

    journal.close()
    assert names() == before


async def test_a_cancelled_scope_does_not_leave_a_sync_undecided(writing):
    disk = GatedDisk()
    journal = writing.create(disk=disk)
    reached = []
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as group:
            scope = anyio.CancelScope()

            async def wait():
                with scope:
                    await journal.sync()
                    reached.append(journal.durable_n)

            group.start_soon(wait)
            await _begun(disk)
            scope.cancel()
            await anyio.lowlevel.checkpoint()
            disk.gate.release()

    assert reached == [1]


async def test_a_waiter_that_is_torn_away_takes_nobody_with_it(writing):
    disk = GatedDisk()
    journal = writing.create(disk=disk)
    leader = asyncio.ensure_future(journal.sync())
    await _begun(disk)
    follower = asyncio.ensure_future(journal.sync())
    await anyio.lowlevel.checkpoint()

    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    disk.gate.release()

    await asyncio.wait_for(follower, LIMIT_SECONDS)
    assert journal.durable_n == 1


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
async def test_a_failed_sync_poisons_for_good(writing, error):
    disk = FailingDisk(sync_error=error)
    journal = writing.create(disk=disk)
    before = journal.directory.journal.read_bytes()

    with pytest.raises(StorageError) as caught:
        await journal.sync()
    assert caught.value.kind == "broken"
    disk.sync_error = None

    with pytest.raises(StorageError):
        await journal.sync()
    with pytest.raises(StorageError):
        journal.append(writing.note("a"))
    with pytest.raises(StorageError):
        await journal.record(pod="writer", state="idle", at="")
    assert disk.syncs == 1
    assert journal.durable_n == 0
    assert journal.directory.journal.read_bytes() == before
    assert not journal.directory.session_file.exists()


async def test_all_who_share_a_failed_sync_are_told(writing):
    class Failing(GatedDisk):
        def datasync(self, descriptor):
            super().datasync(descriptor)
            raise OSError(errno.EIO, "broken")

    disk = Failing()
    journal = writing.create(disk=disk)
    first = asyncio.ensure_future(journal.sync())
    await _begun(disk)
    journal.append(writing.note("a"))
    second = asyncio.ensure_future(journal.sync())
    await anyio.lowlevel.checkpoint()
    disk.gate.release()

    found = await asyncio.wait_for(
        asyncio.gather(first, second, return_exceptions=True), LIMIT_SECONDS
    )

    assert [type(error) for error in found] == [StorageError, StorageError]


async def test_the_first_sync_makes_the_names_durable_too(writing, monkeypatch):
    synced = []
    monkeypatch.setattr("podd.journal.journal.sync_directory", synced.append)
    directory = writing.directory()
    journal = create_journal(directory)
    writing.opened.append(journal)
    for text in ("a", "b"):
        journal.append(writing.note(text))
        await journal.sync()

    assert synced == [directory.path, directory.path.parent]
