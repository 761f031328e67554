"""A deadline is waited for as long as something waits for it, and no longer."""

from __future__ import annotations

import anyio
import msgspec

from podd.core.permission import Permission
from podd.core.pod.state import PodState
from podd.core.turn import inputs as i
from podd.core.turn.effects import SetDeadline
from podd.runtime.deadlines import Deadlines
from podd.testing.clock import ManualClock
from podd.testing.harness import PodHarness
from podd.testing.model import answer
from podd.testing.surface import SETTINGS
from podd_protocol.requests import Approve, Run

ASKING = msgspec.structs.replace(
    SETTINGS, permission=lambda _tool, _arguments: Permission("ask", "rule 1", "x")
)


async def test_a_call_that_is_decided_about_leaves_no_deadline_behind(short_directory):
    """However long it might have waited, and however often people are asked."""
    async with PodHarness(short_directory, settings=ASKING) as pod:
        client = await pod.subscriber()
        for turn in ("t1", "t2"):
            pod.model.say(answer("", ("write_file", "{}")))
            pod.model.say(answer("done"))
            await client.ask(Run(id=1, input="work"))
            await client.until("approval_requested")
            await pod.clock.waited_on(600)
            assert pod.clock.waits == [600]

            await client.ask(Approve(id=2, call=f"{turn}.1.1"))

            assert (await client.until("turn_ended"))[-1].text == "done"
            assert pod.clock.waits == []


async def test_a_deadline_that_passes_is_told(short_directory):
    async with PodHarness(short_directory, settings=ASKING) as pod:
        client = await pod.subscriber()
        pod.model.say(answer("", ("write_file", "{}")))
        pod.model.say(answer("done"))
        await client.ask(Run(id=1, input="work"))
        await client.until("approval_requested")
        await pod.clock.waited_on(600)

        pod.clock.advance(600)

        result = (await client.until("tool_result"))[-1]
        assert result.status == "denied"
        await client.until("turn_ended")
        assert pod.clock.waits == []


async def test_of_the_deadlines_for_the_work_only_the_newest_is_waited_for():
    told, passed = [], anyio.Event()

    def tell(fact):
        told.append(fact)
        passed.set()

    clock = ManualClock()
    async with anyio.create_task_group() as tasks:
        deadlines = Deadlines(tasks=tasks, clock=clock, state=PodState())
        for stretch, seconds in (("1", 5.0), ("2", 3.0)):
            deadline = SetDeadline(deadline="wall", seconds=seconds, call=stretch)
            deadlines.set(deadline, tell)
            await clock.waited_on(seconds)

        deadlines.on_change()
        await anyio.wait_all_tasks_blocked()

        assert clock.waits == [3.0]
        clock.advance(9)
        await passed.wait()
    assert told == [i.DeadlinePassed(deadline="wall", call="2")]
