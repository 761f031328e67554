from __future__ import annotations

import os
import subprocess
import sys
import threading

import msgspec

from podd.scope_lock.identity import (
    boot_id,
    may_live,
    own_identity,
    own_pid_namespace,
    start_time_of,
)


def test_we_live_and_know_ourselves():
    us = own_identity()
    assert us.pid == os.getpid()
    assert us.pid_namespace == own_pid_namespace()
    assert may_live(us)
    assert len(boot_id()) == 36


def test_a_recycled_pid_is_somebody_else():
    us = own_identity()
    assert not may_live(msgspec.structs.replace(us, start_time=us.start_time - 1))


def test_a_pid_of_another_namespace_proves_nothing():
    stranger = msgspec.structs.replace(
        own_identity(), pid_namespace=1, start_time=0, pid=2**22
    )
    assert may_live(stranger)


def test_a_zombie_is_dead():
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert os.path.exists(f"/proc/{child.pid}")  # noqa: PTH110  # a string will do
    assert start_time_of(child.pid) is None
    child.wait()
    assert start_time_of(child.pid) is None


def test_a_name_with_parentheses_and_spaces_is_read_past():
    done = threading.Event()
    seen: list[int | None] = []

    def look() -> None:
        with open("/proc/thread-self/comm", "w", encoding="ascii") as file:  # noqa: PTH123  # as above
            file.write(") Z 1 (")
        seen.append(start_time_of(threading.get_native_id()))
        done.set()

    threading.Thread(target=look).start()
    assert done.wait(5)
    assert seen[0] is not None
    assert seen[0] >= own_identity().start_time
