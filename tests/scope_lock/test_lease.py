from __future__ import annotations

import os
import signal
import timeit

import msgspec
import pytest

from podd.errors import DeniedError, LeaseLostError
from podd.scope_lock import record as records
from podd.scope_lock.identity import own_identity, start_time_of
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.listing import allocations
from podd.scope_lock.reclaim import reclaim


@pytest.fixture
def lease(table, take, work):
    """Play starter and pod in one process."""
    got = take("a", ("write", work / "out"), ("read", work))
    leased = _adopt(table, got)
    got.life.close()
    yield leased
    leased.release()


def _adopt(table, allocation, **changes) -> Lease:
    wanted = {"allocation": allocation.id, "token": allocation.token} | changes
    return adopt(table, descriptor=os.dup(allocation.life.descriptor), **wanted)


def _loss(lease) -> str:
    with pytest.raises(LeaseLostError) as caught:
        lease.verify()
    return caught.value.loss


def test_an_adopted_scope_is_ours_until_it_is_released(table, lease, work):
    lease.verify()
    lease.verify()
    assert lease.name == "a"
    assert lease.scope.paths("write") == (str(work / "out"),)
    assert lease.release() == "freed"
    assert allocations(table) == ()
    assert not lease.life.path.exists()


def test_releasing_again_does_nothing(table, lease, take, work):
    assert lease.release() == "freed"
    take("a", ("write", work / "out"))
    assert lease.release() == "already"
    assert [view.pod for view in allocations(table)] == ["a"]
    assert _loss(lease) == "allocation_gone"


def test_what_others_do_in_the_table_does_not_disturb(lease, take, work):
    lease.verify()
    take("b", ("write", work / "b"))
    lease.verify()


def test_a_token_is_good_once(table, take, work):
    got = take("a", ("write", work))
    first = _adopt(table, got)
    with pytest.raises(LeaseLostError) as caught:
        _adopt(table, got)
    assert caught.value.loss == "allocation_changed"
    first.verify()
    first.release()


def test_a_wrong_token_adopts_nothing(table, take, work):
    got = take("a", ("write", work))
    with pytest.raises(LeaseLostError) as caught:
        _adopt(table, got, token="0" * 32)
    assert caught.value.loss == "allocation_changed"
    _adopt(table, got).release()


def test_an_allocation_that_is_gone_is_not_adopted(table, take, work):
    got = take("a", ("write", work))
    table.transact(lambda c: c.execute("DELETE FROM allocation"))
    with pytest.raises(LeaseLostError) as caught:
        _adopt(table, got)
    assert caught.value.loss == "allocation_gone"


def test_without_the_life_lock_nothing_is_adopted(table, take, work):
    got = take("a", ("write", work / "a"))
    other = take("b", ("write", work / "b"))
    with pytest.raises(DeniedError):
        adopt(
            table,
            allocation=got.id,
            token=got.token,
            descriptor=os.dup(other.life.descriptor),
        )


def test_the_adopter_is_who_the_table_and_the_life_file_name(table, lease):
    us = own_identity()
    (record,) = table.transact(records.everything)
    assert (record.stage, record.process) == ("adopted", us)
    expected = f"pod {us.pid} {us.start_time} {us.pid_namespace}\n"
    assert lease.life.path.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("access", ["write", "read", "read_only", "hidden"])
def test_a_directory_that_was_replaced_before_adoption_is_refused(
    table, take, work, access
):
    (work / "x").mkdir()
    got = take("a", ("write", work / "out"), ("read", work), (access, work / "x"))
    (work / "x").rename(work / "old")
    (work / "x").mkdir()
    with pytest.raises(LeaseLostError) as caught:
        _adopt(table, got)
    assert caught.value.loss == "allocation_changed"


def test_a_root_that_was_replaced_loses_the_lease_for_good(lease, work):
    lease.verify()
    (work / "out").rename(work / "old")
    assert _loss(lease) == "allocation_changed"
    (work / "old").rename(work / "out")
    assert _loss(lease) == "allocation_changed"


