"""Performs effects: each is a task that ends in a fact, or in nothing if cancelled.

What is given up in the same batch that asked for it is never begun: its task looks
before its first step, since a request or a tool may do much before it first waits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol, assert_never

import anyio
import msgspec
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint_if_cancelled

from podd.core.context.price import Price, priced
from podd.core.context.request import ModelRequest
from podd.core.context.response import (
    ModelDelta,
    ModelResponse,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from podd.core.pod.state import PodState
from podd.core.session.entries import StepFailed
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.errors import ProviderError, ProviderFault, StorageError
from podd.runtime.clock import Clock
from podd.runtime.code_calls import CodeCalls
from podd.runtime.deadlines import Deadlines
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.ports import Children, CodeEnd, Interpreter, Model, Retrying, Tools
from podd_protocol import events as v

#: Of an answer that failed, kept in its entry for people to read.
PARTIAL_CHARACTERS = 16_384


class Abilities(Protocol):
    """What a pod can do, made late: importing it is most of a pod's start."""

    def price(self) -> Price | None: ...
    async def model(self) -> Model: ...
    async def tools(self) -> Tools: ...
    async def interpreter(self) -> Interpreter: ...


class NoChildren:
    """For a pod that can have none."""

    def watch(self, session: str) -> None:
        raise AssertionError(f"nobody to watch {session}")

    def look(self, session: str) -> None:
        """Nobody is there to be looked at."""


def _nobody(fact: i.Input) -> object:
    raise AssertionError(f"nobody to tell {fact}")


class _Heard(msgspec.Struct, eq=False):
    """Of one attempt."""

    anything: bool = False
    """Content came before it ended."""


