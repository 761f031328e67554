"""Real pods for tests: written, started in processes of their own, and ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from pathlib import Path

from podd.client.connection import PodConnection
from podd.client.discovery import pods
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.launch.start import Started, StartRequest, start
from podd.manifest.loading import LoadRequest, load
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table
from podd_protocol.requests import Subscribe

LIMIT_SECONDS = 15.0
"""What a test may wait for one thing."""

#: A step that begins at once and outlasts every test.
ENDLESS = f'text = "{600 * "."}"\nstream = {{ chunk_chars = 1, delay_seconds = 0.1 }}'

#: A step that can be seen while it runs, and ends soon.
SLOW = 'text = "slowly now"\nstream = { chunk_chars = 1, delay_seconds = 0.02 }'

#: A step that asks for one file to be made.
WRITE = (
    'text = ""\n[[step.call]]\ntool = "write_file"\n'
    'arguments = { path = "made.txt", content = "x" }'
)

#: A pod that was started outlives the call that started it, which subprocess finds odd.
OUTLIVES = "ignore:subprocess .* is still running:ResourceWarning"


def write_pod(
    directory: Path,
    *steps: str,
    name: str = "demo",
    write: str = "work",
    more: str = "",
) -> Path:
    """Write a manifest and its script; each step is the body of a `[[step]]`."""
    (directory / "work").mkdir(parents=True, exist_ok=True)
    script = (
        "".join(f"[[step]]\n{step}\n" for step in steps) or '[[step]]\ntext = "x"\n'
    )
    (directory / f"{name}.script.toml").write_text(script, encoding="utf-8")
    file = directory / f"{name}.toml"
    file.write_text(
        f'[pod]\nname = "{name}"\nworkdir = "work"\n'
        f'[model]\nref = "scripted/demo"\nscript = "{name}.script.toml"\n'
        f'[scope]\nread = ["."]\nwrite = [{_quoted(write)}]\n{more}',
        encoding="utf-8",
    )
    return file


def _quoted(write: str) -> str:
    return '"."' if write == "work" else f'"{write}"' if write else ""


def resolved(places: Places, file: Path) -> Resolved:
    """The manifest of a file, as podctl would load it."""
    return load(
        LoadRequest(
            file=file,
            overrides=[],
            caller_directory=file.parent,
            environment=os.environ,
            places=places,
        )
    )


def started(places: Places, file: Path, **more) -> Started:
    """Start a pod from a file."""
    return start(StartRequest(places=places, resolved=resolved(places, file), **more))


def resumed(places: Places, session: str, **more) -> Started:
    """Start a pod that goes on with a session."""
    return start(StartRequest(places=places, resolved=None, resume=session, **more))


def connected(pod: Started) -> PodConnection:
    return PodConnection.open(Path(pod.socket))


def subscribed(pod: Started, after: int | None = 0) -> PodConnection:
    connection = connected(pod)
    connection.ask(Subscribe(id=0, after=after))
    return connection


def until(connection: PodConnection, name: str) -> list:
    """Events up to and with the next one of this name."""
    found = []
    for heard in connection.events(timeout_seconds=LIMIT_SECONDS):
        found.append(heard.event)
        if heard.event.__struct_config__.tag == name:
            return found
    raise AssertionError(f"the pod ended before {name}: {found}")


class Watched:
    """A process, held so that its end is seen and its number cannot be used again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def wait(self) -> int | None:
        """Wait for the end; the exit status, negative for a signal.

        None: somebody else has reaped it (so does subprocess, at each new process).
        """
        ready, _, _ = select.select([self._descriptor], [], [], LIMIT_SECONDS)
        assert ready, f"process {self.pid} lives on"
        os.close(self._descriptor)
        try:
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            return None
        return os.waitstatus_to_exitcode(status)


def kill(pod: Started) -> None:
    """`kill -9`, and wait until it is gone."""
    process = Watched(pod.pid)
    process.send(signal.SIGKILL)
    process.wait()


def kill_all(places: Places) -> None:
    """Leave no pod of this universe behind."""
    for pod in pods(places):
        if pod.pid is not None and pod.pid != os.getpid():
            process = Watched(pod.pid)
            process.send(signal.SIGKILL)
            process.wait()


def entries(places: Places, session: str) -> list:
    return [
        entry for _, entry in read_entries(SessionDirectory(places.session(session)))
    ]


def kinds(places: Places, session: str) -> list[str]:
    return [entry.__struct_config__.tag for entry in entries(places, session)]


def held(places: Places) -> list[str]:
    """Names of the pods that hold an allocation."""
    with Table(places) as table:
        return [found.pod for found in allocations(table)]
