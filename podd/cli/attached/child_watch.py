"""A child's doings, unfolded for as long as somebody wants to see them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from podd.cli.attached.line import listen
from podd.cli.columns import fit
from podd.cli.event_words import event_words
from podd.cli.output import columns, harmless, tinted
from podd.client.connection import PodConnection
from podd.errors import PoddError
from podd_protocol.events import Text
from podd_protocol.requests import Subscribe

if TYPE_CHECKING:
    from collections.abc import Callable

    from podd.client.connection import Heard
    from podd.paths import Places

#: Events of the past with which it begins: about what a screen shows.
LOOK_BACK = 40


class ChildWatch:
    """Follows children through their own sockets.

    Args:
        places: where these are.
        show: prints lines.
        seconds: how long a child may take to answer.
    """

    def __init__(
        self, places: Places, show: Callable[[list[str]], None], seconds: float
    ) -> None:
        self._places = places
        self._show = show
        self._seconds = seconds
        self._open: dict[str, anyio.CancelScope] = {}

    async def toggle(self, pod: str) -> None:
        """Unfold the child until it ends, or is folded by another call."""
        if (scope := self._open.pop(pod, None)) is not None:
            scope.cancel()
            return
        with anyio.CancelScope() as scope:
            self._open[pod] = scope
            try:
                await self._follow(pod)
            except PoddError as error:
                self._say(pod, f"{error}; podctl history {pod} shows what was")
        if self._open.get(pod) is scope:
            del self._open[pod]
        self._say(pod, "folded again")

    async def _follow(self, pod: str) -> None:
        connection = await anyio.to_thread.run_sync(
            self._connect, pod, abandon_on_cancel=True
        )
        with connection:
            await listen(connection, lambda heard: self._hear(pod, heard))
        self._say(pod, "it has ended")

    def _connect(self, pod: str) -> PodConnection:
        connection = PodConnection.open(
            self._places.socket(pod), self._seconds, pod=pod
        )
        try:
            after = max(0, connection.welcome.seq - LOOK_BACK)
            connection.ask(Subscribe(id=0, after=after))
        except BaseException:
            connection.close()
            raise
        return connection

    def _hear(self, pod: str, heard: list[Heard]) -> None:
        for one in heard:
            if isinstance(one.event, Text):
                self._say(pod, one.event.text.strip("\n"))
            elif one.event is not None and (words := event_words(one.event)):
                self._say(pod, words)

    def _say(self, pod: str, words: str) -> None:
        short = pod.rpartition(".")[2]
        room = columns(sys.stdout) - len(short) - 6
        self._show(
            [
                tinted(f"  {short} │ {fit(line, room)}", "dim", sys.stdout)
                for line in harmless(words).split("\n")
            ]
        )
