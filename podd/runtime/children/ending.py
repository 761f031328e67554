"""Ending children: one that the model wants to end, and all that end with their pod."""

from __future__ import annotations

from typing import Final, Literal

import anyio

from podd.client.link import PodLink
from podd.core.pod.child import Child
from podd.errors import NoSuchError, PoddError, TimedOutError
from podd.launch.session import kept
from podd.manifest.document import from_document
from podd.runtime.children.household import Household
from podd.runtime.children.limit import came
from podd.runtime.children.watch import ChildWatch
from podd_protocol.requests import Shutdown, ShutdownMode

#: What a child that drains may take: its own ten seconds, and some for its end.
DRAIN_SECONDS: Final = 15.0
#: What a child that ends at once may take before it is killed.
NOW_SECONDS: Final = 3.0
#: What telling the children may hold up a pod that has closed its journal.
FAREWELL_SECONDS: Final = 2.0

OnParentEnd = Literal["drain", "stop", "detach"]


class Ending:
    """Knows how to end a child, and whether the pod may end yet."""

    def __init__(self, household: Household, watch: ChildWatch) -> None:
        self._house = household
        self._watch = watch
        self._has_begun = False
        self._untold: set[str] = set()
        self._awaited: set[str] = set()
        self._told = anyio.Event()

    async def stop(self, child: Child, mode: ShutdownMode) -> None:
        """End one child, and return when what it had is ours again.

        Raises:
            TimedOutError: it has not ended in time; nothing was forced.
            PoddError: it does not answer.
        """
        watched = self._watch.watched(child.session)
        watched.told = True
        self._watch.watch(child.session)
        try:
            if mode == "now":
                await self._stop_now(child)
            else:
                await self._drain(child)
        finally:
            # Whatever ends it later, nobody has told the model.
            watched.told = watched.gone.is_set()

    async def _drain(self, child: Child) -> None:
        await self._ask(child, "drain")
        gone = self._watch.watched(child.session).gone
        if not await came(self._house.clock, DRAIN_SECONDS, gone.wait):
            raise TimedOutError(
                what=f"the end of pod {child.pod!r}",
                seconds=DRAIN_SECONDS,
                hint="it is ending; stop_pod with now = true ends it at once",
            )

    async def _stop_now(self, child: Child) -> None:
        clock, gone = self._house.clock, self._watch.watched(child.session).gone

        async def ask_and_wait() -> None:
            try:
                await self._ask(child, "now")
                await gone.wait()
            except PoddError as error:
                self._house.log.warning("stop", child=child.pod, reason=str(error))

        await came(clock, NOW_SECONDS, ask_and_wait)
        if gone.is_set():
            return
        await self._watch.kill(child.session)
        if not await came(clock, NOW_SECONDS, gone.wait):
            raise TimedOutError(
                what=f"the end of pod {child.pod!r}, which was killed,",
                seconds=NOW_SECONDS,
                hint="something that it started lives on: podctl scope list",
            )

    async def _ask(self, child: Child, mode: ShutdownMode) -> None:
        """Tell it to end. Nobody there: it is ending already."""
        path = self._house.places.socket(child.pod)
        try:
            async with PodLink.opened(path, pod=child.pod) as link:
                if link.session == child.session:
                    await link.ask(Shutdown(id=0, mode=mode))
        except NoSuchError:
            self._watch.look(child.session)

    # The end of the pod itself

    def on_change(self) -> None:
        """A pod that begins to end lets its children begin as well."""
        if self._house.state.stopping is not None and not self._has_begun:
            self._begin()

    def may_close(self) -> bool:
        """Whether all who end with this pod are gone, and that is in its journal."""
        if not self._has_begun:
            self._begin()
        return not self._awaited

    async def finish(self) -> None:
        """The journal is closed: whoever was not told yet is told now."""
        if not self._has_begun:
            self._begin()
        if self._untold:
            await came(self._house.clock, FAREWELL_SECONDS, self._told.wait)

    def _begin(self) -> None:
        self._has_begun = True
        for child in self._house.state.children.values():
            if child.stage == "made":
                self._untold.add(child.session)
                self._awaited.add(child.session)
                self._house.tasks.start_soon(self._end_with_us, child)

    async def _end_with_us(self, child: Child) -> None:
        house = self._house
        watched = self._watch.watched(child.session)
        try:
            wish = await house.in_thread(lambda: self._on_parent_end(child.session))
            if wish != "detach":
                # A restored pod is not woken for it, unless it waits for a report.
                watched.told = not child.turns
                await self._ask(child, "now" if wish == "stop" else "drain")
                self._has_heard(child)
                await watched.gone.wait()
        except PoddError as error:
            house.log.warning("farewell", child=child.pod, reason=str(error))
        self._has_heard(child)
        self._awaited.discard(child.session)
        house.driver.wake()

    def _has_heard(self, child: Child) -> None:
        self._untold.discard(child.session)
        if not self._untold:
            self._told.set()

    def _on_parent_end(self, session: str) -> OnParentEnd:
        resolved = from_document(kept(self._house.places, session).manifest)
        return resolved.manifest.supervise.on_parent_end
