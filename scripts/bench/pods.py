"""Pods of the benches: one manifest, one subscriber, one run after the other."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Self

from podd.client.connection import PodConnection
from podd.launch.start import StartRequest, start
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd_protocol.events import TurnEnded
from podd_protocol.requests import Run, Shutdown, Subscribe
from podd_protocol.values import Completed


def manifest(root: Path, places: Places, url: str) -> Resolved:
    """A pod that reads in `root` and asks the server at `url`."""
    (root / "pod.toml").write_text(
        '[pod]\nname = "bench"\n[model]\nref = "openai_chat/m"\n'
        f'base_url = "{url}"\nauth = {{ none = true }}\n[scope]\nread = ["."]\n',
        encoding="utf-8",
    )
    return load(LoadRequest(root / "pod.toml", [], root, os.environ, places))


class RunningPod:
    """A pod, and a client that follows it."""

    def __init__(self, places: Places, resolved: Resolved, session: str | None) -> None:
        self.started = start(
            StartRequest(
                places=places, resolved=None if session else resolved, resume=session
            )
        )
        self._pod = PodConnection.open(Path(self.started.socket))
        self._pod.ask(Subscribe(id=0))

    def __call__(self) -> float:
        """Make a run; the seconds until its end is heard."""
        before = time.perf_counter()
        self._pod.ask(Run(id=0, input="go"))
        for heard in self._pod.events(timeout_seconds=30.0):
            if isinstance(heard.event, TurnEnded):
                if heard.event.outcome != Completed():
                    raise RuntimeError(heard.event.outcome)
                return time.perf_counter() - before
        raise RuntimeError("the turn had no end")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._pod.ask(Shutdown(id=0, mode="now"))
        self._pod.close()
        os.waitpid(self.started.pid, 0)
