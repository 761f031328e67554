from __future__ import annotations

import os
import stat

import pytest

from podd.core.scope.explanation import explain
from podd.core.scope.rules import Rule, Scope
from podd.errors import (
    ManifestError,
    NameTakenError,
    ScopeConflictError,
    StorageError,
    UnsafeDirectoryError,
)
from podd.scope_lock.allocation import Request, allocate, give_back
from podd.scope_lock.conflict import Conflict
from podd.scope_lock.lease import adopt
from podd.scope_lock.listing import allocations


def test_what_is_allocated_is_listed_and_alive(table, take, work):
    got = take("a", ("write", work / "out"), ("read", work))
    assert (work / "out").is_dir()
    (view,) = allocations(table)
    assert (view.pod, view.session, view.alive) == ("a", "session-a", True)
    assert view.pid == os.getpid()
    assert view.rules == got.scope.rules
    assert len(got.id) == len(got.token) == 32


def test_what_podd_makes_is_private(table, take, work):
    take("a", ("write", work))
    runtime = table.places.runtime
    for directory in (runtime, table.places.life_directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    files = [path for path in runtime.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"scopes.lock", "scopes.db"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_name_is_looked_at_before_the_scope(take, work):
    take("a", ("write", work))
    with pytest.raises(NameTakenError) as caught:
        take("a", ("write", work))
    assert (caught.value.name, caught.value.pid) == ("a", os.getpid())
    assert caught.value.since == "2026-11-21T01:00:00.000Z"


def test_a_conflict_names_the_holder_and_what_it_does(take, work):
    (work / "in").mkdir()
    take("a", ("write", work))
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work / "in"), doing=lambda name: f"{name} runs bash")
    error = caught.value
    assert (error.path, error.holder) == (str(work / "in"), "a")
    assert error.holder_path == str(work)
    assert error.since == "2026-11-21T01:00:00.000Z"
    assert error.doing == "a runs bash"


def test_who_wants_more_than_a_live_pod_holds_is_refused(take, work):
    take("a", ("write", work / "deep" / "er"))
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work))
    assert caught.value.path == str(work)
    assert caught.value.holder_path == str(work / "deep" / "er")


def test_a_refusal_leaves_nothing_behind(table, take, work):
    take("a", ("write", work / "x"))
    lives = set(table.places.life_directory.iterdir())
    with pytest.raises(ScopeConflictError):
        take("b", ("write", work / "new"), ("write", work / "x" / "y"))
    with pytest.raises(ManifestError):
        take("c", ("write", work / "new"), ("read", work / "nowhere"))
    (work / "file").touch()
    with pytest.raises(ManifestError):
        take("c", ("write", work / "new"), ("write", work / "file" / "y"))
    assert not (work / "new").exists()
    assert set(table.places.life_directory.iterdir()) == lives
    assert [view.pod for view in allocations(table)] == ["a"]


def test_without_a_life_file_nothing_is_allocated_or_left_behind(table, take, work):
    table.places.runtime.mkdir(mode=0o700)
    table.places.life_directory.touch()
    with pytest.raises(StorageError) as caught:
        take("a", ("write", work / "new"))
    assert caught.value.path.startswith(str(table.places.life_directory))
    assert list(work.iterdir()) == []
    assert allocations(table) == ()


def test_neighbours_and_names_with_a_common_beginning_do_not_conflict(take, work):
    take("a", ("write", work / "x"))
    take("b", ("write", work / "xy"))
    take("c", ("write", work / "x.d"))
    take("d", ("write", work / "x0"))


def test_a_hole_makes_room_for_another_pod(take, work):
    take("a", ("write", work), ("read_only", work / "lent"))
    take("b", ("write", work / "lent" / "b"))
    with pytest.raises(ScopeConflictError):
        take("c", ("write", work / "lent" / "b" / "c"))


def test_readers_are_in_nobodys_way(take, work):
    take("a", ("write", work))
    got = take("b", ("read", work))
    assert got.warnings == ()


def test_a_link_to_a_held_directory_conflicts(take, work):
    (work / "real").mkdir()
    (work / "link").symlink_to(work / "real")
    take("a", ("write", work / "real"))
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work / "link" / "new"))
    assert caught.value.holder == "a"
    assert not (work / "real" / "new").exists()


def test_one_file_with_two_names_conflicts(take, work):
    """A hard link stands for what a bind mount does: one inode, two paths."""
    (work / "x").mkdir()
    (work / "y").mkdir()
    (work / "x" / "file").touch()
    (work / "y" / "other").hardlink_to(work / "x" / "file")
    take("a", ("write", work / "x" / "file"))
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work / "y" / "other"))
    assert caught.value.path == str(work / "y" / "other")
    assert caught.value.holder_path == str(work / "x" / "file")


def test_below_another_name_of_a_held_directory_holes_and_roots_are_met(
    take, work, monkeypatch
):
    """Two names of one directory as a bind mount gives them, which needs rights."""
    for name in ("held/in", "held/hole", "alias/in", "alias/hole"):
        (work / name).mkdir(parents=True)
    take("a", ("write", work / "held"), ("read_only", work / "held" / "hole"))
    real_lstat = os.lstat

    def lstat(path, **options):
        is_alias = os.fspath(path) == str(work / "alias")
        return real_lstat(work / "held" if is_alias else path, **options)

    monkeypatch.setattr(os, "lstat", lstat)
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work / "alias" / "in"))
    assert caught.value.path == str(work / "alias" / "in")
    assert caught.value.holder_path == str(work / "held")
    take("c", ("write", work / "alias" / "hole"))


