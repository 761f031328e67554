"""The one writer: memory follows the disk, and a failure that cannot pass is final."""

from __future__ import annotations

import errno

import pytest

from podd.errors import StorageError
from podd.journal.opening import create_journal
from podd.journal.reserve import RESERVE_BYTES
from podd.journal.verification import verify
from tests.journal.disks import FailingDisk


def _written(journal):
    return journal.directory.journal.read_bytes()


def test_an_entry_comes_back_with_its_number_and_nothing_else_changed(writing):
    journal = writing.create()
    note = writing.note("a", seq=9)

    written = journal.append(note)

    assert (written.n, written.seq, written.text, note.n) == (2, 9, "a", 0)


def test_a_session_is_made_once(writing):
    writing.create().close()

    with pytest.raises(StorageError):
        create_journal(writing.directory())


@pytest.mark.parametrize("room", [0, 1, 50, 150])
def test_a_line_that_fits_in_part_is_cut_back_and_can_be_written_later(writing, room):
    disk = FailingDisk()
    journal = writing.create(disk=disk)
    before = _written(journal)
    disk.room = room

    with pytest.raises(StorageError) as caught:
        journal.append(writing.note("a" * 200))

    assert (caught.value.kind, caught.value.code) == ("full", "storage")
    assert journal.full is not None
    assert (_written(journal), journal.last_n) == (before, 1)

    disk.room = None
    assert journal.append(writing.note("b")).n == 2
    assert verify(journal.directory).last_n == 2


def test_a_write_in_several_pieces_is_one_entry(writing):
    class Sipping(FailingDisk):
        def write(self, descriptor, data):
            return super().write(descriptor, bytes(data)[:7])

    journal = writing.create(disk=Sipping())
    journal.append(writing.note("a"))

    assert verify(journal.directory).last_n == 2


async def test_a_broken_disk_is_final(writing):
    disk = FailingDisk(write_error=errno.EIO)
    journal = writing.create(disk=disk)
    before = _written(journal)
    disk.room = 20

    with pytest.raises(StorageError) as caught:
        journal.append(writing.note("a"))
    assert caught.value.kind == "broken"
    assert _written(journal) == before

    disk.room = None
    for attempt in (lambda: journal.append(writing.note("b")), journal.restore_reserve):
        with pytest.raises(StorageError) as caught:
            attempt()
        assert caught.value.kind == "broken"
    with pytest.raises(StorageError):
        await journal.sync()
    assert _written(journal) == before


def test_what_cannot_be_encoded_changes_nothing(writing):
    journal = writing.create()

    with pytest.raises(UnicodeEncodeError):
        journal.append(writing.note("\ud800"))

    assert journal.append(writing.note("a")).n == 2
    assert verify(journal.directory).last_n == 2


def test_a_blob_that_finds_no_room_leaves_no_entry(writing, monkeypatch):
    journal = writing.create()

    def refuse(path, content):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("podd.journal.blobs.replace_file", refuse)
    with pytest.raises(StorageError) as caught:
        journal.append(writing.note("x" * 70_000))

    assert (caught.value.kind, journal.full, journal.last_n) == (
        "full",
        caught.value,
        1,
    )
    assert verify(journal.directory).last_n == 1


async def test_a_closed_journal_takes_nothing(writing):
    journal = writing.create()
    journal.close()
    journal.close()

    with pytest.raises(StorageError):
        journal.append(writing.note("a"))
    with pytest.raises(StorageError):
        await journal.sync()


def test_a_disk_without_room_for_the_reserve_is_full_and_keeps_no_part_of_it(
    writing, monkeypatch
):
    def refuse(descriptor, offset, length):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("os.posix_fallocate", refuse)
    journal = writing.create()

    assert journal.full is not None
    assert not journal.directory.reserve.exists()
    with pytest.raises(StorageError) as caught:
        journal.restore_reserve()
    assert caught.value.kind == "full"

    monkeypatch.undo()
    journal.restore_reserve()
    assert journal.full is None


def test_the_reserve_is_held_while_open_and_given_back_at_the_end(writing):
    journal = writing.create()
    reserve = journal.directory.reserve
    held = reserve.stat()
    assert held.st_size == RESERVE_BYTES
    assert held.st_blocks * 512 >= RESERVE_BYTES

    journal.release_reserve()
    assert not reserve.exists()
    journal.restore_reserve()
    assert reserve.stat().st_size == RESERVE_BYTES

    journal.close()
    assert not reserve.exists()
