"""Pods that answer from a script, and podctl as a process beside them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podd.client.discovery import pods
from podd.paths import Places
from tests.cli.command_line import Said
from tests.client.fake_pod import LIMIT_SECONDS

#: A step that begins at once and outlasts every test (a minute).
ENDLESS = f'text = "{600 * "."}"\nstream = {{ chunk_chars = 1, delay_seconds = 0.1 }}'


def manifest(directory: Path, *steps: str, more: str = "") -> str:
    """Write a manifest and its script; each step is the body of a `[[step]]`."""
    (directory / "work").mkdir(parents=True, exist_ok=True)
    script = directory / "demo.script.toml"
    script.write_text(
        "".join(f"[[step]]\n{step}\n" for step in steps), encoding="utf-8"
    )
    file = directory / "demo.toml"
    file.write_text(
        f'[pod]\nname = "demo"\nworkdir = "work"\n'
        f'[model]\nref = "scripted/demo"\nscript = "{script.name}"\n{more}',
        encoding="utf-8",
    )
    return str(file)


@contextmanager
def typed(*words: str) -> Iterator[subprocess.Popen[str]]:
    """podctl as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "podd.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def podctl(*words: str, stdin: bytes = b"", cwd: Path | None = None) -> Said:
    """Type `podctl WORDS`; a process of its own, because what it starts outlives it."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "podd.cli", *words],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        timeout=30,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def kill_all(places: Places) -> None:
    """Kill the pods that live there and wait until they are gone."""
    for pod in pods(places):
        assert pod.pid is not None, "a socket's peer is known"
        descriptor = os.pidfd_open(pod.pid)
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        gone, _, _ = select.select([descriptor], [], [], LIMIT_SECONDS)
        os.close(descriptor)
        assert gone, f"pod {pod.name} survived SIGKILL"
