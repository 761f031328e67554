"""The children as the tools see them: the adapter of `podd.tools.ports.Pods`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

import anyio
import msgspec

from podd.client.link import PodLink
from podd.core.pod.child import Child
from podd.core.pod.waiting import Question
from podd.core.scope.lending import delegated
from podd.core.session.stamps import uuid7
from podd.core.turn import inputs as i
from podd.errors import (
    FailureReplyError,
    NoSuchError,
    PoddError,
    StartAbandonedError,
    StartFailedError,
    UsageError,
)
from podd.manifest.child import ChildAsked, child_manifest
from podd.manifest.resolved import Resolved
from podd.runtime.children.ending import Ending
from podd.runtime.children.holding import Holding
from podd.runtime.children.household import Household
from podd.runtime.children.lending import Lending
from podd.runtime.children.limit import came
from podd.runtime.children.output import output, was_answered
from podd.scope_lock.grounding import ground
from podd.tools.child_request import SpawnPodArguments
from podd.tools.ports import PodLine, PodOutput, SentMessage, SpawnedPod, StoppedPod
from podd_protocol.requests import Answer

#: What we need to read that a child has our answer: it stands in its next entry.
HEARD_SECONDS: Final = 5.0


class ChildPods(msgspec.Struct, frozen=True, kw_only=True):
    """Does what a model asks of the pods below its own."""

    house: Household
    resolved: Callable[[], Resolved]
    """Our own manifest, its scope grounded, as it is now."""
    environment: Mapping[str, str]
    lending: Lending
    holding: Holding
    ending: Ending
    _planning: anyio.Lock = msgspec.field(default_factory=anyio.Lock)

    async def spawn(self, call: str, asked: SpawnPodArguments) -> SpawnedPod:
        """Lend, start, and give the task. A cancellation gives everything back.

        Raises:
            PoddError: nothing was lent, or it is back; names why.
        """
        try:
            child = self._made_by(call)
            if child is not None and child.stage == "returned":
                return _over(child)
            resolved: Resolved | None
            if child is None:
                child, resolved = await self._plan(call, asked)
            else:
                resolved = await self._again(child, asked)
            turn = await self.lending.make(child, resolved)
        finally:
            self.holding.let_go(call)
        return SpawnedPod(
            pod=child.pod,
            turn=turn,
            workdir="" if resolved is None else resolved.manifest.pod.workdir,
            lent=child.lent,
        )

    async def send(self, call: str, name: str, message: str) -> SentMessage:
        """Tell a child something, or answer what it asked.

        Raises:
            PoddError: there is no such child, or it does not answer.
        """
        try:
            child = self._living(name)
            question = self.house.state.question_of(child.pod)
            if question is not None:
                await self._answer(child, question, message)
                await self._heard(call, question)
                return SentMessage(pod=child.pod, taken="answered")
            running = tuple(child.turns)
            turn = await self.lending.task(child, call, message, when_busy="steer")
            return SentMessage(
                pod=child.pod,
                taken="steered" if turn in running else "turn",
                turn=turn,
            )
        finally:
            self.holding.let_go(call)

    async def output(self, name: str, after: int | None) -> PodOutput:
        """Read what a child said, from the beginning if `after` is None.

        Raises:
            PoddError: there is no such child, or its journal cannot be read.
        """
        child = self._child(name)
        found = await self.house.in_thread(
            lambda: output(self.house.places, child.session, after or 0)
        )
        return PodOutput(
            pod=child.pod,
            state=child.state,
            text=found.text,
            next=found.next,
            is_cut=found.is_cut,
        )

    async def stop(self, name: str, *, now: bool) -> StoppedPod:
        """End a child, and return when it is gone and what it had is back.

        Raises:
            PoddError: there is no such child, or it does not end.
        """
        child = self._child(name)
        returned = child.lent
        if child.is_lent_to:
            await self.ending.stop(child, "now" if now else "drain")
        return StoppedPod(
            pod=child.pod,
            end=child.end or "lost",
            message=child.message,
            returned=returned,
        )

    async def list(self) -> tuple[PodLine, ...]:
        """Tell of all pods below, in the order in which they were made."""
        return tuple(self._line(child) for child in self.house.state.children.values())

    def _line(self, child: Child) -> PodLine:
        question = self.house.state.question_of(child.pod)
        return PodLine(
            pod=child.pod,
            state=child.state,
            task=child.task,
            lent=child.lent,
            outcome=None if child.report is None else child.report.outcome,
            end=child.end,
            asks="" if question is None else question.text,
        )

    def _made_by(self, call: str) -> Child | None:
        children = self.house.state.children.values()
        return next((child for child in children if child.call == call), None)

    def _child(self, name: str) -> Child:
        child = self.house.state.child_named(name)
        if child is None:
            raise NoSuchError(
                what="pod", name=name, hint="list_pods shows the children there are"
            )
        return child

    def _living(self, name: str) -> Child:
        child = self._child(name)
        if not child.is_lent_to:
            raise NoSuchError(
                what="pod",
                name=child.pod,
                hint="it has ended; read_pod_output shows what it said, and "
                "spawn_pod starts another one",
            )
        return child

    async def _plan(
        self, call: str, asked: SpawnPodArguments
    ) -> tuple[Child, Resolved]:
        """Write down whom we are going to lend what."""
        house = self.house
        # One after the other: two calls of one step may want the same.
        async with self._planning:
            self._refuse_taken(asked.name)
            resolved = await house.in_thread(lambda: self._manifest(asked))
            scope = delegated(house.scope.whole, resolved.scope, lent=house.scope.lent)
            resolved = msgspec.structs.replace(resolved, scope=scope)
            pod = resolved.manifest.pod.name
            planned = i.LoanPlanned(
                call=call,
                pod=pod,
                session=uuid7(int(house.clock.wall() * 1000), os.urandom(10)),
                scope=scope,
                token=os.urandom(16).hex(),
                task=asked.task,
            )
            decision = await house.driver.ask(planned)
        if decision.verdict != "take":
            raise StartAbandonedError(pod=pod)
        return house.state.children[planned.session], resolved

    def _refuse_taken(self, name: str) -> None:
        known = self.house.state.child_named(name)
        if known is not None and known.is_lent_to:
            raise UsageError(
                reason=f"the name {name!r} is taken: {known.pod!r} has not ended",
                hint="take another name, or end it with stop_pod",
            )

    def _manifest(self, asked: SpawnPodArguments) -> Resolved:
        """The child's manifest, with the real paths of its scope."""
        resolved = child_manifest(
            self.resolved(),
            _asked(asked),
            pod=self.house.state.pod,
            environment=self.environment,
            places=self.house.places,
        )
        source = resolved.file or f"spawn_pod {asked.name}"
        grounded = ground(resolved.scope, source=source)
        return msgspec.structs.replace(resolved, scope=grounded.scope)

    async def _again(self, child: Child, asked: SpawnPodArguments) -> Resolved | None:
        """The manifest of a child that was planned in an earlier life of ours."""
        assert child.scope is not None, "we lend to it"
        try:
            resolved = await self.house.in_thread(lambda: self._manifest(asked))
        except PoddError as error:
            # It may be born by now, and then it knows its manifest itself.
            self.house.log.warning("manifest", child=child.pod, reason=str(error))
            return None
        return msgspec.structs.replace(resolved, scope=child.scope)

    async def _heard(self, call: str, question: Question) -> None:
        """Wait until we have read that it is answered: nobody is to be told it anew."""
        self.holding.let_go(call)
        key, state = (question.pod, question.question), self.house.state
        await came(
            self.house.clock,
            HEARD_SECONDS,
            lambda: self.holding.wait_until(lambda: key not in state.questions),
        )

    async def _answer(self, child: Child, question: Question, text: str) -> None:
        house = self.house
        path = house.places.socket(child.pod)
        try:
            async with PodLink.opened(path, pod=child.pod) as link:
                await link.ask(Answer(id=0, question=question.question, text=text))
        except FailureReplyError as error:
            if error.failure != "no_such_question":
                raise
            # Perhaps it was us, before a crash.
            known = await house.in_thread(
                lambda: was_answered(
                    house.places, child.session, question.question, text
                )
            )
            if not known:
                raise


def _asked(arguments: SpawnPodArguments) -> ChildAsked:
    return msgspec.convert(arguments, ChildAsked, from_attributes=True)


def _over(child: Child) -> SpawnedPod:
    """What the call did before a crash, whose result was not written down."""
    if child.end == "not_started":
        raise StartFailedError(
            pod=child.pod, failure="not_started", status=1, message=child.message
        )
    turn = "t1" if child.report is None else child.report.turn
    return SpawnedPod(pod=child.pod, turn=turn, workdir="")
