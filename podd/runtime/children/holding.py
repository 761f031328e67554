"""Whose reports have to wait: a call of ours is at work on that child.

A child may end its turn before our journal has it that we asked for that turn, and a
report of a turn that nobody asked for makes no cause. After a crash the call runs again
and learns the turn again; until then what the child says is kept back. So is any
conclusion from its death: the call may be about to start it again.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.child import Child
from podd.core.pod.state import OpenCall, PodState


class Holding:
    """Asks the state: a call that was not through at a crash holds at once."""

    def __init__(self, state: PodState) -> None:
        self._state = state
        self._through: set[str] = set()
        self._changed = anyio.Event()

    def is_held(self, session: str) -> bool:
        """Whether a call is at work on this child."""
        turn = self._state.turn
        child = self._state.children.get(session)
        if turn is None or child is None:
            return False
        return any(
            self._is_about(call, child)
            for call in turn.calls.values()
            if call.started_at is not None and call.call not in self._through
        )

    def let_go(self, call: str) -> None:
        """The call has done what it does; its result is on the way."""
        turn = self._state.turn
        known = set() if turn is None else self._through & turn.calls.keys()
        self._through = known | {call}
        self.look()

    def look(self) -> None:
        """The state may have changed."""
        self._changed.set()
        self._changed = anyio.Event()

    async def wait_free(self, session: str) -> None:
        """Return when no call is at work on this child."""
        await self.wait_until(lambda: not self.is_held(session))

    async def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Return when `is_so`, which asks the state, says yes."""
        while not is_so():
            await self._changed.wait()

    def _is_about(self, call: OpenCall, child: Child) -> bool:
        if call.name == "spawn_pod":
            return call.call == child.call
        if call.name != "send_to_pod":
            return False
        arguments = decode(call.arguments)
        if isinstance(arguments, ArgumentsFault):
            return False
        name = arguments.get("name")
        return isinstance(name, str) and self._state.child_named(name) is child