class Performer(msgspec.Struct, kw_only=True):
    """Turns intentions into work."""

    tasks: TaskGroup
    abilities: Abilities
    feed: Feed
    clock: Clock
    state: PodState
    log: Log
    deadlines: Deadlines
    tell: Callable[[i.Input], object] = _nobody
    """Where facts go; the driver's, once there is one."""
    children: Children = msgspec.field(default_factory=NoChildren)
    code_calls: CodeCalls | None = None
    """Set with the driver, whose facts answer them."""
    _model: anyio.CancelScope | None = None
    _asked: f.RequestModel | None = None
    """The newest request."""
    _said: list[str] = msgspec.field(default_factory=list)
    """What it has said so far."""
    _code: anyio.CancelScope | None = None
    _calls: dict[str, anyio.CancelScope] = msgspec.field(default_factory=dict)

    def perform(self, effect: f.Effect) -> None:  # noqa: C901, PLR0912  # one arm an effect
        """Begin; never waits."""
        match effect:
            case f.RequestModel():
                self._cancel_model()
                self._model, self._said = anyio.CancelScope(), []
                self._asked = effect
                self.tasks.start_soon(self._request, effect, self._model)
            case f.CancelModel():
                self._cancel_model()
            case f.RunTool():
                scope = self._calls[effect.call] = anyio.CancelScope()
                self.tasks.start_soon(self._run_tool, effect, scope)
            case f.CancelTool():
                if (call := self._calls.pop(effect.call, None)) is not None:
                    call.cancel()
            case f.RunCode():
                self._code = anyio.CancelScope()
                self.tasks.start_soon(self._run_code, effect, self._code)
            case f.CancelCode():
                if self._code is not None:
                    self._code.cancel()
            case f.SetDeadline():
                self.deadlines.set(effect, self.tell)
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

    def partial(self, failed: StepFailed) -> str:
        """What an attempt that ends now has said, as its entry keeps it.

        Nothing where it ends before its request went out: an older one spoke last.
        """
        asked = self._asked
        if asked is None or (asked.turn, asked.step, asked.attempt) != (
            failed.turn,
            failed.step,
            failed.attempt,
        ):
            return ""
        return "".join(self._said)[:PARTIAL_CHARACTERS]

    def _cancel_model(self) -> None:
        if self._model is not None:
            self._model.cancel()
            self._model = None

    async def _request(self, effect: f.RequestModel, scope: anyio.CancelScope) -> None:
        with scope:
            await checkpoint_if_cancelled()
            heard = _Heard()
            try:
                if effect.reason is not None:
                    await self._hold_off(effect, effect.reason)
                answer = await self._stream(effect, heard)
            except ProviderError as error:
                self._failed(effect, error.fault, error.message, heard)
                return
            except Exception as error:  # a bug must end a turn, not a pod
                self.log.exception("model_request", turn=effect.turn)
                self._failed(effect, "internal", str(error), heard)
                return
            finally:
                if self._model is scope:
                    # It is over: there is nothing to be cancelled any more.
                    self._model = None
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
        heard: _Heard,
    ) -> None:
        self.tell(
            i.ModelFailed(
                turn=effect.turn,
                step=effect.step,
                attempt=effect.attempt,
                fault=fault,
                message=message,
                partial="".join(self._said)[:PARTIAL_CHARACTERS],
                began=heard.anything,
            )
        )

    async def _hold_off(self, effect: f.RequestModel, reason: ProviderFault) -> None:
        """Give what broke the last answer off a moment to pass, and say so.

        Spread, so that pods that broke off together do not come back together.
        """
        seconds = effect.delay_seconds * (0.5 + self.clock.random())
        await self.feed.live(
            v.RetryScheduled(
                turn=effect.turn,
                step=effect.step,
                attempt=effect.attempt - 1,
                delay_seconds=seconds,
                reason=reason,
            )
        )
        await self.clock.wait(seconds)

    async def _stream(self, effect: f.RequestModel, heard: _Heard) -> ModelResponse:
        surface = self.state.surface
        assert surface is not None, "no step starts without a surface"
        request = ModelRequest(
            surface=surface,
            items=tuple(self.state.conversation),
            tool_choice="auto" if effect.offer_tools else "none",
            attempt=effect.attempt,
            key=f"{self.state.session}.{effect.turn}.{effect.step}",
            session=self.state.session,
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

        # Before the first wait, as the model: what is asked now costs this, whatever a
        # change brings meanwhile.
        price = self.abilities.price()
        model = await self.abilities.model()
        async with aclosing(model.stream(request, on_retry)) as answer:
            async for item in answer:
                if isinstance(item, ModelResponse):
                    usage = priced(item.usage, price)
                    return msgspec.structs.replace(item, usage=usage)
                heard.anything = True
                if isinstance(item, TextDelta):
                    self._said.append(item.text)
                await self.feed.live(_event(effect, item))
        raise ProviderError(
            fault="cut", message="the answer had no end", provider=surface.model
        )

    async def _run_code(self, effect: f.RunCode, scope: anyio.CancelScope) -> None:
        calls = self.code_calls
        assert calls is not None, "it is set before anything is performed"
        with scope:
            await checkpoint_if_cancelled()

            def on_output(text: str) -> None:
                delta = v.CodeOutputDelta(
                    turn=effect.turn, step=effect.step, attempt=1, text=text
                )
                self.tasks.start_soon(self.feed.live, delta)

            try:
                interpreter = await self.abilities.interpreter()
                end = await interpreter.run(
                    effect.code,
                    block=f"{effect.turn}.{effect.step}",
                    on_output=on_output,
                    on_call=functools.partial(calls.call, effect),
                )
            except Exception as error:  # as for the model
                self.log.exception("code", turn=effect.turn, step=effect.step)
                end = CodeEnd(status="error", summary=f"podd itself failed: {error}")
            self.tell(
                i.CodeFinished(
                    turn=effect.turn,
                    step=effect.step,
                    status=end.status,
                    summary=end.summary,
                    output=end.output,
                    spilled_to=end.spilled_to,
                    submitted=end.submitted,
                    value=end.value,
                    lost=end.lost,
                )
            )

    async def _run_tool(self, effect: f.RunTool, scope: anyio.CancelScope) -> None:
        with scope:
            await checkpoint_if_cancelled()

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
