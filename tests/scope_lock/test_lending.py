from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace

import msgspec
import pytest

from podd.core.scope.lending import delegated
from podd.core.scope.rules import Rule, Scope
from podd.errors import (
    LeaseLostError,
    ManifestError,
    NameTakenError,
    OutsideScopeError,
    ScopeConflictError,
    SessionHeldError,
)
from podd.scope_lock import record as records
from podd.scope_lock.allocation import Allocation, Request
from podd.scope_lock.identity import own_identity, start_time_of
from podd.scope_lock.lending import Loan, lend, loans
from podd.scope_lock.listing import allocations
from podd.scope_lock.reclaim import reclaim


def _record(table, name):
    return table.transact(lambda connection: records.by_name(connection, name))


def test_what_is_lent_is_a_row_of_its_own_bound_to_the_lenders_session(
    table, pod, lend_to, work
):
    p = pod("p", ("write", work))
    got = lend_to(p, "p.a", ("write", work / "a"), ("read", work))
    assert isinstance(got, Allocation)
    assert (work / "a").is_dir()
    record = _record(table, "p.a")
    assert (record.lender, record.lenders) == ("session-p", ("session-p",))
    (loan,) = loans(table, "session-p")
    assert loan == Loan(
        name="p.a",
        session="session-p.a",
        scope=got.scope,
        stage="starting",
        alive=True,
        pid=os.getpid(),
        since="2026-11-21T01:00:00.000Z",
    )


def test_without_a_table_nothing_is_lent(table):
    assert loans(table, "session-p") == ()
    assert not table.places.runtime.exists()


def test_the_lenders_lease_goes_on_while_loans_come_and_are_counted(pod, child, work):
    p = pod("p", ("write", work))
    p.verify()
    a = child(p, "p.a", ("write", work / "a"))
    child(a, "p.a.b", ("write", work / "a" / "b"))
    p.verify()
    a.verify()
    assert p.scope == Scope((Rule(str(work), "write"),))


@pytest.mark.parametrize("path", ["a", "a/deep", "."])
def test_what_is_lent_is_not_lent_twice_and_the_borrower_is_named(
    pod, child, lend_to, work, path
):
    p = pod("p", ("write", work))
    child(p, "p.a", ("write", work / "a"))
    with pytest.raises(ScopeConflictError) as caught:
        lend_to(p, "p.b", ("write", work / path))
    error = caught.value
    assert (error.holder, error.holder_path) == ("p.a", str(work / "a"))
    assert (error.lent_by, error.since) == ("p", "2026-11-21T01:00:00.000Z")
    assert "lent by 'p'" in str(error)


def test_around_what_is_lent_the_rest_can_be_lent(pod, child, lend_to, work):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    scope = delegated(
        p.scope, Scope((Rule(str(work), "write"),)), lent={"p.a": a.scope}
    )
    got = lend_to(p, "p.b", *((rule.access, rule.path) for rule in scope.rules))
    assert got.scope == scope


def test_in_a_hole_of_a_borrower_nothing_can_be_lent(pod, child, lend_to, work):
    (work / "a" / "keep").mkdir(parents=True)
    p = pod("p", ("write", work))
    child(p, "p.a", ("write", work / "a"), ("read_only", work / "a" / "keep"))
    with pytest.raises(ScopeConflictError) as caught:
        lend_to(p, "p.b", ("write", work / "a" / "keep"))
    assert (caught.value.holder, caught.value.lent_by) == ("p.a", "p")


@pytest.mark.parametrize(
    ("rule", "access"),
    [
        (("write", "elsewhere"), "write"),
        (("write", "w/hole"), "write"),
        (("write", "readable"), "write"),
        (("read", "elsewhere"), "read"),
        (("read", "."), "read"),
    ],
)
def test_more_than_the_lender_has_is_refused_and_nothing_is_made(
    table, pod, lend_to, work, rule, access, spawned
):
    for name in ("w/hole", "readable", "elsewhere"):
        (work / name).mkdir(parents=True)
    p = pod(
        "p",
        ("write", work / "w"),
        ("read", work / "readable"),
        ("read_only", work / "w" / "hole"),
    )
    with pytest.raises(OutsideScopeError) as caught:
        lend_to(p, "p.a", ("write", work / "w" / "new"), (rule[0], work / rule[1]))
    assert (caught.value.path, caught.value.access) == (str(work / rule[1]), access)
    assert "'p'" in str(caught.value)
    assert not (work / "w" / "new").exists()
    assert [view.pod for view in allocations(table)] == ["p"]
    assert spawned() == {"p": 0}


def test_a_hole_of_the_lender_that_was_left_out_is_refused(pod, lend_to, work):
    (work / "hole").mkdir()
    p = pod("p", ("write", work), ("read_only", work / "hole"))
    with pytest.raises(OutsideScopeError) as caught:
        lend_to(p, "p.a", ("write", work))
    assert caught.value.path == str(work / "hole")


