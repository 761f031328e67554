"""Wait for several pods at once.

A pod's socket says when it is done, and its journal what came of it: so the result is
there also where the pod has ended, and where events were missed.
"""

from __future__ import annotations

import select
import time
from dataclasses import dataclass
from typing import Literal, Self

from podd.cli.last_turn import Turns, turns_of
from podd.cli.output import Output
from podd.cli.reaching import reach
from podd.cli.result import TurnResult
from podd.client.connection import PodConnection
from podd.errors import NoSuchError, PausedError, PodEndedError, TimedOutError
from podd.journal.session_directory import SessionDirectory
from podd.journal.sessions import Sessions
from podd.paths import Places
from podd_protocol.events import StateChanged
from podd_protocol.requests import Status, Subscribe
from podd_protocol.values import State

Until = Literal["idle", "ended"]


@dataclass(slots=True)
class _Awaited:
    """One pod."""

    name: str
    session: SessionDirectory
    connection: PodConnection | None
    """None: it has ended."""
    state: State

    def done(self, until: Until) -> bool:
        """Whether there is nothing more to wait for."""
        if self.connection is None:
            return True
        return until == "idle" and self.state == "idle"


class Waiting:
    """Pods that are waited for.

    Args:
        places: where they are.
        output: how to talk, and `--timeout`.
        until: what is waited for.
    """

    def __init__(self, places: Places, output: Output, *, until: Until) -> None:
        self._places = places
        self._output = output
        self._until: Until = until
        self._pods: list[_Awaited] = []
        self._poll = select.poll()

    def add(self, name: str) -> None:
        """Wait for this one too.

        Raises:
            NoSuchError: there is no such pod, and never was.
            PodNotAnsweringError: it is there and says nothing.
        """
        sessions = Sessions(self._places.sessions)
        try:
            connection = reach(self._places, name, self._output)
        except (NoSuchError, PodEndedError) as error:
            try:
                session = sessions.newest_of(name)
            except NoSuchError:
                raise error from None
            self._pods.append(_Awaited(name, session, None, "stopping"))
            return
        self._pods.append(
            _Awaited(
                name,
                sessions.named(connection.welcome.session),
                connection,
                connection.welcome.state,
            )
        )
        # Behind `append`, so that `close` sees the connection whatever happens here.
        self._poll.register(connection, select.POLLIN)
        after = connection.welcome.seq
        try:
            connection.ask(Subscribe(id=0, after=after, only=["state_changed"]))
        except PodEndedError:
            return  # `until_done` finds it gone
        self._look(self._pods[-1], connection)

    def until_done(self, *, how_many: Literal["any", "all"]) -> None:
        """Wait.

        Raises:
            PausedError: only paused pods are left, and none of them will go on.
            TimedOutError: it took longer than `--timeout`.
        """
        seconds = self._output.timeout_seconds
        deadline = None if seconds is None else time.monotonic() + seconds
        enough = any if how_many == "any" else all
        while True:
            for pod in self._pods:
                self._hear(pod)
            if enough(pod.done(self._until) for pod in self._pods):
                return
            self._check_paused()
            left = None
            if deadline is not None:
                left = max(deadline - time.monotonic(), 0.0) * 1000
            if not self._poll.poll(left):
                assert seconds is not None, "only a deadline ends the wait"
                names = ", ".join(p.name for p in self._pods if not p.done(self._until))
                raise TimedOutError(what=f"waiting for {names}", seconds=seconds)

    def results(self) -> list[TurnResult]:
        """The last turn of each pod that is done, in the order they were named.

        Raises:
            PodEndedError: a pod ended in the middle of a turn.
        """
        return [self._result(pod) for pod in self._pods if pod.done(self._until)]

    def _hear(self, pod: _Awaited) -> None:
        connection = pod.connection
        if connection is None:
            return
        for heard in connection.heard():
            if isinstance(heard.event, StateChanged):
                pod.state = heard.event.state
        if pod.state == "idle" and not connection.ended:
            self._look(pod, connection)
        if connection.ended:
            self._poll.unregister(connection)
            connection.close()
            pod.connection = None

    @staticmethod
    def _look(pod: _Awaited, connection: PodConnection) -> None:
        """Ask: between two turns, and before the first, a pod is idle and is not."""
        try:
            status = connection.ask(Status(id=0))
        except PodEndedError:
            return
        between = status.state == "idle" and status.queue
        pod.state = "running" if between else status.state

    def _check_paused(self) -> None:
        left = [pod for pod in self._pods if not pod.done(self._until)]
        if self._until == "idle" and all(pod.state == "paused" for pod in left):
            raise PausedError(pod=left[0].name, turn=None)

    def _result(self, pod: _Awaited) -> TurnResult:
        turns = turns_of(pod.session)
        if pod.connection is None and turns.unfinished and self._until == "idle":
            raise self._ended_early(pod, turns)
        return turns.result(pod.name, pod.session.session)

    def _ended_early(self, pod: _Awaited, turns: Turns) -> PodEndedError:
        what = "in the middle of its turn" if turns.open else "with work still waiting"
        return PodEndedError(
            pod=pod.name,
            reason=f"it ended {what}",
            session=pod.session.session,
            log=str(self._places.log_file(pod.name)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for pod in self._pods:
            if pod.connection is not None:
                pod.connection.close()