def test_another_name_of_a_directory_above_a_held_one_is_met(take, work, monkeypatch):
    """The other way round: who comes later has the larger part of a bind mount."""
    for name in ("held/in/deep", "alias/in/deep"):
        (work / name).mkdir(parents=True)
    a = take("a", ("write", work / "held" / "in" / "deep"))
    real_lstat = os.lstat

    def lstat(path, **options):
        text = os.fspath(path).replace(f"{work}/alias", f"{work}/held", 1)
        return real_lstat(text, **options)

    monkeypatch.setattr(os, "lstat", lstat)
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work / "alias" / "in"))
    assert caught.value.path == str(work / "alias" / "in")
    assert caught.value.holder_path == str(work / "held" / "in" / "deep")
    hole = ("read_only", work / "alias" / "in" / "deep")
    take("c", ("write", work / "alias" / "in"), hole)
    a.life.close()
    take("d", ("write", work / "alias" / "in" / "deep"))


@pytest.mark.parametrize(
    ("holder", "contender", "answer"),
    [
        ("enforce", "enforce", "refused"),
        ("enforce", "warn", "refused"),
        ("warn", "enforce", "refused"),
        ("warn", "warn", "warned"),
        ("off", "enforce", "allowed"),
        ("off", "warn", "allowed"),
        ("off", "off", "allowed"),
        ("enforce", "off", "allowed"),
        ("warn", "off", "allowed"),
    ],
)
def test_of_two_modes_the_stricter_wins_and_off_takes_no_part(
    table, take, work, holder, contender, answer
):
    take("a", ("write", work), mode=holder)
    if answer == "refused":
        with pytest.raises(ScopeConflictError):
            take("b", ("write", work), mode=contender)
        return
    got = take("b", ("write", work), mode=contender)
    expected = Conflict(
        path=str(work),
        holder="a",
        holder_path=str(work),
        since="2026-11-21T01:00:00.000Z",
    )
    assert got.warnings == ((expected,) if answer == "warned" else ())
    assert {view.pod: view.mode for view in allocations(table)} == {
        "a": holder,
        "b": contender,
    }


def test_a_pod_that_does_not_arbitrate_still_has_its_name(take, work):
    take("a", ("write", work), mode="off")
    with pytest.raises(NameTakenError):
        take("a", ("write", work), mode="off")


def test_among_several_in_the_way_one_that_binds_refuses(take, work):
    take("a", ("write", work / "a"), mode="warn")
    take("b", ("write", work / "b"), mode="enforce")
    take("c", ("write", work / "c"), mode="warn")
    with pytest.raises(ScopeConflictError) as caught:
        take("d", ("write", work), mode="warn")
    assert caught.value.holder == "b"


def test_what_the_dead_hold_is_no_obstacle(table, take, work):
    take("a", ("write", work)).life.close()
    take("b", ("write", work))
    assert [view.pod for view in allocations(table)] == ["b"]


def test_the_name_of_a_dead_pod_is_free(table, take, work):
    first = take("a", ("write", work))
    first.life.close()
    second = take("a", ("write", work))
    assert second.id != first.id
    assert not first.life.path.exists()


def test_an_allocation_whose_life_file_was_removed_is_dead(take, work):
    take("a", ("write", work)).life.path.unlink()
    take("b", ("write", work))


def test_giving_back_frees_name_and_scope_at_once(table, take, work):
    got = take("a", ("write", work / "new" / "deep"))
    give_back(table, got)
    assert allocations(table) == ()
    assert not got.life.path.exists()
    assert list(work.iterdir()) == []
    take("a", ("write", work))


def test_giving_back_takes_nothing_from_a_pod_that_has_adopted(table, take, work):
    got = take("a", ("write", work / "new"))
    lease = adopt(
        table,
        allocation=got.id,
        token=got.token,
        descriptor=os.dup(got.life.descriptor),
    )
    give_back(table, got)
    lease.verify()
    assert (work / "new").is_dir()
    lease.release()


def test_a_runtime_directory_that_others_may_write_is_refused(table, take, work):
    table.places.runtime.mkdir()
    table.places.runtime.chmod(0o777)
    with pytest.raises(UnsafeDirectoryError):
        take("a", ("write", work))
    assert list(table.places.runtime.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_a_runtime_directory_of_somebody_else_is_refused(table, take, work):
    table.places.runtime.mkdir(mode=0o700)
    os.chown(table.places.runtime, 65534, 65534)
    with pytest.raises(UnsafeDirectoryError):
        take("a", ("write", work))


def test_the_whole_file_system_conflicts_with_any_part(take, work):
    take("a", ("write", work))
    with pytest.raises(ScopeConflictError):
        take("b", ("write", "/"))


def test_a_root_that_is_not_recursive_meets_its_direct_entries_only(table, work):
    def take_shallow(name, path, *, recursive):
        scope = Scope((Rule(str(path), "write", recursive),))
        request = Request(name=name, session="", scope=scope, since="", source="")
        return allocate(table, request)

    (work / "x" / "y").mkdir(parents=True)
    held = [take_shallow("a", work, recursive=False)]
    held.append(take_shallow("b", work / "x" / "y", recursive=True))
    with pytest.raises(ScopeConflictError):
        take_shallow("c", work / "x", recursive=True)
    assert explain(held[0].scope, str(work / "x")).writable
    for one in held:
        one.life.close()
