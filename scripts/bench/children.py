"""A child on loan, from the call that spawns it to its first step (DESIGN section 6).

The yardstick is the way of `podctl spawn`: the same pod with the same task, as a
root. What a child costs more is the loan: entries that are synced, writers that
are waited for, and the row in the table.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from ratio import compare, show

from podd.client.connection import PodConnection
from podd.core.session import entries as e
from podd.core.session.stamps import rfc3339
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd.launch.start import StartRequest, start, start_held
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd_protocol.events import ChildEvent, ToolStarted, TurnEnded
from podd_protocol.requests import Run, Shutdown, Subscribe
from podd_protocol.values import Completed

ROUNDS = 15
TASK = "do it"

TURN = """
[[step]]
text = ""
[[step.call]]
tool = "spawn_pod"
arguments = {{ name = "kid", task = "{task}", manifest = "kid.toml" }}
[[step]]
text = ""
[[step.call]]
tool = "wait_pods"
arguments = {{ names = ["kid"] }}
[[step]]
text = ""
[[step.call]]
tool = "stop_pod"
arguments = {{ name = "kid" }}
[[step]]
text = "done"
"""


def seconds(at: str) -> float:
    """A time of the journal; a thousandth is enough for what takes hundreds."""
    return datetime.fromisoformat(at).timestamp()


def first_step(places: Places, session: str) -> float:
    """When the pod of `session` asked its model for the first time."""
    for _, entry in read_entries(SessionDirectory(places.session(session))):
        if isinstance(entry, e.StepStarted):
            return seconds(entry.at)
    raise RuntimeError("it made no step")


class Children:
    """A parent that spawns one child a turn."""

    def __init__(self, places: Places, resolved: Resolved) -> None:
        self._places = places
        self.started = start(StartRequest(places=places, resolved=resolved))
        self._pod = PodConnection.open(Path(self.started.socket))
        self._pod.ask(Subscribe(id=0))

    def __call__(self) -> float:
        self._pod.ask(Run(id=0, input="go"))
        called, child = 0.0, ""
        for heard in self._pod.events(timeout_seconds=60.0):
            event = heard.event
            if isinstance(event, ToolStarted) and event.name == "spawn_pod":
                called = seconds(event.at)
            elif isinstance(event, ChildEvent) and event.kind == "spawned":
                child = event.session
            elif isinstance(event, TurnEnded):
                if event.outcome != Completed():
                    raise RuntimeError(event.outcome)
                return first_step(self._places, child) - called
        raise RuntimeError("the turn had no end")

    def end(self) -> None:
        self._pod.ask(Shutdown(id=0, mode="now"))
        self._pod.close()
        os.waitpid(self.started.pid, 0)


class Roots:
    """The same pod, as `podctl spawn --detach` and `podctl run` start it."""

    def __init__(self, places: Places, resolved: Resolved) -> None:
        self._places = places
        self._resolved = resolved

    def __call__(self) -> float:
        called = seconds(rfc3339(time.time_ns()))
        request = StartRequest(places=self._places, resolved=self._resolved)
        started, process = start_held(request)
        with PodConnection.open(Path(started.socket)) as pod:
            pod.ask(Subscribe(id=0, after=0, only=["turn_ended"]))
            pod.ask(Run(id=0, input=TASK))
            next(pod.events(timeout_seconds=60.0))
            pod.ask(Shutdown(id=0, mode="now"))
        process.reap()
        return first_step(self._places, started.session) - called


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = Path(directory)
        places = Places(root / "run", root / "state", root / "config")
        (root / "kid.s.toml").write_text('[[step]]\ntext = "hi"\n', encoding="utf-8")
        model = '[model]\nprovider = "scripted"\nname = "s"\n'
        (root / "kid.toml").write_text(
            f'{model}script = "kid.s.toml"\n', encoding="utf-8"
        )
        (root / "s.toml").write_text(
            TURN.format(task=TASK) * (ROUNDS + 1), encoding="utf-8"
        )
        (root / "pod.toml").write_text(
            f'[pod]\nname = "bench"\n{model}script = "s.toml"\n'
            '[scope]\nread = ["."]\n[limits]\npods = 100\n',
            encoding="utf-8",
        )

        def loaded(name: str) -> Resolved:
            return load(LoadRequest(root / name, [], root, os.environ, places))

        children = Children(places, loaded("pod.toml"))
        roots = Roots(places, loaded("kid.toml"))
        show([compare("spawn until first step", "1.3", children, roots, rounds=ROUNDS)])
        children.end()


main()
