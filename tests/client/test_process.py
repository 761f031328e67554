from __future__ import annotations

import os
import subprocess
import sys

import pytest

from podd.client.process import KILL_SECONDS, Process

pytestmark = pytest.mark.processes


@pytest.fixture
def child():
    """A process that lives until its stdin is closed."""
    program = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(program, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_process_that_was_killed_has_ended(child):
    with Process.of(child.pid) as process:
        assert not process.has_ended

        process.kill()

        assert process.wait(KILL_SECONDS)
        assert process.has_ended
        assert child.wait() == -9


def test_a_number_that_nobody_has_is_a_process_that_has_ended(child):
    child.kill()
    child.wait()

    with Process.of(child.pid) as process:
        assert process.has_ended
        process.kill()


def test_a_descriptor_above_those_that_select_knows_can_be_waited_for(child):
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most <= 1100:
        pytest.skip("this machine gives a process too few descriptors")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 1100), most))
    high = []
    try:
        while not high or high[-1] < 1024:
            high.append(os.open(os.devnull, os.O_RDONLY))
        with Process.of(child.pid) as process:
            child.kill()
            assert process.wait(KILL_SECONDS)
    finally:
        for descriptor in high:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
