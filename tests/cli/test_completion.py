from __future__ import annotations

import os
import subprocess
import sys

import pytest

from podd.cli import completing
from podd.cli.main import main
from tests.cli.command_line import podctl


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(capsys, shell):
    said = podctl(capsys, "completion", shell)

    assert said.code == 0
    assert "_PODCTL_COMPLETE" in said.out
    document = podctl(capsys, "completion", shell, "--json").document
    assert document["shell"] == shell
    assert document["script"].strip() == said.out.strip()


def test_an_unknown_shell_is_a_usage_error(capsys):
    assert podctl(capsys, "completion", "tcsh").code == 2


def _completed(universe, *words: str) -> list[str]:
    """What bash would offer for the last word."""
    environment = os.environ | {
        "_PODCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["podctl", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "podd.cli"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        encoding="utf-8",
    )
    return [line.split(",", 1)[1] for line in done.stdout.splitlines() if line]


@pytest.mark.processes
def test_names_of_pods_complete(universe):
    for name in ("reviewer", "rewriter", "other"):
        universe.pod(name).mkdir(parents=True)

    assert _completed(universe, "status", "re") == ["reviewer", "rewriter"]


@pytest.mark.processes
def test_ended_pods_and_sessions_complete_where_they_are_meant(universe):
    universe.log_file("gone").parent.mkdir(parents=True)
    universe.session("0190-a").mkdir(parents=True)
    universe.session("0190-b").mkdir(parents=True)

    assert _completed(universe, "history", "''") == ["gone", "0190-b", "0190-a"]
    assert _completed(universe, "log", "g") == ["gone"]
    assert _completed(universe, "stop", "g") == []


def test_nothing_to_complete_is_no_error(universe):
    assert completing.pods_and_sessions(None, None, "") == []


def test_main_is_what_the_script_calls(monkeypatch, capsys, universe):
    monkeypatch.setenv("_PODCTL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "podctl compl")
    monkeypatch.setenv("COMP_CWORD", "1")

    main([])

    assert capsys.readouterr().out == "plain,completion\n"
