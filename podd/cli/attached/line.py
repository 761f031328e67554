"""The connections of somebody who is attached, none of which makes typing wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from podd.client.connection import Heard, PodConnection
from podd.errors import PodNotAnsweringError

T = TypeVar("T")


class Line:
    """Asks a pod, one thing after the other, in a thread.

    A connection that broke is made anew with the next question.

    Args:
        socket: of the pod.
        pod: its name.
        seconds: how long an answer may take.
    """

    def __init__(self, socket: Path, pod: str, seconds: float) -> None:
        self._socket = socket
        self._pod = pod
        self._seconds = seconds
        self._connection: PodConnection | None = None
        self._turn = anyio.Lock()

    async def ask(self, question: Callable[[PodConnection], T]) -> T:
        """Let `question` ask.

        Raises:
            PoddError: what it met.
        """
        async with self._turn:
            # Whoever leaves does not wait for an answer that may take seconds.
            return await anyio.to_thread.run_sync(
                self._ask, question, abandon_on_cancel=True
            )

    def _ask(self, question: Callable[[PodConnection], T]) -> T:
        if self._connection is None:
            self._connection = PodConnection.open(
                self._socket, self._seconds, pod=self._pod
            )
        try:
            return question(self._connection)
        except PodNotAnsweringError:
            self._connection.close()
            self._connection = None
            raise

    def close(self) -> None:
        """Leave."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def listen(
    connection: PodConnection, hear: Callable[[list[Heard]], None]
) -> None:
    """Hand on events as they come, until the pod closes the connection.

    Args:
        connection: subscribed already.
        hear: is given what is there, all at once.
    """
    while True:
        heard = connection.heard()
        if heard:
            hear(heard)
        if connection.ended:
            return
        await anyio.wait_readable(connection.fileno())
