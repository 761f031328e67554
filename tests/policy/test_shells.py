"""What real shells run was seen by the rule, however broken the line."""

from __future__ import annotations

import importlib.util
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: The same lines every time: a test that runs what it made up must be known to be tame.
SEED = 22
LINES = 300
#: What a line is broken with.
SHARDS = (
    *("git push", "case", "esac", "in", "a)", "(", ")", "((", "))", "$(", "$((", "`"),
    *('"', "'", "\\", "\n", ";", ";;", "&&", "|", "&", "<<EOF", "<<'EOF'", "\nEOF\n"),
    *("#", "[[", "]]", "{", "}", "${x:-", "<(", ">", "<", "if", "then", "fi", "do"),
    *("done", "for x in a", "f()", "=", "a=(", "a[", "]", "$'", "$x", "!", "time"),
    *("\\\n", "<<<", "&>", "2>", "eval", "sh -c", "[ 1", "*", "?", ":", "coproc"),
)


@pytest.fixture(scope="module")
def evasion() -> Any:
    path = Path(__file__).with_name("test_evasion.py")
    spec = importlib.util.spec_from_file_location("evasion", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _broken(whole: list[str]) -> Iterator[str]:
    chance = random.Random(SEED)  # noqa: S311  # no secret
    for _ in range(LINES):
        line = chance.choice(whole)
        for _ in range(chance.randint(1, 3)):
            at = chance.randint(0, len(line))
            if chance.random() < 0.6:
                line = f"{line[:at]}{chance.choice(SHARDS)} {line[at:]}"
            else:
                line = line[:at] + line[at + chance.randint(1, 4) :]
        yield line


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_a_shell_runs_nothing_that_was_not_seen(
    tmp_path: Path, evasion: Any, shell: str
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    pushed = tmp_path / "pushed"
    stub = tmp_path / "bin/git"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\n[ "$1" != push ] || : > {pushed}\n', "utf-8")
    stub.chmod(0o755)
    tame = [
        line
        for line in evasion.PUSHES
        if "/" not in line and "\0" not in line and len(line) < 1000
    ]

    passed = [
        line
        for line in _broken(tame)
        if evasion.ASKS.verdict("bash", {"command": line}).action == "allow"
    ]

    assert len(passed) > LINES / 20, "else nothing is tried"
    for line in passed:
        work = tmp_path / "work"
        work.mkdir()
        subprocess.run(
            [program, "-c", line],
            cwd=work,
            env={"PATH": str(stub.parent), "HOME": str(work)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=20,
        )
        shutil.rmtree(work)
        assert not pushed.exists(), line
