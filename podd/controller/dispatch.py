"""Requests to facts, decisions to replies."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import Final, assert_never

import msgspec

from podd.controller.description import Description
from podd.controller.given_input import BadInputError, Given, given_of
from podd.controller.subscription import Subscription
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision
from podd.core.turn.transitions import Refusal
from podd.errors import ForkPointError, PoddError, StorageError
from podd.runtime.driver import Driver
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.ports import Children, Configuring, Forks, Replay
from podd.runtime.relay import Relay
from podd_protocol import replies as r
from podd_protocol import requests as q
from podd_protocol.lines import LINE_BYTES

#: A page of history is about this long.
PAGE_BYTES: Final = 1024 * 1024
#: What stands around the entries of a page, at most.
_AROUND_BYTES: Final = 256

_REFUSALS: Final[dict[Refusal, str]] = {
    "busy": "a turn runs; queue or steer instead",
    "not_running": "no turn runs",
    "not_paused": "no turn is paused",
    "stopping": "the pod is ending and takes no more work",
    "no_such_turn": "the conversation holds no such ended turn",
    "no_such_call": "no such call waits for an approval",
    "no_such_question": "no such question waits for an answer",
}


class Dispatch(msgspec.Struct, frozen=True):
    """Answers one request at a time for each connection."""

    driver: Driver
    feed: Feed
    replay: Replay
    description: Description
    clients: Callable[[], int]
    log: Log
    children: Children
    relay: Relay
    configuring: Configuring
    forks: Forks

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
                return await self._run(request)
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
            case q.PodEvent():
                return self._hear(request)
            case q.Approve() | q.Deny():
                return await self._decide(request)
            case q.Answer():
                return await self._reply(request)
            case q.History():
                return self._history(request)
            case q.Fork():
                return await self._fork(request)
            case q.Rewind():
                return await self._rewind(request)
            case q.UsageQuery():
                return self.description.usage(request.id)
            case q.Configure():
                return await self._configure(request)
            case q.Subscribe():
                raise AssertionError("a connection keeps its own subscription")
            case _ as unreachable:
                assert_never(unreachable)

    async def _run(self, request: q.Run) -> r.Reply:
        try:
            given = given_of(request.input)
        except BadInputError as error:
            return r.Failure(
                id=request.id,
                code="bad_field",
                message=f"run: {error}",
                data={"place": error.place},
            )
        return await self._ask(request.id, _fact(request, given))

    async def _configure(self, request: q.Configure) -> r.Reply:
        # Late: it imports what checks a manifest.
        from podd.controller.configuring import changes_of, not_configured

        changes = changes_of(request)
        if changes.is_empty:
            return _empty(request.id, "configure")
        try:
            decision = await self.configuring.configure(changes)
        except StorageError:
            raise
        except PoddError as error:
            return not_configured(request.id, error)
        return _decided(request.id, decision)

    async def _ask(self, number: int, fact: i.Input) -> r.Reply:
        return _decided(number, await self.driver.ask(fact))

    async def _fork(self, request: q.Fork) -> r.Reply:
        try:
            made = await self.forks.fork(request.at)
        except StorageError:
            raise
        except ForkPointError as error:
            message = f"fork: at: {error}; {error.remedy}"
            return r.Failure(
                id=request.id, code="bad_field", message=message, data=error.data
            )
        except PoddError as error:  # the journal is not what was written
            return r.Failure(
                id=request.id, code="storage", message=str(error), data=error.data
            )
        return r.Forked(id=request.id, session=made.session, at=made.at)

    async def _rewind(self, request: q.Rewind) -> r.Reply:
        decision = await self.driver.ask(i.RewindRequested(to=request.to))
        match decision.entries:
            case (e.Rewound(files_changed_since=files),):
                return r.Ok(id=request.id, files_changed_since=list(files))
            case _:
                pass
        if decision.refusal == "busy":
            message = "a turn is open; cancel it, or wait until it has ended"
            return r.Failure(id=request.id, code="busy", message=message)
        return _refused(request.id, decision.refusal or "stopping")

    def _hear(self, request: q.PodEvent) -> r.Reply:
        """A hint: what there is to read, its entries say."""
        for child in self.driver.state.children.values():
            if child.is_lent_to and child.pod == request.pod:
                # As bytes: a text that is not ASCII cannot be compared. A loan that was
                # assumed has no token of ours.
                given, token = request.token.encode(), child.token.encode()
                if not token or not compare_digest(token, given):
                    break
                self.children.look(child.session)
                return r.Accepted(id=request.id)
        message = f"{request.pod!r} shows no token of a loan of this pod"
        return r.Failure(id=request.id, code="denied", message=message)

    async def _decide(self, request: q.Approve | q.Deny) -> r.Reply:
        waiting = [
            asked
            for asked in self.driver.state.approvals.values()
            if asked.call == request.call and request.pod in {None, asked.pod}
        ]
        if (refused := _which(request, [asked.pod for asked in waiting])) is not None:
            return refused
        if waiting[0].via:
            return await self._pass_on(waiting[0].pod, request)
        given = i.ApprovalGiven(
            call=request.call,
            verdict="approved" if isinstance(request, q.Approve) else "denied",
            remember=request.remember,
            reason=request.reason or "",
        )
        return await self._ask(request.id, given)

    async def _reply(self, request: q.Answer) -> r.Reply:
        if not request.text.strip():
            return _empty(request.id, "answer: text")
        waiting = [
            asked
            for asked in self.driver.state.questions.values()
            if asked.question == request.question and request.pod in {None, asked.pod}
        ]
        if (refused := _which(request, [asked.pod for asked in waiting])) is not None:
            return refused
        asked = waiting[0]
        if asked.via:
            return await self._pass_on(asked.pod, request)
        replied = i.QuestionReplied(
            question=request.question, text=request.text, by=asked.to
        )
        return await self._ask(request.id, replied)

    async def _pass_on(
        self, pod: str, request: q.Approve | q.Deny | q.Answer
    ) -> r.Reply:
        """To the pod below that asks, as long as it is the one that asked."""
        for child in self.driver.state.children.values():
            if child.pod == pod and child.end is None:
                return await self.relay.pass_on(pod, child.session, request)
        return await self.relay.pass_on(pod, "", request)

    def _history(self, request: q.History) -> r.Reply:
        first = max(0, request.after) + 1
        last = self.replay.last_n
        lines: list[bytes] = []
        if first <= last and (request.limit is None or request.limit > 0):
            lines = self.replay.read(first, PAGE_BYTES)[: request.limit]
        if lines and len(lines[0]) > LINE_BYTES - _AROUND_BYTES:
            size = len(lines[0])
            return r.Failure(
                id=request.id,
                code="too_large",
                message=f"entry {first} has {size} bytes; ask for those after it",
                data={"n": first, "bytes": size, "limit": LINE_BYTES},
            )
        end = first + len(lines) - 1
        return r.HistoryReply(
            id=request.id,
            entries=[msgspec.Raw(line.rstrip(b"\n")) for line in lines],
            next=end if end < last else None,
        )


def _which(request: q.Approve | q.Deny | q.Answer, pods: list[str]) -> r.Failure | None:
    """Refuse where nobody asks, or where several do under one name."""
    if len(pods) == 1:
        return None
    if pods:
        names = ", ".join(sorted(pods))
        message = f"several pods wait under this name; say which `pod`: {names}"
        return r.Failure(
            id=request.id, code="bad_field", message=message, data={"pods": pods}
        )
    if isinstance(request, q.Answer):
        message = f"no question {request.question!r} waits for an answer"
        return r.Failure(id=request.id, code="no_such_question", message=message)
    message = f"no call {request.call!r} waits for an approval"
    return r.Failure(id=request.id, code="no_such_call", message=message)


def _refused(number: int, refusal: Refusal) -> r.Failure:
    return r.Failure(id=number, code=refusal, message=_REFUSALS[refusal])


def _empty(number: int, field: str) -> r.Failure:
    message = f"{field}: there is nothing in it"
    return r.Failure(id=number, code="bad_field", message=message)


def _fact(
    request: q.Run, given: Given
) -> i.InputQueued | i.InputSteered | i.InputOffered:
    text, parts, key = given.text, given.parts, request.key
    match request.when_busy:
        case "queue":
            return i.InputQueued(text=text, parts=parts, key=key)
        case "steer":
            return i.InputSteered(text=text, parts=parts, key=key)
        case "reject":
            return i.InputOffered(text=text, parts=parts, key=key)
        case _ as unreachable:
            assert_never(unreachable)


def _decided(number: int, decision: Decision) -> r.Reply:
    if decision.refusal is not None:
        return _refused(number, decision.refusal)
    return _reply(number, decision)


def _reply(number: int, decision: Decision) -> r.Reply:
    answer = decision.answer
    if answer is None:
        return r.Ok(id=number)
    return r.Accepted(
        id=number, cause=answer.cause, turn=answer.turn, position=answer.position
    )
