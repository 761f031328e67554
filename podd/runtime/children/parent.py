"""The pod that lends to this one: it is told that there is something to read.

A hint and no more: the parent reads our entries and believes those. So a hint may be
lost, or come twice, and it never holds up our own work.

A parent that is gone for good leaves nobody to work for. Its life lock tells that it is
dead, and a minute that it does not come back; then this pod ends by itself, unless it
was made to outlive its parent.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import anyio
import anyio.to_thread
import msgspec

from podd.client.link import PodLink
from podd.core.pod.state import PodState
from podd.core.turn import inputs as i
from podd.errors import PoddError
from podd.launch.message import ParentMessage
from podd.runtime.clock import Clock
from podd.runtime.driver import Driver
from podd.runtime.log import Log
from podd_protocol.requests import PodEvent, PodEventKind
from podd_protocol.values import Failed

#: How often we look whether the parent lives.
LOOK_SECONDS: Final = 2.0
#: How long a dead parent may take to come back: whoever restores it needs a moment.
ORPHAN_SECONDS: Final = 60.0
#: How long the parent may take to hear a hint.
HINT_SECONDS: Final = 5.0
#: The same for the last one, which holds up our end.
GOODBYE_SECONDS: Final = 1.0

OnParentEnd = Literal["drain", "stop", "detach"]


class _Seen(msgspec.Struct, frozen=True):
    """What of the state the parent has been told to read."""

    turns: int
    below: int
    approvals: int


class Parent:
    """Tells the parent, and outlives it no longer than it may."""

    def __init__(
        self,
        message: ParentMessage,
        *,
        pod: str,
        on_end: OnParentEnd,
        lender_lives: Callable[[], bool],
        state: PodState,
        driver: Driver,
        clock: Clock,
        log: Log,
    ) -> None:
        """Be the child `pod` of the parent that `message` names.

        Args:
            message: what we were told of it at our start.
            pod: our full name.
            on_end: what its end means for us.
            lender_lives: asked in a thread, whoever our lender is by now.
            state: ours.
            driver: ours.
            clock: for all limits but those of the wire.
            log: where a hint that was not heard is noted.
        """
        self._message = message
        self._pod = pod
        self._on_end = on_end
        self._lender_lives = lender_lives
        self._state = state
        self._driver = driver
        self._clock = clock
        self._log = log
        self._seen = self._look()
        self._kinds: dict[PodEventKind, None] = {}
        self._changed = anyio.Event()
        self._news = anyio.Event()

    def on_change(self) -> None:
        """The state has changed, durably: note what of it the parent may want."""
        seen = self._look()
        if seen.turns > self._seen.turns:
            failed = isinstance(self._state.last_outcome, Failed)
            self._note("errored" if failed else "turn_ended")
        if seen.below > self._seen.below:
            self._note("scope_sub_delegated")
        if seen.approvals > self._seen.approvals:
            self._note("approval_requested")
        self._seen = seen
        self._changed.set()
        self._changed = anyio.Event()

    async def tell(self) -> None:
        """Pass on what is noted, until cancelled; what is new meanwhile goes along."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            kinds, self._kinds = self._kinds, {}
            with anyio.move_on_after(HINT_SECONDS):
                await self._send(*kinds)

    async def say_goodbye(self) -> None:
        """We end; what there is to read is in the journal."""
        with anyio.move_on_after(GOODBYE_SECONDS):
            await self._send("shut_down")

    async def outlive(self) -> None:
        """End this pod when the parent has been dead for too long."""
        if self._on_end == "detach":
            return
        dead_since: float | None = None
        while (
            dead_since is None or self._clock.monotonic() - dead_since < ORPHAN_SECONDS
        ):
            await self._clock.wait(LOOK_SECONDS)
            if await anyio.to_thread.run_sync(self._lender_lives):
                dead_since = None
            elif dead_since is None:
                dead_since = self._clock.monotonic()
        self._log.warning("orphaned", parent=self._message.name)
        if self._on_end == "drain":
            while self._is_busy():
                await self._changed.wait()
        self._driver.tell(
            i.StopAsked(mode="now" if self._on_end == "stop" else "drain", by="parent")
        )

    def _is_busy(self) -> bool:
        """Whether a turn is open that can still come to an end by itself."""
        turn = self._state.turn
        return turn is not None and not turn.paused

    def _look(self) -> _Seen:
        return _Seen(
            turns=self._state.turns_ended,
            below=len(self._state.children),
            approvals=len(self._state.approvals) + len(self._state.questions),
        )

    def _note(self, kind: PodEventKind) -> None:
        self._kinds[kind] = None
        self._news.set()

    async def _send(self, *kinds: PodEventKind) -> None:
        path = Path(self._message.socket)
        try:
            async with PodLink.opened(path, pod=self._message.name) as link:
                for kind in kinds:
                    hint = PodEvent(
                        id=0, kind=kind, pod=self._pod, token=self._message.token
                    )
                    await link.ask(hint)
        except PoddError as error:
            self._log.warning("hint", parent=self._message.name, reason=str(error))
