from __future__ import annotations

import os
import random
import signal

import pytest

from podd.errors import NameTakenError, ScopeConflictError, TimedOutError
from podd.scope_lock import record as records
from podd.scope_lock.lending import loans, settle
from podd.scope_lock.life import is_locked
from podd.scope_lock.listing import allocations, live_pods
from podd.scope_lock.reclaim import reclaim
from podd.scope_lock.record import Limits
from podd.scope_lock.table import Table

pytestmark = pytest.mark.processes


def test_of_two_processes_that_want_one_directory_one_gets_it(tmp_path, work, process):
    pair = [process("hold", tmp_path, name, work) for name in ("a", "b")]
    for one in pair:
        assert one.hear() == "ready"
    for one in pair:
        one.tell("go")
    said = sorted(one.hear() for one in pair)
    winner = said[1].split()[1]
    assert said == [f"conflict {winner}", f"won {winner}"]


def test_eight_that_overlap_get_exactly_one_winner_for_each_thing(
    tmp_path, table, work, process
):
    wanted = {f"{tree}{n}": work / tree / "x" for tree in "pq" for n in range(3)}
    wanted |= {"p3": work / "p", "q3": work / "q" / "x" / "y"}
    (work / "p" / "x").mkdir(parents=True)
    (work / "q" / "x" / "y").mkdir(parents=True)
    all_of_them = [process("hold", tmp_path, *pair) for pair in wanted.items()]
    for one in all_of_them:
        assert one.hear() == "ready"
    for one in all_of_them:
        one.tell("go")
    said = dict(zip(wanted, (one.hear() for one in all_of_them), strict=True))
    for tree in "pq":
        answers = [answer for name, answer in said.items() if name.startswith(tree)]
        (winner,) = [a.split()[1] for a in answers if a.startswith("won")]
        assert sorted(answers) == [f"conflict {winner}"] * 3 + [f"won {winner}"]
    assert len(live_pods(table)) == 2


def test_of_two_processes_that_want_one_name_one_gets_it(tmp_path, work, process):
    pair = [process("hold", tmp_path, "same", work / name) for name in ("a", "b")]
    for one in pair:
        assert one.hear() == "ready"
        one.tell("go")
    assert sorted(one.hear() for one in pair) == ["name_taken", "won same"]


def test_the_lock_outlives_the_starter_and_dies_with_the_pod(
    tmp_path, table, take, work, process
):
    starter = process("start_and_leave", tmp_path, "a", work)
    told = [starter.hear(), starter.hear()]
    (started,) = [line for line in told if line.startswith("started")]
    pod = int(started.split()[1])
    assert "adopted False" in told
    try:
        starter_gone = starter.pid
        (view,) = allocations(table)
        assert (view.pid, view.alive) == (pod, True)
        assert view.pid != starter_gone
        with pytest.raises(NameTakenError) as caught:
            take("a", ("write", work / "b"))
        assert caught.value.pid == pod
        with pytest.raises(ScopeConflictError):
            take("b", ("write", work))
    finally:
        watched = os.pidfd_open(pod)
        os.kill(pod, signal.SIGKILL)
        _wait_for_end(watched)
    assert [view.alive for view in allocations(table)] == [False]
    take("b", ("write", work))


def test_a_pod_that_inherits_holds_while_the_starter_closes(
    tmp_path, table, take, work, process
):
    got = take("a", ("write", work))
    number = got.life.descriptor
    pod = process("be_pod", tmp_path, got.id, got.token, number, pass_fds=(number,))
    assert pod.hear() == "adopted False"
    got.life.close()
    assert is_locked(got.life.path)
    pod.tell("1")
    assert pod.hear() == "1 ours"
    table.transact(lambda c: records.remove(c, table.places, got.id))
    pod.tell("2")
    assert pod.hear() == "2 denied"
    pod.kill()
    assert not is_locked(got.life.path)


def test_a_pid_that_lives_does_not_keep_a_dead_allocation(table, take, work):
    """Our own pid stands in the row, as a recycled one would."""
    got = take("a", ("write", work))
    got.life.close()
    assert os.getpid() == allocations(table)[0].pid
    assert [freed.pod for freed in reclaim(table)] == ["a"]


