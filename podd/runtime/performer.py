"""Performs effects: each is a task that ends in a fact, or in nothing if cancelled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol, assert_never

import anyio
import msgspec
from anyio.abc import TaskGroup

from podd.core.context.request import ModelRequest
from podd.core.context.response import (
    ModelDelta,
    ModelResponse,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from podd.core.pod.state import PodState
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.errors import ProviderError, ProviderFault, StorageError
from podd.runtime.clock import Clock
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.ports import Children, Model, Retrying, Tools
from podd_protocol import events as v

#: Of an answer that failed, kept in its entry for people to read.
PARTIAL_CHARACTERS = 16_384


class Abilities(Protocol):
    """What a pod can do, made late: importing it is most of a pod's start."""

    async def model(self) -> Model: ...
    async def tools(self) -> Tools: ...


class NoChildren:
    """For a pod that can have none."""

    def watch(self, session: str) -> None:
        raise AssertionError(f"nobody to watch {session}")

    def look(self, session: str) -> None:
        """Nobody is there to be looked at."""


def _nobody(fact: i.Input) -> object:
    raise AssertionError(f"nobody to tell {fact}")


class Performer(msgspec.Struct, kw_only=True):
    """Turns intentions into work."""

    tasks: TaskGroup
    abilities: Abilities
    feed: Feed
    clock: Clock
    state: PodState
    log: Log
    tell: Callable[[i.Input], object] = _nobody
    """Where facts go; the driver's, once there is one."""
    children: Children = msgspec.field(default_factory=NoChildren)
    _model: anyio.CancelScope | None = None
    _calls: dict[str, anyio.CancelScope] = msgspec.field(default_factory=dict)

    def perform(self, effect: f.Effect) -> None:
        """Begin; never waits."""
        match effect:
            case f.RequestModel():
                self._cancel_model()
                self._model = anyio.CancelScope()
                self.tasks.start_soon(self._request, effect, self._model)
            case f.CancelModel():
                self._cancel_model()
            case f.RunTool():
                scope = self._calls[effect.call] = anyio.CancelScope()
                self.tasks.start_soon(self._run_tool, effect, scope)
            case f.CancelTool():
                if (call := self._calls.pop(effect.call, None)) is not None:
                    call.cancel()
            case f.SetDeadline():
                self.tasks.start_soon(self._deadline, effect)
            case f.WatchChild():
                self.children.watch(effect.session)
            case f.RaiseAlert():
                alert = v.Alert(
                    level=effect.level,
                    source=effect.source,
                    code=effect.code,
                    message=effect.message,
                )
                self.tasks.start_soon(self.feed.live, alert)
            case f.EndPod():
                self.tasks.start_soon(self.feed.live, v.Stopping(mode=effect.mode))
            case _ as unreachable:
                assert_never(unreachable)

    def tell_storage(self, error: StorageError | None) -> None:
        """Say that the disk is full, or that it is no more."""
        alert = v.Alert(
            level="info" if error is None else "error",
            source="journal",
            code="storage",
            message="there is room again; work goes on"
            if error is None
            else f"{error}; no new work is taken until there is room",
        )
        self.tasks.start_soon(self.feed.live, alert)

    def _cancel_model(self) -> None:
        if self._model is not None:
            self._model.cancel()
            self._model = None

    async def _deadline(self, effect: f.SetDeadline) -> None:
        await self.clock.wait(effect.seconds)
        self.tell(i.DeadlinePassed(deadline=effect.deadline, call=effect.call))

    async def _request(self, effect: f.RequestModel, scope: anyio.CancelScope) -> None:
        with scope:
            said: list[str] = []
            try:
                answer = await self._stream(effect, said)
            except ProviderError as error:
                self._failed(effect, error.fault, error.message, said)
                return
            except Exception as error:  # a bug must end a turn, not a pod
                self.log.exception("model_request", turn=effect.turn)
                self._failed(effect, "internal", str(error), said)
                return
            self.tell(
                i.ModelAnswered(
                    turn=effect.turn,
                    step=effect.step,
                    attempt=effect.attempt,
                    response=answer,
                )
            )

    def _failed(
        self,
        effect: f.RequestModel,
        fault: ProviderFault,
        message: str,
        said: list[str],
    ) -> None:
        self.tell(
            i.ModelFailed(
                turn=effect.turn,
                step=effect.step,
                attempt=effect.attempt,
                fault=fault,
                message=message,
                partial="".join(said)[:PARTIAL_CHARACTERS],
            )
        )

    async def _stream(self, effect: f.RequestModel, said: list[str]) -> ModelResponse:
        surface = self.state.surface
        assert surface is not None, "no step starts without a surface"
        request = ModelRequest(
            surface=surface,
            items=tuple(self.state.conversation),
            offer_tools=effect.offer_tools,
            attempt=effect.attempt,
        )

        async def on_retry(retry: Retrying) -> None:
            await self.feed.live(
                v.RetryScheduled(
                    turn=effect.turn,
                    step=effect.step,
                    attempt=retry.attempt,
                    delay_seconds=retry.delay_seconds,
                    reason=retry.reason,
                )
            )

        model = await self.abilities.model()
        async with aclosing(model.stream(request, on_retry)) as answer:
            async for item in answer:
                if isinstance(item, ModelResponse):
                    return item
                if isinstance(item, TextDelta):
                    said.append(item.text)
                await self.feed.live(_event(effect, item))
        raise ProviderError(
            fault="cut", message="the answer had no end", provider=surface.model
        )

    async def _run_tool(self, effect: f.RunTool, scope: anyio.CancelScope) -> None:
        with scope:

            def on_output(text: str) -> None:
                delta = v.ToolOutputDelta(
                    turn=effect.turn,
                    step=effect.step,
                    attempt=1,
                    call=effect.call,
                    text=text,
                )
                self.tasks.start_soon(self.feed.live, delta)

            try:
                tools = await self.abilities.tools()
                finished = await tools.run(effect, on_output)
            except Exception as error:  # as for the model
                self.log.exception("tool", call=effect.call, name=effect.name)
                finished = i.ToolFinished(
                    call=effect.call,
                    status="error",
                    summary=f"{effect.name} failed inside podd: {error}",
                )
            self._calls.pop(effect.call, None)
            self.tell(finished)


def _event(effect: f.RequestModel, delta: ModelDelta) -> v.LiveEvent:
    turn, step, attempt = effect.turn, effect.step, effect.attempt
    match delta:
        case TextDelta(text):
            return v.TextDelta(turn=turn, step=step, attempt=attempt, text=text)
        case ReasoningDelta(text):
            return v.ReasoningDelta(turn=turn, step=step, attempt=attempt, text=text)
        case ToolCallDelta(index, name, arguments):
            return v.ToolCallDelta(
                turn=turn,
                step=step,
                attempt=attempt,
                index=index,
                name=name,
                arguments=arguments,
            )
        case _ as unreachable:
            assert_never(unreachable)
