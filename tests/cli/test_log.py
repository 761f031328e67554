from __future__ import annotations

import os
import signal
import subprocess
import sys

import msgspec
import pytest

from tests.cli.command_line import podctl


@pytest.fixture
def log(universe):
    path = universe.log_file("reviewer")
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"line {n}\n" for n in range(1, 101)), encoding="utf-8")
    return path


def test_the_last_lines_are_printed(capsys, log):
    said = podctl(capsys, "logs", "reviewer", "-n", "2")

    assert (said.code, said.out) == (0, "line 99\nline 100\n")


def test_with_json_each_line_is_an_object(capsys, log):
    said = podctl(capsys, "log", "reviewer", "-n", "2", "--json")

    lines = [msgspec.json.decode(line) for line in said.out.splitlines()]
    assert lines == [
        {"pod": "reviewer", "line": "line 99"},
        {"pod": "reviewer", "line": "line 100"},
    ]


@pytest.mark.parametrize("name", ["nobody", "../reviewer", "", "x" * 300])
def test_a_pod_that_never_was_is_no_such_pod(capsys, log, name):
    said = podctl(capsys, "log", name, "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")


def test_following_ends_with_its_time(capsys, log):
    said = podctl(capsys, "log", "reviewer", "-f", "-n", "1", "--timeout", "0.01")

    assert (said.code, said.out) == (7, "line 100\n")


@pytest.mark.processes
def test_following_goes_on_until_ctrl_c(log):
    with subprocess.Popen(
        [sys.executable, "-m", "podd.cli", "log", "reviewer", "-f", "-n", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ.copy(),
        encoding="utf-8",
    ) as following:
        try:
            assert following.stdout.readline() == "line 100\n"
            log.rename(log.with_name("pod.log.1"))
            log.write_text("after rotation\n", encoding="utf-8")
            assert following.stdout.readline() == "after rotation\n"
            following.send_signal(signal.SIGINT)
            assert following.wait(10) == 130
        finally:
            following.kill()
