from __future__ import annotations

import os
import signal
import time

import msgspec
import pytest

from podd.errors import NameTakenError, ScopeConflictError
from podd.scope_lock import record as records
from podd.scope_lock import straggling
from podd.scope_lock.identity import ProcessIdentity, own_pid_namespace, start_time_of
from podd.scope_lock.life import stragglers
from podd.scope_lock.reclaim import reclaim
from podd.scope_lock.straggling import end_what_is_left

pytestmark = pytest.mark.processes


def _identity(pid: int) -> ProcessIdentity:
    return ProcessIdentity(pid, start_time_of(pid), own_pid_namespace())


@pytest.fixture
def bystander(process, tmp_path):
    """Start a process that does nothing but live."""
    count = iter(range(99))

    def start():
        one = process("lock", tmp_path / f"bystander-{next(count)}")
        one.hear()
        return one

    return start


@pytest.fixture
def dead_pod(tmp_path, table, take, work, process):
    """Kill a pod; whoever else has its life lock keeps it."""

    def make(*lines, keep_lock=False):
        got = take("a", ("write", work))
        number = got.life.descriptor
        run = process("be_pod", tmp_path, got.id, got.token, number, pass_fds=(number,))
        assert run.hear() == "adopted False"
        for role, identity in lines:
            got.life.write_down(role, identity)
        if not keep_lock:
            got.life.close()
        run.kill()
        record = table.transact(lambda c: records.by_name(c, "a"))
        assert record.stage == "adopted"
        return record, got

    return make


def _lives(process) -> bool:
    return start_time_of(process.pid) is not None


@pytest.mark.parametrize("way", ["name", "scope", "reclaim"])
def test_whoever_wants_what_a_dead_pod_held_ends_what_it_left(
    table, take, work, dead_pod, bystander, way
):
    left = [bystander(), bystander()]
    dead_pod(*(("command", _identity(one.pid)) for one in left))
    if way == "name":
        take("a", ("write", work / "elsewhere"))
    elif way == "scope":
        take("b", ("write", work / "in"))
    else:
        assert [freed.pod for freed in reclaim(table)] == ["a"]
    assert [one.wait() for one in left] == [-signal.SIGKILL] * 2


def test_who_wants_something_else_ends_nothing(take, work, dead_pod, bystander):
    left = bystander()
    dead_pod(("command", _identity(left.pid)))
    take("b", ("write", work.parent / "elsewhere"))
    assert _lives(left)


def test_a_launcher_gets_time_to_end_by_itself(table, dead_pod, bystander, monkeypatch):
    launcher, command = bystander(), bystander()
    record, got = dead_pod(
        ("launcher", _identity(launcher.pid)),
        ("command", _identity(command.pid)),
        keep_lock=True,
    )
    killed: list[int] = []
    waited: list[float] = []
    real_wait = straggling._wait

    def wait(descriptors, seconds):
        waited.append(seconds)
        if seconds == straggling.LAUNCHER_SECONDS:
            # What a launcher does when its pod is gone.
            command.kill()
            launcher.kill()
            got.life.close()
        real_wait(descriptors, seconds)

    monkeypatch.setattr(straggling, "_wait", wait)
    monkeypatch.setattr(
        straggling.signal, "pidfd_send_signal", lambda fd, _: killed.append(fd)
    )
    assert end_what_is_left(table.places, record)
    assert waited[0] == straggling.LAUNCHER_SECONDS
    assert killed == []


def test_a_launcher_that_is_stuck_is_ended_with_all_it_started(
    table, work, take, dead_pod, bystander, monkeypatch
):
    monkeypatch.setattr(straggling, "LAUNCHER_SECONDS", 0.05)
    launcher, command = bystander(), bystander()
    launcher.send(signal.SIGSTOP)
    dead_pod(("launcher", _identity(launcher.pid)), ("command", _identity(command.pid)))
    before = time.monotonic()
    take("b", ("write", work))
    assert time.monotonic() - before < straggling.KILL_SECONDS
    assert launcher.wait() == command.wait() == -signal.SIGKILL


def test_a_pod_that_lives_is_left_alone_with_all_it_started(
    table, tmp_path, take, work, process, bystander
):
    got = take("a", ("write", work))
    number = got.life.descriptor
    run = process("be_pod", tmp_path, got.id, got.token, number, pass_fds=(number,))
    assert run.hear() == "adopted False"
    command = bystander()
    got.life.write_down("command", _identity(command.pid))
    got.life.close()
    record = table.transact(lambda c: records.by_name(c, "a"))
    assert not end_what_is_left(table.places, record)
    with pytest.raises(NameTakenError):
        take("a", ("write", work / "b"))
    with pytest.raises(ScopeConflictError):
        take("b", ("write", work))
    assert reclaim(table) == ()
    assert _lives(run)
    assert _lives(command)


