from __future__ import annotations

import os
import sqlite3
import stat
import threading

import pytest

from podd.errors import StorageError, TimedOutError
from podd.scope_lock import table as table_module
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table


def _column(table, statement):
    return table.transact(lambda connection: connection.execute(statement).fetchall())


def test_a_question_makes_no_table(table):
    assert allocations(table) == ()
    assert not table.places.runtime.exists()


def test_a_table_of_another_boot_is_set_aside_and_a_new_one_begun(
    table, take, work, monkeypatch
):
    life = take("a", ("write", work)).life
    life.close()
    table.close()
    monkeypatch.setattr(table_module, "boot_id", lambda: "another boot")
    with Table(table.places) as later:
        assert allocations(later) == ()
        assert later.set_aside.reason == "foreign_boot"
        assert later.set_aside.kept_as.exists()
        assert later.set_aside.still_locked == ()
        assert _column(later, "SELECT boot_id FROM header") == [("another boot",)]
    with Table(table.places) as again:
        assert allocations(again) == ()
        assert again.set_aside is None


def test_a_table_of_another_format_is_set_aside(table, take, work):
    take("a", ("write", work))
    _column(table, "PRAGMA user_version = 99")
    with Table(table.places) as later:
        assert allocations(later) == ()
        assert later.set_aside.reason == "other_format"


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0"])
def test_a_damaged_table_is_set_aside_and_says_who_still_lives(
    table, take, work, content
):
    alive = take("a", ("write", work / "a"))
    take("b", ("write", work / "b")).life.close()
    table.close()
    table.places.table_file.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        companion = table.places.runtime / f"scopes.db{suffix}"
        companion.unlink(missing_ok=True)
    with Table(table.places) as later:
        assert allocations(later) == ()
        assert later.set_aside.reason == "damaged"
        assert later.set_aside.still_locked == (alive.id,)
        assert later.set_aside.kept_as.read_bytes() == content


def test_damage_that_shows_only_in_the_middle_of_work_is_set_aside_too(
    table, take, work
):
    for number in range(40):
        take(f"pod-{number}", ("write", work / str(number)))
    table.close()
    path = table.places.table_file
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with Table(table.places) as later:
        assert allocations(later) == ()
        assert later.set_aside.reason == "damaged"


def test_one_set_aside_table_is_kept(table, take, work):
    take("a", ("write", work))
    for _ in range(2):
        table.close()
        table.places.table_file.write_bytes(b"x" * 5000)
        allocations(table)
    kept = [p.name for p in table.places.runtime.glob("*.aside*")]
    assert kept == ["scopes.db.aside"]


def test_a_table_that_was_deleted_is_begun_anew_by_those_who_had_it_open(
    table, take, work
):
    take("a", ("write", work / "a"))
    table.places.table_file.unlink()
    take("b", ("write", work / "b"))
    assert [view.pod for view in allocations(table)] == ["b"]
    assert stat.S_IMODE(table.places.table_file.stat().st_mode) == 0o600


def test_work_that_raises_changes_nothing(table, take, work):
    take("a", ("write", work))

    def work_badly(connection):
        connection.execute("DELETE FROM allocation")
        raise KeyError

    with pytest.raises(KeyError):
        table.transact(work_badly)
    assert len(allocations(table)) == 1


def test_a_fault_that_is_not_damage_is_a_storage_error_and_keeps_the_table(
    table, take, work
):
    take("a", ("write", work))

    def work_badly(connection):
        connection.execute("SELECT * FROM nowhere")

    with pytest.raises(StorageError) as caught:
        table.transact(work_badly)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert len(allocations(table)) == 1
    assert table.set_aside is None


def test_a_directory_in_place_of_the_table_is_a_storage_error(table):
    table.places.table_file.mkdir(parents=True)
    table.places.runtime.chmod(0o700)
    with pytest.raises(StorageError):
        allocations(table)


def test_a_link_in_place_of_the_table_is_refused(table, tmp_path):
    table.places.runtime.mkdir(mode=0o700)
    table.places.table_file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        table.transact(lambda connection: connection.execute("SELECT 1"))
    assert not (tmp_path / "elsewhere").exists()


def test_after_a_fork_the_table_is_opened_anew(table, take, work, monkeypatch):
    take("a", ("write", work))
    opened = table._connection
    monkeypatch.setattr(os, "getpid", lambda: 2**22)
    assert len(allocations(table)) == 1
    assert table._connection is not opened
    opened.execute("SELECT 1")
    for forsaken in table._forsaken:
        forsaken.close()


def test_threads_take_turns_in_one_table(table):
    table.transact(lambda c: c.execute("CREATE TABLE counted (n INTEGER)"))
    table.transact(lambda c: c.execute("INSERT INTO counted VALUES (0)"))
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    def count_up(connection):
        ((n,),) = connection.execute("SELECT n FROM counted").fetchall()
        connection.execute("UPDATE counted SET n = ?", (n + 1,))

    def work():
        together.wait()
        try:
            for _ in range(25):
                table.transact(count_up)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert _column(table, "SELECT n FROM counted") == [(100,)]


def test_a_thread_does_not_wait_for_ever_for_another(places):
    entered, leave = threading.Event(), threading.Event()

    def block(_):
        entered.set()
        assert leave.wait(20)

    with Table(places, limit_seconds=0.05) as table:
        thread = threading.Thread(target=table.transact, args=(block,))
        thread.start()
        assert entered.wait(20)
        with pytest.raises(TimedOutError) as caught:
            table.transact(block)
        leave.set()
        thread.join()
        assert "another thread" in caught.value.what
        table.transact(lambda connection: connection.execute("SELECT 1"))


def test_what_sqlite_reports_as_its_own_error_names_the_file(table, take, work):
    take("a", ("write", work))

    def full(_):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = 13
        raise error

    with pytest.raises(StorageError) as caught:
        table.transact(full)
    assert caught.value.path == str(table.places.table_file)
    assert len(allocations(table)) == 1
