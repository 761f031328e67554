"""Ending a pod and waiting until it is gone."""

from __future__ import annotations

import time

from podd.client.connection import PodConnection
from podd.client.process import Process
from podd.errors import NoSuchError, TimedOutError
from podd.paths import Places
from podd_protocol.requests import Shutdown, ShutdownMode, Status


def end(
    places: Places,
    name: str,
    *,
    mode: ShutdownMode = "drain",
    timeout_seconds: float,
) -> None:
    """Ask the pod to end and return when its process is gone. None there: nothing.

    Raises:
        PodNotAnsweringError: it does not answer.
        TimedOutError: it answered and has not ended in time.
    """
    deadline = time.monotonic() + timeout_seconds
    try:
        connection = PodConnection.open(places.socket(name), pod=name)
    except NoSuchError:
        return
    with connection:
        # Not from its welcome: a pod of another version gives none.
        process = Process.of(connection.ask(Status(id=0)).pid)
        with process:
            connection.ask(Shutdown(id=0, mode=mode))
            connection.close()
            if not process.wait(deadline - time.monotonic()):
                raise TimedOutError(
                    what=f"ending pod {name!r}",
                    seconds=timeout_seconds,
                    hint=f"podctl kill {name} ends it at once",
                )