def test_a_zombie_holds_nothing(tmp_path, table, take, work, process):
    holder = process("hold", tmp_path, "a", work)
    assert holder.hear() == "ready"
    holder.tell("go")
    assert holder.hear() == "won a"
    holder.send(signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    take("b", ("write", work))
    assert live_pods(table) == ("b",)


def test_of_two_processes_that_lend_to_one_session_one_makes_the_loan(
    tmp_path, table, pod, work, process
):
    p = pod("p", ("write", work), limits=Limits(pods=99))
    number = p.life.descriptor
    pair = [
        process("be_lender_too", tmp_path, p.allocation, number, pass_fds=(number,))
        for _ in range(2)
    ]
    for one in pair:
        assert one.hear() == "ready"
    for attempt in range(10):
        for one in pair:
            one.tell(f"p.{attempt} {work}/{attempt} s{attempt}")
        assert sorted(one.hear() for one in pair) == ["lent", "there, starting"]
    assert len(loans(table, "session-p")) == 10
    (spawned,) = table.transact(
        lambda c: c.execute("SELECT pods_spawned FROM allocation WHERE name = 'p'")
    ).fetchone()
    assert spawned == 10


def test_of_two_loans_that_overlap_one_is_made(tmp_path, table, pod, work, process):
    p = pod("p", ("write", work), limits=Limits(pods=99))
    number = p.life.descriptor
    pair = [
        process("be_lender_too", tmp_path, p.allocation, number, pass_fds=(number,))
        for _ in range(2)
    ]
    for one in pair:
        assert one.hear() == "ready"
    for attempt in range(10):
        (work / f"{attempt}" / "in").mkdir(parents=True)
        for one, below in zip(pair, ("", "/in"), strict=True):
            one.tell(
                f"p.{attempt}{below[1:]} {work}/{attempt}{below} s{attempt}{below}"
            )
        assert sorted(one.hear() for one in pair) == ["lent", "scope_conflict"]


def test_a_lender_killed_before_its_child_adopts_leaves_nothing_held(
    tmp_path, table, take, adopted, lend_to, work, process
):
    got = take("p", ("write", work))
    number = got.life.descriptor
    lender = process(
        "be_lender", tmp_path, got.id, got.token, number, pass_fds=(number,)
    )
    assert lender.hear() == "adopted"
    got.life.close()
    lender.tell(f"p.a {work}/a s")
    assert lender.hear() == "lent"
    (loan,) = loans(table, "session-p")
    assert (loan.stage, loan.alive, loan.pid) == ("starting", True, lender.pid)
    lender.kill()
    assert [one.alive for one in loans(table, "session-p")] == [False]
    # The lender comes back and goes on where it was.
    again = adopted(take("p", ("write", work)))
    child = adopted(lend_to(again, "p.a", ("write", work / "a"), session="s"))
    child.verify()
    child.life.close()
    assert settle(table, again, "s").state == "returned"
    assert live_pods(table) == ("p",)


def test_a_child_that_adopted_outlives_the_lender_that_was_killed(
    tmp_path, table, take, adopted, lend_to, work, process
):
    p = adopted(take("p", ("write", work)))
    lent = lend_to(p, "p.a", ("write", work / "a"))
    number = lent.life.descriptor
    child = process("be_pod", tmp_path, lent.id, lent.token, number, pass_fds=(number,))
    assert child.hear() == "adopted False"
    lent.life.close()
    p.life.close()
    child.tell("1")
    assert child.hear() == "1 ours"
    again = adopted(take("p", ("write", work)))
    (loan,) = loans(table, "session-p")
    assert (loan.name, loan.pid, loan.alive) == ("p.a", child.pid, True)
    assert settle(table, again, "session-p.a").state == "held"
    child.tell("2")
    assert child.hear() == "2 ours"
    child.kill()
    assert settle(table, again, "session-p.a").state == "returned"


def test_a_stopped_process_in_the_middle_of_a_transaction_is_named(
    tmp_path, places, process
):
    holder = process("lock", tmp_path)
    assert holder.hear() == "locked"
    holder.send(signal.SIGSTOP)
    with Table(places, limit_seconds=0.05) as table, pytest.raises(TimedOutError) as e:
        table.transact(lambda connection: connection.execute("SELECT 1"))
    assert str(holder.pid) in e.value.what


def test_kills_in_the_middle_of_transactions_leave_a_sound_table(
    tmp_path, table, take, work, process
):
    seeded = random.Random(20261121)  # noqa: S311  # no secret
    take("survivor", ("write", work / "survivor"))
    rounds = [process("churn", tmp_path, f"c{n}", work / f"c{n}") for n in range(8)]
    for churner in rounds:
        for _ in range(seeded.randrange(1, 12)):
            churner.hear()
        # Somewhere in what follows, not at a place of our choice.
        sum(range(seeded.randrange(20_000)))
        churner.kill()
        # The others go on meanwhile, so only what stands still is looked at.
        live = live_pods(table)
        assert "survivor" in live
        assert f"c{rounds.index(churner)}" not in live
        assert table.set_aside is None
        take(f"after-{churner.pid}", ("write", work / f"after-{churner.pid}"))
    reclaim(table)
    assert all(view.alive for view in allocations(table))
    ((verdict,),) = table.transact(
        lambda connection: connection.execute("PRAGMA integrity_check").fetchall()
    )
    assert verdict == "ok"
    lives = {path.name for path in table.places.life_directory.iterdir()}
    ids = {record.id for record in table.transact(records.everything)}
    roots = table.transact(
        lambda c: c.execute("SELECT DISTINCT allocation FROM root").fetchall()
    )
    assert lives == ids == {allocation for (allocation,) in roots}


def _wait_for_end(descriptor: int) -> None:
    import select

    ready, _, _ = select.select([descriptor], [], [], 10)
    os.close(descriptor)
    assert ready