@pytest.mark.parametrize("name", ["scopes.db", "scopes.lock"])
def test_a_table_or_lock_that_was_removed_or_replaced_loses_the_lease(
    table, lease, name
):
    lease.verify()
    path = table.places.runtime / name
    path.rename(path.with_suffix(".old"))
    path.touch()
    assert _loss(lease) == "table_gone"


@pytest.mark.parametrize("name", ["scopes.db", "scopes.lock"])
def test_a_table_or_lock_that_is_missing_loses_the_lease(table, lease, name):
    (table.places.runtime / name).unlink()
    assert _loss(lease) == "table_gone"


def test_a_row_that_was_removed_loses_the_lease(table, lease):
    lease.verify()
    table.transact(lambda c: c.execute("DELETE FROM allocation"))
    assert _loss(lease) == "allocation_gone"


def test_a_life_file_that_was_removed_loses_the_lease(lease):
    lease.verify()
    lease.life.path.unlink()
    assert _loss(lease) == "allocation_gone"


def test_a_row_that_somebody_else_took_over_loses_the_lease(table, lease):
    lease.verify()

    def take_over(connection):
        record = records.by_name(connection, "a")
        records.hand_over(connection, record, token="x", process=record.process)

    table.transact(take_over)
    assert _loss(lease) == "allocation_changed"
    assert lease.release() == "freed"
    assert [view.pod for view in allocations(table)] == ["a"]


def test_releasing_when_the_table_is_gone_lets_go_of_the_life_lock(table, lease):
    table.places.table_file.unlink()
    assert lease.release() == "freed"
    assert not table.places.table_file.exists()
    assert list(table.places.life_directory.iterdir()) == []


def test_what_a_pod_has_started_and_still_lives_keeps_the_scope(
    table, lease, tmp_path, process
):
    other = process("lock", tmp_path / "other")
    other.hear()
    straggler = msgspec.structs.replace(
        own_identity(), pid=other.pid, start_time=start_time_of(other.pid)
    )
    lease.life.write_down("command", straggler)
    assert lease.release() == "left"
    assert [view.alive for view in allocations(table)] == [True]
    assert [freed.pod for freed in reclaim(table)] == ["a"]
    assert other.wait() == -signal.SIGKILL


def test_new_limits_of_those_below_stand_in_the_table_and_do_not_disturb(table, lease):
    lease.limit(pods=2, depth=0)

    lease.verify()
    current = table.transact(lease.current)
    assert (current.limits.pods, current.limits.depth) == (2, 0)


def test_counters_loans_and_a_new_lender_do_not_disturb(table, lease):
    lease.verify()

    def change(connection):
        record = records.by_name(connection, "a")
        records.count_one(connection, [record.id])
        records.lend_from(connection, record, ("somebody", "else"))

    table.transact(change)
    lease.verify()
    current = table.transact(lease.current)
    assert (current.pods_spawned, current.lenders) == (1, ("somebody", "else"))
    assert lease.session == current.session


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        ("DELETE FROM allocation", "allocation_gone"),
        ("UPDATE allocation SET token = 'x'", "allocation_changed"),
        ("UPDATE allocation SET session = 'x'", "allocation_changed"),
        ("UPDATE allocation SET name = 'x'", "allocation_changed"),
        ("UPDATE allocation SET stage = 'starting'", "allocation_changed"),
        (
            "UPDATE allocation SET grounded = replace(grounded, 'write', 'read')",
            "allocation_changed",
        ),
    ],
)
def test_a_row_that_is_not_ours_any_more_is_no_ground_to_act_on(
    table, lease, change, loss
):
    table.transact(lambda connection: connection.execute(change))
    with pytest.raises(LeaseLostError) as caught:
        table.transact(lease.current)
    assert caught.value.loss == loss


def test_verifying_is_cheap_enough_for_every_write(lease):
    """Far above the microseconds it takes, far below opening the table anew."""
    assert min(timeit.repeat(lease.verify, number=200, repeat=5)) / 200 < 150e-6
