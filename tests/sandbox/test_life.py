"""The life lock is let go when nothing that could write lives, and not before."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from podd.sandbox.probe import probe
from podd.scope_lock import life
from tests.sandbox.machine import LIMIT_SECONDS, NAP, lives, named

pytestmark = pytest.mark.processes

HOLDER = Path(__file__).parent / "holder.py"
PATHS = (str(HOLDER.parents[2]), str(HOLDER.parents[2] / "protocol"))
WRITER = (
    f"setsid sh -c 'while :; do echo {NAP} >> file; done' & "
    f"(setsid sleep {NAP}.5 &) ; while ! test -s file; do :; done; echo ready; wait"
)


def _until(condition):
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came"
        os.sched_yield()


class Holder:
    def __init__(self, tmp_path, means, command):
        self.scope = tmp_path / "scope"
        self.scope.mkdir()
        self.life = tmp_path / "life"
        self.process = subprocess.Popen(
            [sys.executable, HOLDER, self.scope, self.life, means, command],
            env={**os.environ, "PYTHONPATH": ":".join([*PATHS, *sys.path])},
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        word, pid = self.process.stdout.readline().split()
        assert word == "running"
        self.launcher = int(pid)

    def lines(self, role):
        return [
            int(line.split()[1])
            for line in self.life.read_text(encoding="ascii").splitlines()
            if line.startswith(f"{role} ")
        ]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.launcher, signal.SIGKILL)


@pytest.fixture(params=["namespaces", "landlock"])
def means(request):
    report = probe()
    if not report.feature(request.param).works:
        pytest.skip(f"no {request.param} here")
    return request.param


@pytest.fixture
def hold(tmp_path):
    holders = []

    def start(means, command=WRITER):
        holders.append(Holder(tmp_path, means, command))
        return holders[-1]

    yield start
    for holder in holders:
        holder.close()


def test_who_can_write_stands_in_the_life_file(hold, means):
    holder = hold(means)

    text = holder.life.read_text(encoding="ascii")

    assert re.fullmatch(r"((pod|launcher|command) \d+ \d+ \d+\n){3}", text)
    assert holder.lines("launcher") == [holder.launcher]
    (command,) = holder.lines("command")
    stat = Path(f"/proc/{command}/stat").read_text(encoding="utf-8")
    assert int(stat.rpartition(")")[2].split()[1]) == holder.launcher
    assert life.has_stragglers(holder.life)


def test_a_pod_that_is_killed_frees_its_scope_and_nobody_writes_any_more(hold, means):
    holder = hold(means)
    file = holder.scope / "file"
    assert not life.is_dead(holder.life)
    began = time.monotonic()

    holder.process.send_signal(signal.SIGKILL)
    _until(lambda: life.is_dead(holder.life))

    took = time.monotonic() - began
    size = file.stat().st_size
    assert not named(f"{NAP}.5")
    assert not named(f"echo {NAP} >> file")
    assert file.stat().st_size == size
    assert took < 5  # a second or so, and this machine may be busy


def test_the_lock_is_let_go_when_the_last_command_is_dead_and_not_before(hold, means):
    holder = hold(means)

    holder.process.send_signal(signal.SIGKILL)
    _until(lambda: not life.is_locked(holder.life))

    # The launcher itself closes its files a moment before it counts as ended.
    assert "command" not in {one.role for one in life.stragglers(holder.life)}


def test_no_command_has_a_copy_of_the_lock(hold, means):
    holder = hold(means, "ls -l /proc/self/fd/ > fds; echo ready; sleep 60")

    assert "life" not in (holder.scope / "fds").read_text(encoding="utf-8")


def test_a_launcher_that_is_killed_leaves_the_commands_listed_until_they_are_dead(
    hold, means
):
    holder = hold(means, f"echo ready; trap '' TERM; sleep {NAP}.5")

    os.kill(holder.launcher, signal.SIGKILL)
    holder.process.kill()
    holder.process.wait()
    _until(lambda: life.is_dead(holder.life))

    assert not named(f"{NAP}.5")


def test_a_keeper_that_hears_nothing_dies_with_its_launcher(hold):
    if not probe().feature("namespaces").works:
        pytest.skip("no namespaces here")
    holder = hold("namespaces")
    (keeper,) = holder.lines("command")
    os.kill(keeper, signal.SIGSTOP)

    os.kill(holder.launcher, signal.SIGKILL)

    _until(lambda: not lives(keeper))