def test_what_does_not_exist_cannot_be_lent_to_read(pod, lend_to, work):
    p = pod("p", ("write", work))
    with pytest.raises(ManifestError) as caught:
        lend_to(p, "p.a", ("read", work / "nowhere"))
    assert caught.value.key == "scope.read"


@pytest.mark.parametrize("access", ["write", "read"])
def test_a_path_that_became_a_link_since_the_lender_gave_it_up_is_refused(
    table, pod, lend_to, work, access
):
    (work / "real").mkdir()
    (work / "link").symlink_to(work / "real")
    p = pod("p", ("write", work))
    with pytest.raises(ManifestError) as caught:
        lend_to(p, "p.a", (access, work / "link"))
    assert caught.value.key == f"scope.{access}"
    assert str(work / "real") in caught.value.reason
    assert loans(table, "session-p") == ()


def test_another_name_of_what_is_lent_must_not_stay_with_the_lender(pod, lend_to, work):
    """A hard link stands for what a bind mount does: one inode, two paths."""
    for name in ("x", "y"):
        (work / name).mkdir()
    (work / "x" / "file").touch()
    (work / "y" / "other").hardlink_to(work / "x" / "file")
    p = pod("p", ("write", work / "x" / "file"), ("write", work / "y" / "other"))
    with pytest.raises(ScopeConflictError) as caught:
        lend_to(p, "p.a", ("write", work / "x" / "file"))
    assert (caught.value.holder, caught.value.holder_path) == (
        "p",
        str(work / "y" / "other"),
    )


def test_in_a_hole_of_a_dead_borrower_there_is_room(pod, child, lend_to, work):
    (work / "a" / "keep").mkdir(parents=True)
    p = pod("p", ("write", work))
    keep = ("read_only", work / "a" / "keep")
    child(p, "p.a", ("write", work / "a"), keep).life.close()
    lend_to(p, "p.b", ("write", work / "a" / "keep"))


def test_a_lender_that_is_dead_is_not_named(take, pod, child, work):
    p = pod("p", ("write", work), mode="off")
    child(p, "p.a", ("write", work / "a"))
    p.life.close()
    with pytest.raises(ScopeConflictError) as caught:
        take("s", ("write", work / "a"))
    assert (caught.value.holder, caught.value.lent_by) == ("p.a", "")


def test_a_name_that_a_live_pod_has_is_taken_before_anything_else_is_looked_at(
    pod, lend_to, work
):
    p = pod("p", ("write", work / "w"))
    pod("p.a", ("write", work / "v"))
    with pytest.raises(NameTakenError):
        lend_to(p, "p.a", ("write", work / "elsewhere"), session="other")


def test_a_stranger_finds_the_borrower_rather_than_the_lender(take, pod, child, work):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    child(a, "p.a.b", ("write", work / "a" / "b"))
    with pytest.raises(ScopeConflictError) as caught:
        take("s", ("write", work / "a" / "b"))
    assert (caught.value.holder, caught.value.lent_by) == ("p.a.b", "p.a")
    with pytest.raises(ScopeConflictError) as caught:
        take("s", ("write", work / "c"))
    assert (caught.value.holder, caught.value.lent_by) == ("p", "")


def test_what_the_borrower_may_not_write_is_not_free_for_strangers(
    take, pod, lend_to, work
):
    """It comes back to the lender."""
    (work / "a" / "keep").mkdir(parents=True)
    p = pod("p", ("write", work / "a"))
    lend_to(p, "p.a", ("write", work / "a"), ("read_only", work / "a" / "keep"))
    with pytest.raises(ScopeConflictError) as caught:
        take("s", ("write", work / "a" / "keep"))
    assert caught.value.holder == "p"


def test_a_borrower_whose_lender_is_gone_is_still_in_everybodys_way(
    table, take, pod, child, work
):
    p = pod("p", ("write", work))
    child(p, "p.a", ("write", work / "a"))
    p.life.close()
    with pytest.raises(ScopeConflictError) as caught:
        take("s", ("write", work))
    assert (caught.value.holder, caught.value.lent_by) == ("p.a", "")
    reclaim(table)
    with pytest.raises(ScopeConflictError) as caught:
        take("s", ("write", work / "a"))
    assert (caught.value.holder, caught.value.lent_by) == ("p.a", "")
    take("s", ("write", work / "b"))


def test_a_lender_that_is_restored_has_its_loans_again(
    table, take, pod, child, adopted, lend_to, work
):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    child(a, "p.a.b", ("write", work / "a" / "b"))
    p.life.close()
    with pytest.raises(ScopeConflictError):
        take("p", ("write", work), session="another")
    again = adopted(take("p", ("write", work)))
    assert [loan.name for loan in loans(table, "session-p")] == ["p.a"]
    with pytest.raises(ScopeConflictError):
        lend_to(again, "p.c", ("write", work / "a" / "b"))
    lend_to(again, "p.c", ("write", work / "c"))
    a.verify()


def test_a_borrower_that_restarts_alone_is_refused_while_the_lender_has_it_all(
    take, pod, child, work
):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    a.life.close()
    with pytest.raises(ScopeConflictError) as caught:
        take("p.a", ("write", work / "a"))
    assert caught.value.holder == "p"


