"""The journal in memory answers as the one on the disk does."""

from __future__ import annotations

import anyio
import pytest

from podd.core.session import entries as e
from podd.errors import StorageError
from podd.journal.opening import create_journal
from podd.journal.replay import Replay
from podd.journal.session_directory import SessionDirectory
from podd.testing.clock import ManualClock
from podd.testing.journal import MemoryJournal

STARTED = e.SessionStarted(
    format=e.FORMAT,
    session="s",
    pod="p",
    origin=e.Origin(kind="new"),
    manifest={},
    podd="0",
)


def _entries():
    yield STARTED
    for number in range(8):
        yield e.TurnPaused(turn="t1", reason="x" * 100, seq=10 * number + 1)
        yield e.SeqReserved(upto=number)


@pytest.fixture(params=["memory", "disk"])
def journal(request, tmp_path):
    """What writes, and what reads back."""
    if request.param == "memory":
        journal = MemoryJournal()
        yield journal, journal
        return
    written = create_journal(SessionDirectory(tmp_path / "s"))
    yield written, Replay(written)
    written.close()


def test_entries_are_numbered_and_read_back_by_page(journal):
    writer, replay = journal
    written = [writer.append(entry) for entry in _entries()]

    assert [entry.n for entry in written] == list(range(1, 18))
    assert replay.last_n == 17
    page = replay.read(2, 500)
    assert len(b"".join(page)) <= 500
    assert page == replay.read(2, 10**6)[: len(page)]
    assert len(replay.read(2, 1)) == 1
    assert replay.read(18, 500) == []


def test_both_write_the_same_lines(tmp_path):
    memory = MemoryJournal()
    disk = create_journal(SessionDirectory(tmp_path / "s"))
    for entry in _entries():
        memory.append(entry)
        disk.append(entry)

    assert memory.read(1, 10**6) == disk.read(1, 10**6)
    disk.close()


@pytest.mark.parametrize(
    ("seq", "first"), [(1, 2), (2, 2), (10, 2), (11, 4), (71, 16), (500, 16)]
)
def test_events_are_read_from_the_entry_that_may_hold_them(journal, seq, first):
    writer, replay = journal
    for entry in _entries():
        writer.append(entry)

    found = replay.read_events(seq, 10**6)

    assert [entry.n for entry in found] == list(range(first, 18))


async def test_a_full_journal_takes_its_reserve_and_then_no_more():
    journal = MemoryJournal(reserve=400)
    journal.append(STARTED)
    journal.room = 0
    entry = e.TurnPaused(turn="t1", reason="x" * 100)

    with pytest.raises(StorageError) as full:
        journal.append(entry)
    journal.release_reserve()
    journal.append(entry)
    with pytest.raises(StorageError):
        journal.restore_reserve()
    journal.room = None
    journal.restore_reserve()

    assert full.value.kind == "full"
    assert journal.kinds == ["session_started", "turn_paused"]


async def test_time_stands_still_until_it_is_advanced():
    clock = ManualClock()
    over = []

    async def wait(seconds):
        await clock.wait(seconds)
        over.append(seconds)

    async with anyio.create_task_group() as tasks:
        for seconds in (5, 2):
            tasks.start_soon(wait, seconds)
        await clock.waited_on(5)
        await clock.waited_on(2)
        clock.advance(2)
        await anyio.wait_all_tasks_blocked()
        assert (over, clock.waits, clock.monotonic()) == ([2], [3.0], 2.0)
        clock.advance(3)

    assert over == [2, 5]
    assert clock.now() == "2026-01-01T00:00:05.000Z"
