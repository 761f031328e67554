"""What a pod writes beside its work: behind the turn's back, and never in its way.

It is written in a thread. A disk that does not take it costs the by-product, one alert,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from podd_protocol import events as v

#: Writings that may wait for the disk. More than that is a disk that hangs.
WAITING: Final = 16

#: What the end of a pod waits for something that is being written.
LAST_SECONDS: Final = 5.0


class Byproduct(msgspec.Struct, kw_only=True):
    """One kind of it, written one after the other."""

    source: Literal["trace", "recording"]
    place: str
    """Where it goes, for people."""
    tasks: TaskGroup
    alert: Callable[[v.Alert], Awaitable[object]]
    _one: anyio.Lock = msgspec.field(default_factory=anyio.Lock)
    _waiting: int = 0
    _is_losing: bool = False

    def keep(self, write: Callable[[], object]) -> None:
        """Call `write` in a thread when there is time for it; never waits."""
        self._waiting += 1
        self.tasks.start_soon(self._keep, write)

    async def _keep(self, write: Callable[[], object]) -> None:
        reason = None
        try:
            # Also at the end of the pod: the last call is the one that is looked for.
            with anyio.move_on_after(LAST_SECONDS, shield=True) as limit:
                if self._waiting > WAITING:
                    reason = "the disk is too slow"
                else:
                    async with self._one:
                        await anyio.to_thread.run_sync(write)
            if limit.cancelled_caught:
                reason = "the disk is too slow"
        except OSError as error:
            reason = error.strerror or str(error)
        finally:
            self._waiting -= 1
        if reason is not None and not self._is_losing:
            await self.alert(
                v.Alert(
                    level="warning",
                    source=self.source,
                    code=f"{self.source}_lost",
                    message=f"{self.place}: {reason}; nothing is kept there until it "
                    "can be written again",
                )
            )
        self._is_losing = reason is not None
