"""scripts/kill_loop: kill -9 at random moments loses nothing, and it would say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from podd.sandbox.probe import probe
from tests.end_to_end.shell import Shell

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]

#: Runs the loop on a script whose second step goes for the file of the first.
TAMPERED = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("kill_loop", sys.argv[1])
loop = sys.modules["kill_loop"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loop)
honest = loop.write_pod
def write_pod(root, steps):
    honest(root, steps)
    script = root / "s.toml"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("out/2.txt", "out/1.txt"), encoding="utf-8")
loop.write_pod = write_pod
sys.argv = ["kill_loop", "--kills", "1", "--steps", "3", "--seed", "7"]
sys.exit(loop.main())
"""


def test_no_promise_is_broken_by_four_kills(shell: Shell) -> None:
    done = subprocess.run(
        [ROOT / "scripts/kill_loop", "--kills", "4", "--seed", "7"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=50,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4 kills, ")
    assert not shell.processes()


@pytest.mark.skipif(probe().means is None, reason="no command is confined here")
def test_no_promise_is_broken_where_there_are_children(shell: Shell) -> None:
    words = ["--children", "--kills", "3", "--rounds", "2", "--seed", "7"]
    done = subprocess.run(
        [ROOT / "scripts/kill_loop", *words],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=50,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 kills ")
    assert not shell.processes()


@pytest.mark.skipif(probe().means is None, reason="no command is confined here")
def test_a_family_comes_to_its_undisturbed_end_over_kills_anywhere(
    shell: Shell,
) -> None:
    words = ["--points", "--kills", "6", "--jobs", "2", "--seed", "7"]
    done = subprocess.run(
        [ROOT / "scripts/kill_loop", *words],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split(" kills, ")[0] in {"6", "7", "8"}
    assert not shell.processes()


def test_a_broken_promise_ends_the_loop_with_1_and_says_which(shell: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", TAMPERED, ROOT / "scripts/kill_loop.py"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=50,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "kills, in " in done.stderr
    assert "Traceback" not in done.stderr
