"""A checkout of nothing but scripts, and a machine with the Pythons a test gives it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Those that set up and call; the generators need the project itself.
SCRIPTS = ("check", "environment", "lock", "podctl", "requirements.py", "test")

#: What the scripts call, besides Python and uv, which each test puts there.
TOOLS = (
    *("sh", "bash", "cat", "cksum", "cp", "date", "env", "getconf", "grep"),
    *("mkdir", "mktemp", "mv", "readlink", "rm", "sed"),
)

LOCK = """\
# Made for a test.
first==1.0 \\
    --hash=sha256:00
# === what testing and checking need in addition ===
second==2.0 \\
    --hash=sha256:11
"""

PROJECT = """\
[project]
dependencies = ["first>=1"]
[dependency-groups]
test = ["second"]
check = []
"""

#: An interpreter that answers what the scripts ask of one, and notes it. What it does
#: not know (taking the lock, running requirements.py) goes to the true interpreter.
PYTHON = """\
#!/bin/sh
name=${{0##*/}}
note() {{ printf '%s\\n' "$*" >>'{notes}'; }}
case "$*" in
    *version_info*) note "probe $name"; printf '%s\\n' '{path}' ;;
    *'import ensurepip'*) {ensurepip} ;;
    *'-m venv '*)
        for directory do :; done
        note "venv {label} $directory"
        {venv}
        mkdir -p "$directory/bin" "$directory/lib/python3.11/site-packages"
        cp '{path}' "$directory/bin/python" ;;
    *'import pip'*) ;;
    *'-m pip '*)
        for file do :; done
        note "install $(grep -c '^[^#]*==' "$file")"
        note "settings PIP_INDEX_URL=${{PIP_INDEX_URL-}} PIP_TARGET=${{PIP_TARGET-}}" \\
            "PYTHONPATH=${{PYTHONPATH-}}"
        echo 'talk of the installer'
        {install} ;;
    *podd.cli*) note "podctl$(printf ' <%s>' "$@")"; cat ;;
    *'-m pytest'*) note "pytest $*"; env >'{notes}.environment'; exit 5 ;;
    */scripts/schema.py* | */scripts/turn_diagram.py*) note "generator $*" ;;
    *'-m ruff'* | *'-m mypy'* | *importlinter*) note "check $*"; {check} ;;
    *) exec '{python}' "$@" ;;
esac
"""


@dataclass
class Machine:
    """A directory with a checkout, a PATH, and notes of what was called."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def checkout(self) -> Path:
        return self.directory / "a checkout"

    @property
    def lock(self) -> Path:
        return self.checkout / "requirements.lock"

    @property
    def stamp(self) -> Path:
        return self.checkout / ".venv" / "podd-stamp"

    @property
    def notes(self) -> Path:
        return self.directory / "notes"

    def calls(self, word: str) -> list[str]:
        """What came after `word` in each note that starts with it."""
        if not self.notes.exists():
            return []
        lines = self.notes.read_text(encoding="utf-8").splitlines()
        start = f"{word} "
        return [line.removeprefix(start) for line in lines if line.startswith(start)]

    def executable(self, name: str, text: str) -> Path:
        path = self.directory / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def python(
        self,
        name: str,
        *,
        ensurepip: str = ":",
        venv: str = ":",
        install: str = ":",
        check: str = ":",
    ) -> None:
        """Install an interpreter; the options are what it does at that point, in sh."""
        text = PYTHON.format(
            notes=self.notes,
            path=self.directory / "bin" / name,
            label=name,
            python=os.path.realpath(sys.executable),
            ensurepip=ensurepip,
            venv=venv,
            install=install,
            check=check,
        )
        self.executable(name, text)

    def start(
        self, script: str | Path, *arguments: str, **settings: str
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [self.checkout / "scripts" / script, *arguments],
            cwd=self.directory,
            env={**self.environment, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End what a test that failed has left, with all that it started."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def run(
        self,
        script: str | Path,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of the checkout, or another path, to its end."""
        process = self.start(script, *arguments, **(settings or {}))
        stdout, stderr = process.communicate(stdin, timeout=20)
        return subprocess.CompletedProcess(
            process.args, process.returncode, stdout, stderr
        )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine without any Python and a checkout with spaces in its path."""
    built = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    (built.checkout / "scripts").mkdir(parents=True)
    for script in SCRIPTS:
        shutil.copy(ROOT / "scripts" / script, built.checkout / "scripts" / script)
    built.lock.write_text(LOCK, encoding="utf-8")
    (built.checkout / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    built.environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    yield built
    built.end()
