"""Whether the pod that lends to us lives."""

from __future__ import annotations

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.runtime.children.lender_life import lender_lives
from podd.scope_lock.allocation import Request, allocate
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.lending import lend
from podd.scope_lock.table import Table


@pytest.fixture
def table(universe):
    with Table(universe) as table:
        yield table


def _request(path, name: str) -> Request:
    return Request(
        name=name,
        session=f"session-{name}",
        scope=Scope((Rule(str(path), "write"),)),
        since="2026-01-01T00:00:00.000Z",
        source="test",
    )


def _adopted(table: Table, allocation) -> Lease:
    return adopt(
        Table(table.places),
        allocation=allocation.id,
        token=allocation.token,
        descriptor=allocation.life.descriptor,
    )


@pytest.fixture
def lender(table, tmp_path):
    lease = _adopted(table, allocate(table, _request(tmp_path, "p")))
    yield lease
    lease.release()


@pytest.fixture
def child(table, lender, tmp_path):
    lease = _adopted(table, lend(table, lender, _request(tmp_path / "c", "p.c")))
    yield lease
    lease.release()


def _die(lease: Lease) -> None:
    """As the kernel does for a process that is gone."""
    lease.life.close()


def test_a_lender_lives_as_long_as_its_life_lock_is_held(table, lender, child):
    assert lender_lives(child, table)

    _die(lender)

    assert not lender_lives(child, table)


def test_a_lender_that_has_left_in_order_is_no_more(table, lender, child):
    lender.release()

    assert not lender_lives(child, table)


def test_a_lender_that_is_restored_is_known_by_its_session(
    table, lender, child, tmp_path
):
    _die(lender)

    again = _adopted(table, allocate(table, _request(tmp_path, "p")))

    assert lender_lives(child, table)
    again.release()
    assert not lender_lives(child, table)


def test_nobody_lends_to_a_root_and_so_nobody_is_missed(table, lender):
    assert lender_lives(lender, table)


def test_what_cannot_be_read_proves_no_death(table, lender, child):
    _die(lender)
    table.places.table_file.unlink()

    assert lender_lives(child, table)
