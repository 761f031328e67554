"""Traces of model calls: each attempt as one line, for who asks what was really sent.

Off unless the manifest says `agent.trace = true`. A line has the request in podd's own
words and what came of it; headers and keys never come near this file. A request repeats
the whole conversation, so traces grow with its square: at `TRACE_BYTES` the file takes
the place of the one before.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from anyio.abc import TaskGroup

from podd.core.context.digest import of_surface
from podd.core.context.request import ModelRequest
from podd.core.context.response import ModelDelta, ModelResponse, TextDelta
from podd.core.pod.state import PodState
from podd.errors import ProviderError
from podd.runtime.byproduct import Byproduct
from podd.runtime.clock import Clock
from podd.runtime.ports import Model, Retrying
from podd_protocol import events as v

#: `traces.jsonl` and `traces.jsonl.1` are all there is.
TRACE_BYTES: Final = 32 * 1024 * 1024


class Traces(msgspec.Struct, kw_only=True):
    """Where the traces of one session go."""

    path: Path
    state: PodState
    clock: Clock
    tasks: TaskGroup
    alert: Callable[[v.Alert], Awaitable[object]]
    _byproduct: Byproduct | None = None

    def of(self, model: Model, provider: str) -> Model:
        """The same model, with its calls traced."""
        return TracedModel(model, provider, self)

    def keep(self, line: dict[str, Any]) -> None:
        """Write a line when there is time for it; never waits."""
        if self._byproduct is None:
            self._byproduct = Byproduct(
                source="trace",
                place=str(self.path),
                tasks=self.tasks,
                alert=self.alert,
            )
        self._byproduct.keep(partial(self._append, line))

    def _append(self, line: dict[str, Any]) -> None:
        digest = of_surface(line["request"].surface)
        content = msgspec.json.encode({**line, "surface_digest": digest}) + b"\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            if before and before + len(content) > TRACE_BYTES:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                os.close(descriptor)
                descriptor = os.open(self.path, flags, 0o600)
                before = 0
            if os.write(descriptor, content) < len(content):
                # A part of a line is worse than none.
                os.ftruncate(descriptor, before)
                raise OSError(None, "the disk took a part of a line only")
        finally:
            os.close(descriptor)


class TracedModel:
    """The runtime's `Model`, with an eye on it."""

    def __init__(self, model: Model, provider: str, traces: Traces) -> None:
        """Trace what `model` is asked."""
        self._model = model
        self._provider = provider
        self._traces = traces

    async def stream(
        self,
        request: ModelRequest,
        on_retry: Callable[[Retrying], Awaitable[None]],
    ) -> AsyncGenerator[ModelDelta | ModelResponse, None]:
        """As the model's own."""
        clock = self._traces.clock
        began = clock.monotonic()
        retries: list[dict[str, Any]] = []
        said: list[str] = []
        # Whoever closes us early has given the request up.
        line = self._asked(request) | {"fault": "interrupted", "retries": retries}

        async def note(retry: Retrying) -> None:
            retries.append(
                {
                    "attempt": retry.attempt,
                    "delay_seconds": retry.delay_seconds,
                    "reason": retry.reason,
                }
            )
            await on_retry(retry)

        try:
            async with aclosing(self._model.stream(request, note)) as answer:
                async for item in answer:
                    line.setdefault("first_seconds", clock.monotonic() - began)
                    if isinstance(item, TextDelta):
                        said.append(item.text)
                    if isinstance(item, ModelResponse):
                        line |= {"fault": None, "response": item, "usage": item.usage}
                    yield item
        except ProviderError as error:
            line |= {"fault": error.fault, "message": error.message}
            raise
        except Exception as error:
            line |= {"fault": "internal", "message": str(error)}
            raise
        finally:
            if line["fault"] is not None:
                line["partial"] = "".join(said)
            self._traces.keep(line | {"seconds": clock.monotonic() - began})

    def _asked(self, request: ModelRequest) -> dict[str, Any]:
        """What is known before the answer.

        The request is made of things that never change, so it is encoded elsewhere.
        """
        turn = self._traces.state.turn
        return {
            "at": self._traces.clock.now(),
            "turn": None if turn is None else turn.turn,
            "step": None if turn is None else turn.step,
            "attempt": request.attempt,
            "provider": self._provider,
            "model": request.surface.model,
            "request_digest": None if turn is None else turn.request,
            "items": len(request.items),
            "request": request,
        }

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._model.aclose()
