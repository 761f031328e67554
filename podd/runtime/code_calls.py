"""The calls that running code makes: asked of the machine, answered from its facts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import msgspec

from podd.core.pod.state import PodState, Returned
from podd.core.session.entries import ToolCalled
from podd.core.turn.decide import Decision
from podd.core.turn.effects import RunCode
from podd.core.turn.inputs import CodeCalled, Input
from podd.errors import StorageError
from podd.runtime.ports import CallAnswer


class _Waiting(msgspec.Struct, eq=False):
    """A call whose code waits."""

    over: anyio.Event = msgspec.field(default_factory=anyio.Event)
    returned: Returned | None = None


class CodeCalls(msgspec.Struct, kw_only=True):
    """Takes calls from the interpreter, and hands their results back."""

    state: PodState
    ask: Callable[[Input], Awaitable[Decision]]
    _waiting: dict[str, _Waiting] = msgspec.field(default_factory=dict)

    async def call(self, running: RunCode, name: str, arguments: str) -> CallAnswer:
        """Have a tool run for the code; return when its result is a fact."""
        asked = CodeCalled(
            turn=running.turn, step=running.step, name=name, arguments=arguments
        )
        try:
            decision = await self.ask(asked)
        except StorageError as error:
            return CallAnswer(status="error", summary=f"{name} was not run: {error}")
        if decision.verdict != "take":
            return CallAnswer(status="interrupted", summary="the code was interrupted")
        (called,) = decision.entries
        assert isinstance(called, ToolCalled), "that is what a call leads to"
        waiting = self._waiting[called.call] = _Waiting()
        try:
            self.on_change()  # one that was refused has its result already
            await waiting.over.wait()
        finally:
            del self._waiting[called.call]
        returned = waiting.returned
        assert returned is not None, "it was there when the wait ended"
        return CallAnswer(
            status=returned.status, summary=returned.summary, output=returned.output
        )

    def on_change(self) -> None:
        """Look which results have come; they are durable."""
        turn = self.state.turn
        if turn is None:
            return
        for call, waiting in self._waiting.items():
            if call in turn.returned:
                waiting.returned = turn.returned[call]
                waiting.over.set()
