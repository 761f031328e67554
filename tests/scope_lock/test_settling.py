from __future__ import annotations

import os
import signal

import msgspec
import pytest

from podd.errors import LeaseLostError
from podd.scope_lock import record as records
from podd.scope_lock.identity import own_identity, start_time_of
from podd.scope_lock.lending import Loan, Settled, loans, settle
from podd.scope_lock.listing import allocations
from podd.scope_lock.reclaim import reclaim


def _lenders(table):
    return {r.name: r.lenders for r in table.transact(records.everything)}


def _names(found: tuple[Loan, ...]) -> list[str]:
    return [loan.name for loan in found]


@pytest.fixture
def family(pod, child, work):
    """Four generations, each in the scope of the one above."""
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    b = child(a, "p.a.b", ("write", work / "a" / "b"))
    c = child(b, "p.a.b.c", ("write", work / "a" / "b" / "c"))
    return p, a, b, c


def test_while_the_borrower_lives_nothing_returns(table, family):
    p, a, _, _ = family
    assert settle(table, p, "session-p.a") == Settled(state="held")
    a.verify()
    assert _names(loans(table, "session-p")) == ["p.a"]


def test_a_loan_that_was_never_adopted_is_held_as_long_as_its_starter_holds_it(
    table, pod, lend_to, work
):
    p = pod("p", ("write", work))
    got = lend_to(p, "p.a", ("write", work / "a"))
    assert settle(table, p, "session-p.a").state == "held"
    got.life.close()
    assert settle(table, p, "session-p.a") == Settled(state="returned")
    assert settle(table, p, "session-p.a") == Settled(state="absent")
    assert not got.life.path.exists()


def test_what_has_returned_can_be_lent_again(table, family, lend_to, work):
    p, a, b, c = family
    for one in (c, b, a):
        one.life.close()
    assert [loan.alive for loan in loans(table, "session-p")] == [False]
    assert settle(table, p, "session-p.a") == Settled(state="returned")
    assert [view.pod for view in allocations(table)] == ["p"]
    left = table.transact(lambda c: c.execute("SELECT * FROM lender").fetchall())
    assert left == []
    lend_to(p, "p.z", ("write", work / "a" / "b"))


def test_what_the_dead_has_lent_on_is_assumed_by_its_lender(table, family):
    p, a, b, c = family
    a.life.close()
    settled = settle(table, p, "session-p.a")
    assert settled.state == "returned"
    (loan,) = settled.assumed
    assert (loan.name, loan.session) == ("p.a.b", "session-p.a.b")
    assert (loan.scope, loan.stage, loan.alive) == (b.scope, "adopted", True)
    assert loans(table, "session-p") == settled.assumed
    assert _lenders(table) == {
        "p": (),
        "p.a.b": ("session-p",),
        "p.a.b.c": ("session-p.a.b", "session-p"),
    }
    b.verify()
    c.verify()
    assert settle(table, p, "session-p.a") == Settled(state="absent")


def test_past_two_that_died_together_who_lives_is_assumed(table, family):
    p, a, b, _ = family
    a.life.close()
    b.life.close()
    settled = settle(table, p, "session-p.a")
    assert settled.state == "returned"
    assert _names(settled.assumed) == ["p.a.b.c"]
    assert _lenders(table) == {"p": (), "p.a.b.c": ("session-p",)}


def test_where_somebody_cleared_the_dead_away_who_lives_is_assumed_all_the_same(
    table, family
):
    p, a, b, _ = family
    a.life.close()
    b.life.close()
    assert [freed.pod for freed in reclaim(table)] == ["p.a", "p.a.b"]
    settled = settle(table, p, "session-p.a")
    assert settled.state == "absent"
    assert _names(settled.assumed) == ["p.a.b.c"]


