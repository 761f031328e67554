"""Waits for deadlines, as long as there is something that waits for them."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import msgspec
from anyio.abc import TaskGroup

from podd.core.pod.state import PodState
from podd.core.turn.effects import SetDeadline
from podd.core.turn.inputs import Deadline, DeadlinePassed, Input
from podd.core.turn.pending import pending
from podd.runtime.clock import Clock

_Key = tuple[Deadline, str]


class Deadlines(msgspec.Struct, kw_only=True):
    """Those that were set and have not passed.

    One about a call is let go when the call waits no more: a person may have hours to
    decide, and a pod that is asked often must not gather them. Of those for the pod's
    work only the newest means anything. The drain's holds until the end.
    """

    tasks: TaskGroup
    clock: Clock
    state: PodState
    _set: dict[_Key, anyio.CancelScope] = msgspec.field(default_factory=dict)

    def set(self, effect: SetDeadline, tell: Callable[[Input], object]) -> None:
        """Tell when it has passed."""
        key = (effect.deadline, effect.call)
        for other in tuple(self._set):
            if other == key or other[0] == effect.deadline == "wall":
                self._let_go(other)
        scope = self._set[key] = anyio.CancelScope()
        self.tasks.start_soon(self._wait, effect, scope, tell)

    def on_change(self) -> None:
        """Look which are waited for still."""
        if not self._set:
            return
        waited = {
            (one.deadline, one.call)
            for one in pending(self.state)
            if isinstance(one, SetDeadline)
        }
        for key in tuple(self._set):
            if key[0] not in {"drain", "wall"} and key not in waited:
                self._let_go(key)

    def _let_go(self, key: _Key) -> None:
        self._set.pop(key).cancel()

    async def _wait(
        self,
        effect: SetDeadline,
        scope: anyio.CancelScope,
        tell: Callable[[Input], object],
    ) -> None:
        with scope:
            await self.clock.wait(effect.seconds)
            if self._set.get((effect.deadline, effect.call)) is scope:
                del self._set[effect.deadline, effect.call]
            tell(DeadlinePassed(deadline=effect.deadline, call=effect.call))
