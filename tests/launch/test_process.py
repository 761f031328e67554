"""The process of a new pod, when it does not become one."""

from __future__ import annotations

import os
import sys

import pytest

from podd.errors import PodNotAnsweringError
from tests.launch.pods import held, started, write_pod

pytestmark = pytest.mark.processes


def _assert_nothing_is_left(places, *, sessions=0):
    assert held(places) == []
    assert list(places.pods.glob("*")) == []
    assert len(list(places.sessions.glob("*"))) == sessions


def _interpreter(tmp_path, monkeypatch, body):
    """Let pods be started by a program of ours."""
    program = tmp_path / "interpreter"
    program.write_text(
        f"#!/bin/sh\necho $$ >{tmp_path}/pid\n{body}\n", encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def test_a_pod_that_dies_before_it_is_ready_is_told_with_its_last_words(
    places, tmp_path, monkeypatch
):
    file = write_pod(tmp_path)
    places.log_file("demo").parent.mkdir(parents=True)
    places.log_file("demo").write_text("of an earlier pod\n", encoding="utf-8")
    _interpreter(tmp_path, monkeypatch, "echo boom >&2; exit 3")

    with pytest.raises(PodNotAnsweringError) as failed:
        started(places, file)

    assert failed.value.pod == "demo"
    assert failed.value.log == str(places.log_file("demo"))
    assert "boom" in failed.value.reason
    assert "exit status 3" in failed.value.reason
    assert "earlier" not in failed.value.reason
    _assert_nothing_is_left(places)


def test_a_pod_that_never_gets_ready_is_killed_when_the_time_is_over(
    places, tmp_path, monkeypatch
):
    file = write_pod(tmp_path)
    _interpreter(tmp_path, monkeypatch, "exec sleep 60")

    with pytest.raises(PodNotAnsweringError):
        started(places, file, timeout_seconds=0.3)

    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    _assert_nothing_is_left(places)