def test_lending_again_to_one_that_lives_finds_the_loan_as_it_stands(
    table, pod, lend_to, adopted, work, spawned
):
    p = pod("p", ("write", work))
    got = lend_to(p, "p.a", ("write", work / "a"))
    again = lend_to(p, "p.a", ("write", work / "a"))
    assert isinstance(again, Loan)
    assert (again.stage, again.alive) == ("starting", True)
    adopted(got).verify()
    again = lend_to(p, "p.a", ("write", work / "a"))
    assert (again.stage, again.scope) == ("adopted", got.scope)
    assert spawned() == {"p": 1, "p.a": 0}


def test_a_session_that_runs_without_our_loan_is_not_ours_to_lend_to(
    pod, child, lend_to, work
):
    p = pod("p", ("write", work / "p"))
    q = pod("q", ("write", work / "q"))
    child(q, "q.a", ("write", work / "q" / "a"), session="s")
    with pytest.raises(SessionHeldError) as caught:
        lend_to(p, "p.a", ("write", work / "p" / "a"), session="s")
    assert (caught.value.session, caught.value.pod) == ("s", "q.a")
    with pytest.raises(SessionHeldError):
        lend_to(p, "p.p", ("write", work / "p"), session="session-p")


def test_a_lender_that_has_lost_its_lease_lends_nothing(table, pod, take, work):
    p = pod("p", ("write", work))
    request = Request(
        name="p.a", session="s", scope=p.scope, since="", source="test.toml"
    )
    table.transact(
        lambda c: records.hand_over(
            c, records.by_name(c, "p"), token="x", process=_record_of(c).process
        )
    )
    with pytest.raises(LeaseLostError) as caught:
        lend(table, p, request)
    assert caught.value.loss == "allocation_changed"
    assert loans(table, "session-p") == ()


def _record_of(connection):
    return records.by_name(connection, "p")


def test_a_lease_that_is_lost_between_the_look_and_the_transaction_lends_nothing(
    table, pod, work, monkeypatch
):
    p = pod("p", ("write", work))
    request = Request(
        name="p.a", session="s", scope=p.scope, since="", source="test.toml"
    )
    monkeypatch.setattr(type(p), "verify", lambda _: None)
    table.transact(lambda c: records.remove(c, table.places, p.allocation))
    with pytest.raises(LeaseLostError) as caught:
        lend(table, p, request)
    assert caught.value.loss == "allocation_gone"


def test_two_threads_that_lend_to_one_session_make_one_loan(
    table, pod, lend_to, work, spawned
):
    p = pod("p", ("write", work))
    together = threading.Barrier(4)
    got: list[Allocation | Loan] = []

    def lend_once():
        together.wait()
        got.append(lend_to(p, "p.a", ("write", work / "a")))

    threads = [threading.Thread(target=lend_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in got if isinstance(one, Allocation)]) == 1
    assert len([one for one in got if isinstance(one, Loan)]) == 3
    assert spawned() == {"p": 1, "p.a": 0}


@pytest.mark.parametrize("mode", ["warn", "off"])
def test_in_every_mode_one_thing_is_lent_once(pod, child, lend_to, work, mode):
    p = pod("p", ("write", work), mode=mode)
    child(p, "p.a", ("write", work / "a"), mode=mode)
    with pytest.raises(ScopeConflictError) as caught:
        lend_to(p, "p.b", ("write", work / "a"), mode=mode)
    assert caught.value.holder == "p.a"


def test_a_root_that_was_replaced_is_lent_by_nobody(pod, lend_to, work):
    p = pod("p", ("write", work / "w"))
    (work / "w").rename(work / "old")
    (work / "w").mkdir()
    with pytest.raises(LeaseLostError) as caught:
        lend_to(p, "p.a", ("write", work / "w" / "a"))
    assert caught.value.loss == "allocation_changed"


def test_a_refusal_says_what_the_holder_is_at(table, pod, child, work):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    request = Request(
        name="p.b", session="b", scope=a.scope, since="", source="test.toml"
    )
    with pytest.raises(ScopeConflictError) as caught:
        lend(table, p, replace(request), doing=lambda name: f"{name} runs bash")
    assert caught.value.doing == "p.a runs bash"


@pytest.mark.processes
def test_lending_again_ends_what_the_dead_borrower_left_running(
    pod, lend_to, work, tmp_path, process
):
    p = pod("p", ("write", work))
    first = lend_to(p, "p.a", ("write", work / "a"))
    other = process("lock", tmp_path / "other")
    other.hear()
    straggler = _with_pid(own_identity(), other.pid)
    first.life.write_down("command", straggler)
    first.life.close()
    assert isinstance(lend_to(p, "p.a", ("write", work / "a")), Allocation)
    assert other.wait() == -signal.SIGKILL


def _with_pid(identity, pid):
    return msgspec.structs.replace(identity, pid=pid, start_time=start_time_of(pid))
