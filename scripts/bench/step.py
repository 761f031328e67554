"""Our own cost of a step: whether it grows with what the session holds already.

A step here is a turn of one answer: input, request, answer, end, each a journalled
entry, with a journal on a disk in memory, its syncs, and a subscriber's feed. The model
answers at once. Building a request is left out: the model gets the conversation as it
lies there (the run of turn.py includes it).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

import anyio
from ratio import Figure, compare, show

from podd.core.context.conversation import TextPart
from podd.core.context.request import ModelRequest, Surface
from podd.core.context.response import ModelDelta, ModelResponse
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.journal.journal import Journal
from podd.journal.opening import create_journal
from podd.journal.session_directory import SessionDirectory
from podd.runtime.clock import SystemClock
from podd.runtime.deadlines import Deadlines
from podd.runtime.driver import Driver
from podd.runtime.feed import Feed
from podd.runtime.log import Log
from podd.runtime.performer import Performer
from podd.runtime.ports import Interpreter, Model, Retrying, Tools
from podd.runtime.storage import Storage
from podd.testing.surface import SETTINGS
from podd_protocol.values import Completed, Usage

ENTRIES = (1_000, 10_000)
STEPS = 50
ANSWER = ModelResponse(
    parts=(TextPart("answer " * 8),), stop_reason="stop", usage=Usage(requests=1)
)


class AtOnce:
    """A model that costs nothing."""

    async def stream(
        self,
        _request: ModelRequest,
        _on_retry: Callable[[Retrying], Awaitable[None]],
    ) -> AsyncGenerator[ModelDelta | ModelResponse, None]:
        yield ANSWER

    async def aclose(self) -> None:
        """Nothing is open."""


class Abilities:
    """That model, and nothing else."""

    async def model(self) -> Model:
        return AtOnce()

    async def tools(self) -> Tools:
        raise AssertionError("nobody calls any")

    async def interpreter(self) -> Interpreter:
        raise AssertionError("nobody writes code")


def session_of(root: Path, entries: int) -> tuple[Journal, PodState]:
    """A session of about so many entries, whole turns each."""
    journal = create_journal(SessionDirectory(root / str(entries)))
    state = PodState()

    def append(entry: e.AnyEntry) -> None:
        apply(state, journal.append(entry))

    append(
        e.SessionStarted(
            format=e.FORMAT,
            session="s",
            pod="bench",
            origin=e.Origin(kind="new"),
            manifest={},
            podd="0",
        )
    )
    surface = Surface(model="m", system="You are a pod. " * 40, tools=())
    append(e.SurfaceSet(surface=surface, cause="started"))
    for number in range(1, entries // 4 + 1):
        turn, cause = f"t{number}", f"c{number}"
        append(
            e.InputAccepted(turn=turn, cause=cause, origin="user", text="question " * 8)
        )
        append(e.TurnStarted(turn=turn, causes=(cause,)))
        append(
            e.ModelResponded(
                turn=turn,
                step=1,
                attempt=1,
                parts=ANSWER.parts,
                stop_reason="stop",
                usage=ANSWER.usage,
            )
        )
        append(e.TurnEnded(turn=turn, outcome=Completed(), text="", usage=Usage()))
    return journal, state


class Pod:
    """Makes sessions of one length, and moves them on."""

    def __init__(self, root: Path, entries: int) -> None:
        self._root = root
        self._entries = entries
        self._rounds = 0

    def __call__(self) -> float:
        # A new one each time: what was measured before must not be in it.
        self._rounds += 1
        directory = self._root / f"{self._entries}-{self._rounds}"
        directory.mkdir()
        self._made = session_of(directory, self._entries)
        took = anyio.run(self._measure) / STEPS
        self._made[0].close()
        return took

    async def _measure(self) -> float:
        journal, state = self._made
        clock = SystemClock()
        feed = Feed(last=state.seq_reserved)
        async with anyio.create_task_group() as tasks:
            deadlines = Deadlines(tasks=tasks, clock=clock, state=state)
            performer = Performer(
                tasks=tasks,
                abilities=Abilities(),
                feed=feed,
                clock=clock,
                state=state,
                log=Log(self._root / "log", clock, pod="bench"),
                deadlines=deadlines,
            )
            driver = Driver(
                settings=SETTINGS,
                state=state,
                storage=Storage(journal, on_change=performer.tell_storage),
                feed=feed,
                clock=clock,
                perform=performer.perform,
                partial=performer.partial,
            )
            performer.tell = driver.tell
            driver.listen(deadlines.on_change)
            driver.tell(i.PodRestored(pid=1, podd="0"))
            tasks.start_soon(driver.run)
            await driver.ask(i.NotificationSent(message="go", wake=False))
            before = time.perf_counter()
            for _ in range(STEPS):
                ended = state.turns_ended
                await driver.ask(i.InputQueued(text="question " * 8))
                while state.turns_ended == ended:
                    await anyio.lowlevel.checkpoint()
            took = time.perf_counter() - before
            tasks.cancel_scope.cancel()
        return took


def main() -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as directory:
        few = Pod(Path(directory), 10)
        for entries in ENTRIES:
            many = Pod(Path(directory), entries)
            name = f"a step after {entries:,} entries, 10"
            figures.append(compare(name, "1.2", many, few, rounds=9))
        show(figures)


main()
