"""How many pods there may be below one, and how deep: counted in the table."""

from __future__ import annotations

import pytest

from podd.errors import LimitReachedError
from podd.scope_lock import record as records
from podd.scope_lock.allocation import Allocation, Limits, give_back
from podd.scope_lock.lending import loans
from podd.scope_lock.reclaim import reclaim


def _record(table, name):
    return table.transact(lambda connection: records.by_name(connection, name))


def test_lending_again_to_one_that_died_lends_anew_and_counts_once(
    table, pod, lend_to, work, spawned
):
    p = pod("p", ("write", work), limits=Limits(pods=1))
    first = lend_to(p, "p.a", ("write", work / "a"))
    first.life.close()
    second = lend_to(p, "p.a", ("write", work / "a"))
    assert isinstance(second, Allocation)
    assert second.token != first.token
    assert not first.life.path.exists()
    assert spawned() == {"p": 1, "p.a": 0}


def test_what_somebody_cleared_away_is_not_counted_again_either(
    table, pod, lend_to, work, spawned
):
    p = pod("p", ("write", work), limits=Limits(pods=1))
    lend_to(p, "p.a", ("write", work / "a")).life.close()
    reclaim(table)
    with pytest.raises(LimitReachedError):
        lend_to(p, "p.a", ("write", work / "a"))
    lend_to(p, "p.a", ("write", work / "a"), counted=True)
    assert spawned() == {"p": 1, "p.a": 0}


def test_a_loan_that_could_not_be_started_is_given_back(
    table, pod, lend_to, work, spawned
):
    p = pod("p", ("write", work))
    got = lend_to(p, "p.a", ("write", work / "new"))
    give_back(table, got)
    assert loans(table, "session-p") == ()
    assert not (work / "new").exists()
    assert spawned() == {"p": 1}


def test_pods_are_counted_at_all_above_and_each_limit_holds(
    table, pod, child, lend_to, work, spawned
):
    p = pod("p", ("write", work), limits=Limits(pods=3))
    a = child(p, "p.a", ("write", work / "a"), limits=Limits(pods=1))
    child(a, "p.a.b", ("write", work / "a" / "b"))
    assert spawned() == {"p": 2, "p.a": 1, "p.a.b": 0}
    with pytest.raises(LimitReachedError) as caught:
        lend_to(a, "p.a.c", ("write", work / "a" / "c"))
    error = caught.value
    assert (error.limit, error.value, error.holder) == ("pods", 1, "p.a")
    assert (error.code, error.exit_code) == ("over_budget", 6)
    assert "[limits] pods" in error.remedy
    child(p, "p.d", ("write", work / "d"))
    with pytest.raises(LimitReachedError) as caught:
        lend_to(p, "p.e", ("write", work / "e"))
    assert (caught.value.limit, caught.value.holder) == ("pods", "p")
    assert not (work / "e").exists()
    assert spawned() == {"p": 3, "p.a": 1, "p.a.b": 0, "p.d": 0}


def test_a_limit_far_above_holds_for_a_grandchild(pod, child, lend_to, work):
    p = pod("p", ("write", work), limits=Limits(pods=2))
    a = child(p, "p.a", ("write", work / "a"))
    b = child(a, "p.a.b", ("write", work / "a" / "b"))
    with pytest.raises(LimitReachedError) as caught:
        lend_to(b, "p.a.b.c", ("write", work / "a" / "b" / "c"))
    assert caught.value.holder == "p"


@pytest.mark.parametrize(("depth", "holder"), [((1, 3), "p"), ((3, 0), "p.a")])
def test_depth_is_held_at_each_above(pod, child, lend_to, work, depth, holder):
    p = pod("p", ("write", work), limits=Limits(depth=depth[0]))
    a = child(p, "p.a", ("write", work / "a"), limits=Limits(depth=depth[1]))
    with pytest.raises(LimitReachedError) as caught:
        lend_to(a, "p.a.b", ("write", work / "a" / "b"))
    error = caught.value
    assert (error.limit, error.holder) == ("depth", holder)
    assert "[limits] depth" in error.remedy


def test_a_limit_of_nothing_lends_nothing(pod, lend_to, work):
    p = pod("p", ("write", work), limits=Limits(pods=0))
    with pytest.raises(LimitReachedError):
        lend_to(p, "p.a", ("write", work / "a"))


def test_what_was_used_before_a_restore_stays_used(
    table, take, adopted, pod, lend_to, work, spawned
):
    p = pod("p", ("write", work), limits=Limits(pods=3), pods_spawned=1)
    lend_to(p, "p.a", ("write", work / "a")).life.close()
    p.life.close()
    again = adopted(take("p", ("write", work), limits=Limits(pods=3), pods_spawned=1))
    assert spawned()["p"] == 2
    lend_to(again, "p.b", ("write", work / "b"))
    with pytest.raises(LimitReachedError):
        lend_to(again, "p.c", ("write", work / "c"))


def test_the_limits_of_the_dead_bind_nobody(table, pod, child, lend_to, work):
    p = pod("p", ("write", work), limits=Limits(pods=1, depth=1))
    a = child(p, "p.a", ("write", work / "a"))
    p.life.close()
    lend_to(a, "p.a.b", ("write", work / "a" / "b"))
    assert _record(table, "p.a.b").lenders == ("session-p.a", "session-p")
