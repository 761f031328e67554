"""Requests to facts, decisions to replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

import msgspec

from podd.controller.description import Description
from podd.controller.subscription import Subscription
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision
from podd.core.turn.transitions import Refusal
from podd.errors import StorageError
from podd.runtime.driver import Driver
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.ports import Replay
from podd_protocol import replies as r
from podd_protocol import requests as q

#: A page of history is about this long.
PAGE_BYTES: Final = 1024 * 1024

_REFUSALS: Final[dict[Refusal, str]] = {
    "busy": "a turn runs; queue or steer instead",
    "not_running": "no turn runs",
    "not_paused": "no turn is paused",
    "stopping": "the pod is ending and takes no more work",
}


class Dispatch(msgspec.Struct, frozen=True):
    """Answers one request at a time for each connection."""

    driver: Driver
    feed: Feed
    replay: Replay
    description: Description
    clients: Callable[[], int]
    log: Log

    def subscribe(self, request: q.Subscribe) -> tuple[r.Ok, Subscription]:
        """A cursor, and what to say before its first event."""
        subscription = Subscription(
            self.feed, self.replay, after=request.after, only=request.only
        )
        return r.Ok(id=request.id, seq=self.feed.last), subscription

    async def answer(self, request: q.AnyRequest) -> r.Reply:
        """Never raises for what a client did."""
        try:
            return await self._answer(request)
        except StorageError as error:
            return r.Failure(
                id=request.id,
                code="storage",
                message=str(error),
                data={"path": error.path},
            )
        except Exception as error:  # a bug must end a request, not a pod
            self.log.exception("request", method=type(request).__name__)
            return r.Failure(id=request.id, code="internal", message=str(error))

    async def _answer(self, request: q.AnyRequest) -> r.Reply:  # noqa: C901, PLR0911, PLR0912  # one arm a method
        match request:
            case q.Hello():
                return self.description.welcome(request.id)
            case q.Status():
                return self.description.status(request.id, clients=self.clients())
            case q.Run():
                given = _input(request)
                if not given.text.strip():
                    return _empty(request.id, "run: input")
                return await self._ask(request.id, given)
            case q.Notify():
                if not request.message.strip():
                    return _empty(request.id, "notify: message")
                sent = i.NotificationSent(
                    message=request.message, wake=request.wake, key=request.key
                )
                return await self._ask(request.id, sent)
            case q.Pause():
                pause = i.PauseRequested(reason=request.reason or "")
                return await self._ask(request.id, pause)
            case q.Resume():
                return await self._ask(request.id, i.ResumeRequested())
            case q.Cancel():
                cancel = i.CancelRequested(by="user", reason=request.reason or "")
                return await self._ask(request.id, cancel)
            case q.Shutdown():
                stop = i.StopAsked(mode=request.mode, by="user")
                return await self._ask(request.id, stop)
            case q.History():
                return self._history(request)
            case q.UsageQuery():
                spent = self.driver.state.usage
                return r.UsageReply(id=request.id, own=spent, tree=spent)
            case q.Subscribe():
                raise AssertionError("a connection keeps its own subscription")
            case _ as unreachable:
                assert_never(unreachable)

    async def _ask(self, number: int, fact: i.Input) -> r.Reply:
        decision = await self.driver.ask(fact)
        if decision.refusal is not None:
            return r.Failure(
                id=number, code=decision.refusal, message=_REFUSALS[decision.refusal]
            )
        return _reply(number, decision)

    def _history(self, request: q.History) -> r.Reply:
        first = max(0, request.after) + 1
        last = self.replay.last_n
        lines: list[bytes] = []
        if first <= last and (request.limit is None or request.limit > 0):
            lines = self.replay.read(first, PAGE_BYTES)[: request.limit]
        end = first + len(lines) - 1
        return r.HistoryReply(
            id=request.id,
            entries=[msgspec.Raw(line.rstrip(b"\n")) for line in lines],
            next=end if end < last else None,
        )


def _empty(number: int, field: str) -> r.Failure:
    message = f"{field}: there is nothing in it"
    return r.Failure(id=number, code="bad_field", message=message)


def _input(request: q.Run) -> i.InputQueued | i.InputSteered | i.InputOffered:
    given = request.input
    text = given if isinstance(given, str) else "\n\n".join(p.text for p in given)
    match request.when_busy:
        case "queue":
            return i.InputQueued(text=text, key=request.key)
        case "steer":
            return i.InputSteered(text=text, key=request.key)
        case "reject":
            return i.InputOffered(text=text, key=request.key)
        case _ as unreachable:
            assert_never(unreachable)


def _reply(number: int, decision: Decision) -> r.Reply:
    answer = decision.answer
    if answer is None:
        return r.Ok(id=number)
    return r.Accepted(
        id=number, cause=answer.cause, turn=answer.turn, position=answer.position
    )
