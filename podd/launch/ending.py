"""Ending a pod and waiting until it is gone."""

from __future__ import annotations

import os
import select
import time

from podd.client.connection import PodConnection
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
        watched = watch(connection.ask(Status(id=0)).pid)
        connection.ask(Shutdown(id=0, mode=mode))
    if watched is None:
        return
    try:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([watched], [], [], left)[0]:
            raise TimedOutError(
                what=f"ending pod {name!r}",
                seconds=timeout_seconds,
                hint=f"podctl kill {name} ends it at once",
            )
    finally:
        os.close(watched)


def watch(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None: it has."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
