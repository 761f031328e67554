from __future__ import annotations

import os
import random
import signal

import pytest

from podd.errors import NameTakenError, ScopeConflictError, TimedOutError
from podd.scope_lock import record as records
from podd.scope_lock.life import is_locked
from podd.scope_lock.listing import allocations, live_pods
from podd.scope_lock.reclaim import reclaim
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