def test_what_is_starting_is_left_alone_even_where_its_starter_is_dead(
    table, take, work, bystander, process, tmp_path
):
    """The process that will adopt has the lock and has not said who it is."""
    got = take("a", ("write", work))
    command, starter = bystander(), bystander()
    got.life.write_down("command", _identity(command.pid))
    record = table.transact(lambda c: records.by_name(c, "a"))
    record = msgspec.structs.replace(record, process=_identity(starter.pid))
    starter.kill()
    assert not end_what_is_left(table.places, record)
    assert _lives(command)


def test_a_number_that_was_used_again_is_not_hit(table, dead_pod, bystander):
    other = bystander()
    recycled = msgspec.structs.replace(
        _identity(other.pid), start_time=start_time_of(other.pid) + 1
    )
    record, _ = dead_pod(("command", recycled))
    assert end_what_is_left(table.places, record)
    assert _lives(other)


def test_a_number_that_is_used_again_just_now_is_not_hit(
    table, dead_pod, bystander, monkeypatch
):
    """The process ended, and its number went on, between the list and the hold."""
    other = bystander()
    record, _ = dead_pod(("command", _identity(other.pid)))
    monkeypatch.setattr(straggling, "start_time_of", lambda _: 1)
    monkeypatch.setattr(straggling, "KILL_SECONDS", 0.0)
    assert not end_what_is_left(table.places, record)
    assert _lives(other)


@pytest.mark.parametrize("what", ["elsewhere", "ourselves", "unreadable"])
def test_what_cannot_be_ended_from_here_keeps_the_scope(
    take, work, dead_pod, bystander, what
):
    other = bystander()
    identity = _identity(other.pid)
    if what == "elsewhere":
        identity = msgspec.structs.replace(identity, pid_namespace=1)
    elif what == "ourselves":
        identity = _identity(os.getpid())
    _, got = dead_pod(("command", identity))
    if what == "unreadable":
        with got.life.path.open("a", encoding="ascii") as file:
            file.write("nonsense\n")
        assert [one.process for one in stragglers(got.life.path)] == [identity]
    with pytest.raises(ScopeConflictError) as caught:
        take("b", ("write", work))
    assert caught.value.holder == "a"
    assert _lives(other) == (what != "unreadable")


def test_a_process_that_is_not_ours_to_signal_is_waited_for_and_lives(
    table, dead_pod, bystander, monkeypatch
):
    def refuse(*_):
        raise PermissionError

    other = bystander()
    record, _ = dead_pod(("command", _identity(other.pid)))
    monkeypatch.setattr(straggling.signal, "pidfd_send_signal", refuse)
    monkeypatch.setattr(straggling, "KILL_SECONDS", 0.05)
    assert not end_what_is_left(table.places, record)
    assert _lives(other)


def test_a_launcher_that_was_being_started_is_waited_for(
    table, dead_pod, take, work, monkeypatch
):
    record, got = dead_pod(keep_lock=True)
    looks: list[float] = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            got.life.close()  # it has found that its pod is gone

    monkeypatch.setattr(straggling.time, "sleep", sleep)
    assert end_what_is_left(table.places, record)
    assert len(looks) == 3
    take("a", ("write", work))


def test_a_launcher_that_names_itself_late_is_ended_with_what_it_starts(
    table, dead_pod, bystander, monkeypatch
):
    launcher = bystander()
    record, got = dead_pod(keep_lock=True)

    def sleep(_):
        got.life.write_down("launcher", _identity(launcher.pid))
        got.life.close()

    monkeypatch.setattr(straggling.time, "sleep", sleep)
    monkeypatch.setattr(straggling, "LAUNCHER_SECONDS", 0.01)
    assert end_what_is_left(table.places, record)
    assert launcher.wait() == -signal.SIGKILL


def test_a_lock_that_somebody_unknown_holds_keeps_the_scope(
    table, dead_pod, take, work, monkeypatch
):
    monkeypatch.setattr(straggling, "NAMELESS_SECONDS", 0.05)
    record, got = dead_pod(keep_lock=True)
    assert not end_what_is_left(table.places, record)
    with pytest.raises(NameTakenError):
        take("a", ("write", work))
    got.life.close()
    take("a", ("write", work))
