"""A wall clock that jumps changes the times in the journal, and nothing else."""

from __future__ import annotations

from itertools import cycle

import anyio

from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd.core.session.stamps import rfc3339
from podd.core.turn import inputs as i
from podd.testing.clock import START, ManualClock
from podd.testing.harness import PodHarness
from podd.testing.model import answer
from podd.testing.tools import ToolScript
from podd.testing.undisturbed import differences
from podd_protocol.requests import Run, Shutdown

DAY = 86_400 * 1_000_000_000


class JumpingClock(ManualClock):
    """Its wall clock is set again each time somebody looks."""

    def __init__(self, *jumps: int) -> None:
        """Be so far off the truth, in turn, in nanoseconds."""
        super().__init__()
        self._jumps = cycle(jumps)

    def now(self) -> str:
        return rfc3339(START + next(self._jumps))


async def _story(directory, *jumps: int) -> PodHarness:
    """A turn that a kill interrupts, by a clock that jumps."""
    killed = PodHarness(directory)
    killed.clock = JumpingClock(*jumps)
    async with killed as pod:
        pod.model.say(answer("", ("read_file", "{}"), ("write_file", "{}")))
        pod.tools.scripts["read_file"] = ToolScript(after=anyio.Event())
        pod.tools.scripts["write_file"] = ToolScript(after=anyio.Event())
        await pod.driver.ask(i.InputQueued(text="work"))
        await pod.tools.begun(2)
    restored = PodHarness(directory, journal=killed.journal)
    restored.clock = JumpingClock(*reversed(jumps))
    async with restored as pod:
        pod.model.say(answer("done"))
        client = await pod.subscriber()
        await client.until("turn_ended")
        pod.model.say(answer("again"))
        await client.ask(Run(id=1, input="more"))
        await client.until("turn_ended")
    return restored


async def test_times_that_repeat_and_go_back_change_nothing_else(short_directory):
    steady = await _story(short_directory, 0)
    jumping = await _story(short_directory, 0, 0, -400 * DAY, 30 * DAY, 30 * DAY, -DAY)

    times = [entry.at for entry in jumping.journal.entries]
    assert times != sorted(times)
    assert len(set(times)) < len(times)
    assert jumping.journal.kinds == steady.journal.kinds
    assert differences(steady.journal.entries, jumping.journal.entries) == []
    assert fold(jumping.journal.entries).turns_ended == 2
    sequence = [entry.seq for entry in jumping.journal.entries if entry.seq]
    assert sequence == sorted(sequence)


async def test_a_deadline_is_measured_by_the_clock_that_nobody_sets(short_directory):
    pod = PodHarness(short_directory)
    pod.clock = clock = JumpingClock(0, 400 * DAY, -400 * DAY)
    async with pod:
        pod.model.say(anyio.Event())
        client = await pod.subscriber()
        await client.ask(Run(id=1, input="work"))
        await client.until("step_started")
        await client.ask(Shutdown(id=2))

        await clock.waited_on(10.0)
        clock.advance(9.9)
        await pod.driver.ask(i.Proceeded())
        assert pod.driver.ended is None
        clock.advance(0.1)

        await pod.wait_ended()
    (closed,) = [x for x in pod.journal.entries if isinstance(x, e.SessionClosed)]
    assert closed.open_turn == "t1"
