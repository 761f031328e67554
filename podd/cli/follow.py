"""Follow one turn of one pod to its end.

The end comes from the durable `turn_ended` and nothing else: deltas may be missed by a
client that is slow, which `lagged` then says.
"""

from __future__ import annotations

import select
import time
from dataclasses import dataclass
from typing import Literal

from podd.cli.descendants import Descendant, Descendants
from podd.cli.interrupts import Interrupts
from podd.cli.output import Output
from podd.cli.views import View
from podd.client.connection import PodConnection
from podd.errors import FailureReplyError, PausedError, PodEndedError, TimedOutError
from podd_protocol.events import (
    AnyEvent,
    ChildEvent,
    StateChanged,
    Stopping,
    TurnEnded,
    TurnStarted,
)
from podd_protocol.requests import Cancel


@dataclass(frozen=True, slots=True)
class FollowedTurn:
    """A turn that was followed to its end."""

    ended: TurnEnded
    seconds: float
    """From its start, or from when we came in, to its end."""
    children: tuple[Descendant, ...]


class Follower:
    """Waits for the end of a turn and cancels it at the first Ctrl-C.

    Args:
        connection: subscribed already.
        turn: whose end to wait for.
        progress: whether it has begun, or waits behind others.
        view: is told every event.
        output: for talk.
        interrupts: entered already.
        log: the pod's log file, for the error that says the pod is gone.
    """

    def __init__(
        self,
        connection: PodConnection,
        turn: str,
        *,
        progress: Literal["begun", "queued"],
        view: View,
        output: Output,
        interrupts: Interrupts,
        log: str,
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._begun = progress == "begun"
        self._view = view
        self._output = output
        self._interrupts = interrupts
        self._log = log
        self._cancelled = False
        self._told = False
        self._stopping = False
        self._since = time.monotonic()
        self._ended: TurnEnded | None = None
        self._children = Descendants()

    def until_end(self, timeout_seconds: float | None) -> FollowedTurn:
        """Wait.

        Raises:
            PausedError: the pod is paused, so the end is not coming.
            PodEndedError: the pod went away first.
            TimedOutError: it took longer than `timeout_seconds`; the turn goes on.
            KeyboardInterrupt: the second Ctrl-C.
        """
        try:
            return self._wait(timeout_seconds)
        finally:
            self._view.rest()

    def _wait(self, timeout_seconds: float | None) -> FollowedTurn:
        deadline = None if timeout_seconds is None else self._since + timeout_seconds
        while True:
            for heard in self._connection.heard():
                self._view.hear(heard)
                if heard.event is not None:
                    self._note(heard.event)
                if self._ended is not None:
                    seconds = time.monotonic() - self._since
                    return FollowedTurn(self._ended, seconds, self._children.found())
            if self._connection.ended:
                raise self._gone()
            if self._cancel_if_asked():
                # The answer may have brought events along: hear them first.
                continue
            if not self._readable(deadline):
                assert timeout_seconds is not None, "only a deadline ends the wait"
                raise TimedOutError(
                    what=f"the turn of pod {self._connection.pod!r}",
                    seconds=timeout_seconds,
                    hint=f"it goes on; podctl wait {self._connection.pod}",
                )

    def _note(self, event: AnyEvent) -> None:
        match event:
            case TurnStarted(turn=self._turn):
                self._begun = True
                self._since = time.monotonic()
            case TurnEnded(turn=self._turn):
                self._ended = event
            case TurnEnded():
                self._children.forget()
            case ChildEvent():
                self._children.note(event)
            case StateChanged(state="paused") if not self._cancelled:
                raise PausedError(pod=self._connection.pod, turn=self._turn)
            case Stopping():
                self._stopping = True
            case _:
                pass

    def _cancel_if_asked(self) -> bool:
        if self._cancelled or not self._interrupts.count:
            return False
        if not self._begun:
            # Not now: `cancel` would end the turn of somebody else.
            if not self._told:
                self._told = True
                self._output.say(
                    "will be cancelled as it begins; Ctrl-C again leaves it waiting"
                )
            return False
        self._cancelled = True
        try:
            self._connection.ask(Cancel(id=0, reason="interrupted at the terminal"))
        except FailureReplyError as error:
            if error.failure != "not_running":
                raise
            # It has just ended, and the event is on its way; or it was accepted and
            # has not quite begun, and the next event asks again.
            self._cancelled, self._begun, self._told = False, False, True
        except PodEndedError as error:
            raise self._gone() from error
        return True

    def _readable(self, deadline: float | None) -> bool:
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        sources = [self._connection.fileno(), self._interrupts.fileno()]
        ready, _, _ = select.select(sources, [], [], left)
        if self._interrupts.fileno() in ready:
            self._interrupts.drain()
        return bool(ready)

    def _gone(self) -> PodEndedError:
        return PodEndedError(
            pod=self._connection.pod,
            reason=(
                "it was stopped, and keeps its turn"
                if self._stopping
                else "it ended in the middle of its turn"
            ),
            session=self._connection.welcome.session,
            log=self._log,
        )
