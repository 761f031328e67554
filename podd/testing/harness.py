"""A whole pod in one process and without a disk: driver, feed, performer, socket.

What is real: the turn machine, the loop, the events, the connections and their socket.
What is not: the journal, the model, the tools and the clock, which a test holds.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

import anyio

from podd.controller.description import Declared, Description
from podd.controller.dispatch import Dispatch
from podd.controller.server import Server
from podd.core.context.price import Price
from podd.core.context.request import Surface
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd.core.session.events import last_seq
from podd.core.turn import inputs as i
from podd.core.turn.settings import Settings
from podd.paths import Places
from podd.runtime.code_calls import CodeCalls
from podd.runtime.deadlines import Deadlines
from podd.runtime.driver import Driver
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.performer import Performer
from podd.runtime.ports import Interpreter, Model, Tools
from podd.runtime.relay import Relay
from podd.runtime.storage import Storage
from podd.testing.children import RecordingChildren
from podd.testing.clock import ManualClock
from podd.testing.configuring import RecordingConfiguring
from podd.testing.forks import RecordingForks
from podd.testing.interpreter import RecordingInterpreter
from podd.testing.journal import MemoryJournal
from podd.testing.model import ScriptedModel
from podd.testing.surface import SETTINGS, SURFACE
from podd.testing.tools import RecordingTools
from podd.testing.wire_client import LIMIT_SECONDS, WireClient
from podd_protocol.lines import LINE_BYTES
from podd_protocol.replies import Limits

#: Of every pod under test.
SESSION = "0190a000-0000-7000-8000-000000000001"
NAME = "fake"


class PodHarness:
    """Runs for the time of an `async with`; ends with it, as if by a kill.

    Give it the `journal` of another one to restore that one's session.
    """

    def __init__(
        self,
        directory: Path,
        *,
        journal: MemoryJournal | None = None,
        settings: Settings = SETTINGS,
        surface: Surface | None = SURFACE,
    ) -> None:
        """Prepare a pod whose socket lies in `directory`.

        Args:
            directory: so short that a socket below it fits into 107 bytes.
            journal: what it writes; None: a new one.
            settings: limits and texts.
            surface: what is rendered at the start; None: nothing, so no turn starts.
        """
        self.directory = directory
        self.journal = journal or MemoryJournal()
        self.clock = ManualClock()
        self.model = ScriptedModel()
        self.tools = RecordingTools()
        self.interpreter = RecordingInterpreter()
        self.price: Price | None = None
        self.children = RecordingChildren()
        self.configuring = RecordingConfiguring(lambda: self.driver)
        self.forks = RecordingForks()
        self.log = Log(directory / "pod.log", self.clock, pod=NAME)
        self.state = PodState()
        self.failure: BaseException | None = None
        """Why the driver gave up, if it did."""
        self.ended = anyio.Event()
        """The driver has ended and every client was let go."""
        self._settings = settings
        self._surface = surface
        self._stack = AsyncExitStack()
        self.feed = Feed(last=self._replay())

    def _replay(self) -> int:
        last = 0
        for entry in self.journal.entries:
            apply(self.state, entry)
            last = max(last, last_seq(entry))
        return max(last, self.state.seq_reserved)

    async def __aenter__(self) -> Self:
        tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._stack.callback(tasks.cancel_scope.cancel)
        deadlines = Deadlines(tasks=tasks, clock=self.clock, state=self.state)
        performer = Performer(
            tasks=tasks,
            abilities=_Abilities(self),
            feed=self.feed,
            clock=self.clock,
            state=self.state,
            log=self.log,
            deadlines=deadlines,
            children=self.children,
        )
        self.storage = Storage(self.journal, on_change=performer.tell_storage)
        self.driver = Driver(
            settings=self._settings,
            state=self.state,
            storage=self.storage,
            feed=self.feed,
            clock=self.clock,
            perform=performer.perform,
            partial=performer.partial,
        )
        performer.tell = self.driver.tell
        calls = CodeCalls(state=self.state, ask=self.driver.ask)
        performer.code_calls = calls
        self.driver.listen(calls.on_change)
        self.driver.listen(deadlines.on_change)
        if self.journal.last_n == 0:
            started = e.SessionStarted(
                format=e.FORMAT,
                session=SESSION,
                pod=NAME,
                origin=e.Origin(kind="new"),
                manifest={},
                podd="0",
            )
            self.driver.record(started)
        restored = self.driver.tell(i.PodRestored(pid=1, podd="0"))
        if self._surface is not None and self.state.surface is None:
            rendered = i.SurfaceRendered(surface=self._surface, cause="started")
            restored = self.driver.tell(rendered)
        self.server = Server(self.directory, self.log)
        tasks.start_soon(self._live)
        with anyio.fail_after(LIMIT_SECONDS):
            await restored.done.wait()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._stack.aclose()

    async def _live(self) -> None:
        dispatch = Dispatch(
            driver=self.driver,
            feed=self.feed,
            replay=self.journal,
            description=self._description(),
            clients=lambda: self.server.clients,
            log=self.log,
            children=self.children,
            relay=Relay(Places(self.directory, self.directory, self.directory)),
            configuring=self.configuring,
            forks=self.forks,
        )
        async with anyio.create_task_group() as serving:
            serving.start_soon(self.server.serve, dispatch, serving)
            try:
                await self.driver.run()
            except Exception as error:  # noqa: BLE001  # a test asks for it
                self.failure = error
            else:
                self.feed.end()
                await self.server.finish()
            serving.cancel_scope.cancel()
        self.ended.set()

    def _description(self) -> Description:
        return Description(
            name=NAME,
            state=self.state,
            feed=self.feed,
            storage=self.storage,
            scope=Scope((Rule("/srv", "read"),)),
            workdir="/srv",
            declared=Declared(
                model="fake/fake",
                instruction="$builtin/default",
                tools=("read_file", "write_file"),
                limits=Limits(
                    max_steps=self._settings.max_steps, line_bytes=LINE_BYTES
                ),
            ),
            pid=1,
            started_at=self.clock.now(),
        )

    async def connect(self) -> WireClient:
        """A client that has said nothing yet."""
        client = await WireClient.connect(self.directory / "sock")
        self._stack.push_async_callback(client.close)
        return client

    async def subscriber(
        self, after: int | None = 0, only: list[str] | None = None
    ) -> WireClient:
        """A client that has subscribed."""
        client = await self.connect()
        await client.subscribe(after, only)
        return client

    async def wait_ended(self) -> None:
        """Wait until the pod has ended."""
        with anyio.fail_after(LIMIT_SECONDS):
            await self.ended.wait()


class _Abilities:
    """Hands out what the harness holds, also what a test has put there later."""

    def __init__(self, pod: PodHarness) -> None:
        self._pod = pod

    def price(self) -> Price | None:
        return self._pod.price

    async def model(self) -> Model:
        return self._pod.model

    async def tools(self) -> Tools:
        return self._pod.tools

    async def interpreter(self) -> Interpreter:
        return self._pod.interpreter
