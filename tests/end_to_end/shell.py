"""podctl as people and scripts type it: a process of its own, in a universe of its own.

Rules of this file: nothing of podd runs in the test's own process but the discovery of
what is left, so what a test sees is what a stranger would see.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from podd.paths import Places

#: What a test may wait for one thing.
LIMIT_SECONDS = 20.0

#: A step that begins at once and outlasts every test (a minute).
ENDLESS = f'text = "{600 * "."}"\nstream = {{ chunk_chars = 1, delay_seconds = 0.1 }}'


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Stdout, a document a line."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        """The last line of stdout."""
        return self.lines[-1]

    @property
    def error(self) -> dict[str, Any]:
        """What `--json` says of an error."""
        error: dict[str, Any] = self.document["error"]
        return error

    @property
    def events(self) -> list[str]:
        """The names of the events, in order."""
        return [line["event"] for line in self.lines if "event" in line]


@dataclass(frozen=True, slots=True)
class Shell:
    """Types `podctl WORDS`.

    Attributes:
        places: of the universe; in the environment already.
        directory: where manifests and work lie.
    """

    places: Places
    directory: Path

    def __call__(
        self,
        *words: str | Path,
        stdin: bytes = b"",
        cwd: Path | None = None,
        **environment: str,
    ) -> Said:
        done = subprocess.run(
            _command(words),
            input=stdin,
            capture_output=True,
            check=False,
            cwd=cwd or self.directory,
            env={**os.environ, **environment},
            timeout=LIMIT_SECONDS,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    @contextmanager
    def typed(self, *words: str | Path) -> Iterator[subprocess.Popen[str]]:
        """For the time of a block; what still runs at its end is killed."""
        process = subprocess.Popen(
            _command(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=self.directory,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def manifest(self, *steps: str, name: str = "demo", more: str = "") -> Path:
        """Write a manifest that reads and writes `work/`, and its script.

        Args:
            steps: each the body of a `[[step]]`.
            name: of the pod, and of the files.
            more: TOML behind the rest; its own `[scope]` comes in place of ours.
        """
        (self.directory / "work").mkdir(exist_ok=True)
        script = self.directory / f"{name}.script.toml"
        script.write_text(
            "".join(f"[[step]]\n{step}\n" for step in steps), encoding="utf-8"
        )
        scope = "" if "[scope]" in more else '[scope]\nread = ["."]\nwrite = ["."]\n'
        file = self.directory / f"{name}.toml"
        file.write_text(
            f'[pod]\nname = "{name}"\nworkdir = "work"\n'
            f'[model]\nref = "scripted/{name}"\nscript = "{script.name}"\n'
            f"{scope}{more}",
            encoding="utf-8",
        )
        return file

    def spawned(self, manifest: Path, *words: str) -> dict[str, Any]:
        """Start a pod, detached; the document that tells of it."""
        said = self("spawn", manifest, *words, "--detach", "--json")
        assert said.code == 0, said
        pod: dict[str, Any] = said.document["pod"]
        return pod

    def pods(self) -> list[dict[str, Any]]:
        """What `podctl list` shows."""
        pods: list[dict[str, Any]] = self("list", "--json").document["pods"]
        return pods

    def processes(self) -> list[int]:
        """The pids of all that live in this universe, by their environments."""
        mark = f"PODD_RUNTIME_DIR={self.places.runtime}\0".encode()
        return [pid for pid in _pids() if mark in _environment(pid)]

    def is_clean(self) -> bool:
        """Whether nothing is left: no process, no socket, no allocation."""
        held = self("scope", "list", "--json").document
        return (
            not self.processes()
            and not list(self.places.runtime.rglob("sock"))
            and not held["allocations"]
            and not held["dead"]
        )


def until_true(holds: Callable[[], object]) -> None:
    """Look again and again, where nothing tells of a change."""
    limit = time.monotonic() + LIMIT_SECONDS
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < limit, "it never came about"
        pause.wait(0.01)


def kill(pid: int) -> None:
    """SIGKILL, and wait until it is gone."""
    with watched(pid) as process:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        assert gone(process), f"{pid} survived SIGKILL"


@contextmanager
def watched(pid: int) -> Iterator[int]:
    """A descriptor that becomes readable when the process has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def gone(descriptor: int, seconds: float = LIMIT_SECONDS) -> bool:
    """Wait for the end of a process that is `watched`."""
    return bool(select.select([descriptor], [], [], seconds)[0])


def _command(words: tuple[str | Path, ...]) -> list[str]:
    return [sys.executable, "-I", "-m", "podd.cli", *map(str, words)]


def _pids() -> list[int]:
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()
    ]


def _environment(pid: int) -> bytes:
    """Empty for a process that is somebody else's, or gone, or not yet reaped."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    except OSError:
        return b""