def test_a_grandchild_that_died_in_the_middle_is_not_ours_to_settle(table, family):
    p, a, b, c = family
    b.life.close()
    assert settle(table, p, "session-p.a.b") == Settled(state="absent")
    assert "p.a.b" in _lenders(table)
    settled = settle(table, a, "session-p.a.b")
    assert (settled.state, _names(settled.assumed)) == ("returned", ["p.a.b.c"])
    assert _lenders(table)["p.a.b.c"] == ("session-p.a", "session-p")
    c.verify()


def test_who_was_assumed_can_lend_on_and_its_new_lender_cannot_lend_it_twice(
    table, family, lend_to, work
):
    p, a, b, _ = family
    a.life.close()
    settle(table, p, "session-p.a")
    lend_to(b, "p.a.b.d", ("write", work / "a" / "b" / "d"))
    assert _lenders(table)["p.a.b.d"] == ("session-p.a.b", "session-p")
    lend_to(p, "p.a", ("write", work / "a" / "other"), session="session-p.a2")


def test_before_it_is_assumed_a_borrower_of_the_dead_can_lend_on(
    table, family, lend_to, work
):
    _, a, b, _ = family
    a.life.close()
    reclaim(table)
    lend_to(b, "p.a.b.d", ("write", work / "a" / "b" / "d"))
    assert _lenders(table)["p.a.b.d"] == ("session-p.a.b", "session-p.a", "session-p")


def test_a_borrower_that_was_lent_to_anew_keeps_what_it_had_lent(
    table, family, lend_to, work
):
    p, a, b, _ = family
    a.life.close()
    lend_to(p, "p.a", ("write", work / "a"))
    assert _names(loans(table, "session-p.a")) == ["p.a.b"]
    b.verify()


def test_who_lends_to_nobody_has_nothing_to_settle(table, family, pod, work):
    q = pod("q", ("write", work.parent / "q"))
    assert settle(table, q, "session-p.a") == Settled(state="absent")
    assert settle(table, q, "nobody") == Settled(state="absent")
    assert len(_lenders(table)) == 5


def test_what_the_dead_lent_in_another_life_is_left_alone(
    table, pod, child, lend_to, work
):
    """A session was a pod of its own, lent, died, and then was ours."""
    s = pod("s", ("write", work / "s"))
    child(s, "s.x", ("write", work / "s" / "x"))
    s.life.close()
    p = pod("p", ("write", work / "p"))
    lend_to(p, "p.s", ("write", work / "p" / "s"), session="session-s").life.close()
    assert settle(table, p, "session-s") == Settled(state="returned")
    assert _lenders(table)["s.x"] == ("session-s",)


def test_who_has_lost_its_lease_settles_nothing(table, family):
    p, a, _, _ = family
    a.life.close()
    table.transact(lambda c: records.remove(c, table.places, p.allocation))
    with pytest.raises(LeaseLostError):
        settle(table, p, "session-p.a")
    assert "p.a" in _lenders(table)


def test_a_loan_returns_only_after_what_its_borrower_left_running_is_ended(
    table, pod, lend_to, work, tmp_path, process
):
    p = pod("p", ("write", work))
    got = lend_to(p, "p.a", ("write", work / "a"))
    other = process("lock", tmp_path / "other")
    other.hear()
    got.life.write_down(
        "command",
        msgspec.structs.replace(
            own_identity(), pid=other.pid, start_time=start_time_of(other.pid)
        ),
    )
    got.life.close()
    assert settle(table, p, "session-p.a").state == "returned"
    assert other.wait() == -signal.SIGKILL


def test_what_cannot_be_proved_dead_keeps_the_loan(table, pod, lend_to, work):
    p = pod("p", ("write", work))
    got = lend_to(p, "p.a", ("write", work / "a"))
    got.life.write_down(
        "command", msgspec.structs.replace(own_identity(), pid_namespace=1)
    )
    got.life.close()
    assert settle(table, p, "session-p.a").state == "held"
    (loan,) = loans(table, "session-p")
    assert (loan.alive, loan.pid) == (True, os.getpid())
