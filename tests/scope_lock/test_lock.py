from __future__ import annotations

import fcntl
import os
import stat
import threading
import time

import pytest

from podd.errors import StorageError, TimedOutError
from podd.scope_lock import lock as lock_module
from podd.scope_lock.lock import exclusively


def test_the_lock_file_is_private_and_free_afterwards(tmp_path):
    path = tmp_path / "lock"
    with exclusively(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(TimedOutError), exclusively(path, limit_seconds=0.01):
            pytest.fail("two holders")
    with exclusively(path, limit_seconds=0.01):
        pass


def test_a_limit_that_passes_names_the_process_that_holds_it(tmp_path, process):
    holder = process("lock", tmp_path)
    assert holder.hear() == "locked"
    path = tmp_path / "run" / "scopes.lock"
    with pytest.raises(TimedOutError) as caught, exclusively(path, limit_seconds=0.05):
        pytest.fail("two holders")
    assert f"pid {holder.pid}" in caught.value.what
    assert str(holder.pid) in caught.value.remedy
    assert caught.value.seconds == 0.05


def test_who_waits_gets_it_when_the_holder_is_killed(tmp_path, process):
    holder = process("lock", tmp_path)
    assert holder.hear() == "locked"
    got = threading.Event()

    def wait() -> None:
        with exclusively(tmp_path / "run" / "scopes.lock"):
            got.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    holder.kill()
    assert got.wait(10)
    waiter.join()


def test_a_waiter_that_was_given_up_on_leaves_the_lock_free(tmp_path):
    path = tmp_path / "lock"
    with exclusively(path), pytest.raises(TimedOutError):
        lock_module._acquire(path, 0.01)
    for thread in threading.enumerate():
        if thread.name == "scope-lock":
            thread.join(10)
    with exclusively(path, limit_seconds=0.01):
        pass


def test_a_lock_file_that_is_replaced_while_we_wait_is_left_alone(tmp_path):
    path = tmp_path / "lock"
    first = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(first, fcntl.LOCK_EX)
    got = threading.Event()
    go = threading.Event()

    def wait() -> None:
        with exclusively(path):
            got.set()
            go.wait(10)

    waiter = threading.Thread(target=wait)
    waiter.start()
    while "scope-lock" not in {thread.name for thread in threading.enumerate()}:
        assert waiter.is_alive()
    path.unlink()
    os.close(first)
    assert got.wait(10)
    with pytest.raises(TimedOutError), exclusively(path, limit_seconds=0.01):
        pytest.fail("it locked a file that nobody else sees")
    go.set()
    waiter.join()


def test_a_forked_copy_of_the_descriptor_does_not_keep_the_lock(tmp_path):
    path = tmp_path / "lock"
    with exclusively(path):
        copies = [
            os.dup(int(name))
            for name in os.listdir("/proc/self/fd")  # noqa: PTH208  # names are wanted
            if os.path.realpath(f"/proc/self/fd/{name}") == str(path.resolve())
        ]
    assert copies
    with exclusively(path, limit_seconds=0.01):
        pass
    for copy in copies:
        os.close(copy)


def test_a_link_in_place_of_the_lock_is_refused(tmp_path):
    (tmp_path / "elsewhere").touch()
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError) as caught, exclusively(tmp_path / "lock"):
        pytest.fail("followed the link")
    assert caught.value.path == str(tmp_path / "lock")


def test_the_first_attempt_does_not_wait(tmp_path):
    begun = time.monotonic()
    for _ in range(100):
        with exclusively(tmp_path / "lock"):
            pass
    assert time.monotonic() - begun < 2
