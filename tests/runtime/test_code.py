"""Code of a model as the runtime runs it: begun, heard, answered, given up."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import msgspec

from podd.core.permission import Permission
from podd.core.turn import inputs as i
from podd.core.turn.drivers.code import Code
from podd.runtime.ports import CodeEnd
from podd.testing.harness import PodHarness
from podd.testing.interpreter import CodeScript
from podd.testing.model import answer
from podd.testing.surface import SETTINGS
from podd.testing.tools import ToolScript
from podd_protocol.requests import Cancel, Deny, Run

CODING = msgspec.structs.replace(
    SETTINGS,
    driver=Code(),
    wall_seconds=60,
    permission=lambda tool, _: Permission("ask" if tool == "write_file" else "allow"),
)
BLOCK = answer("I look.\n```python\nlook()\n```")


def _named(events, name):
    return [event for event in events if event.__struct_config__.tag == name]


@asynccontextmanager
async def _coding(directory, *scripts: CodeScript):
    """A pod that is asked to work and whose model answers with code, then talks."""
    async with PodHarness(directory, settings=CODING) as pod:
        pod.interpreter.scripts.extend(scripts)
        pod.model.say(BLOCK)
        pod.model.say(answer("Done."))
        client = await pod.subscriber()
        await client.ask(Run(id=1, input="work"))
        yield pod, client


async def test_code_is_run_and_what_it_prints_is_told_as_it_comes(short_directory):
    gate = anyio.Event()
    script = CodeScript(
        prints=("one", "two"),
        after=gate,
        end=CodeEnd(status="ok", summary="ran", output="onetwo", spilled_to="/out"),
    )
    async with _coding(short_directory, script) as (pod, client):
        events = await client.events_until(lambda e: getattr(e, "text", "") == "two")
        assert [one.code for one in _named(events, "code_started")] == ["look()\n"]
        printed = _named(events, "code_output_delta")
        assert [(one.turn, one.step, one.text) for one in printed] == [
            ("t1", 1, "one"),
            ("t1", 1, "two"),
        ]
        gate.set()
        events = await client.until("turn_ended")

    (ended,) = _named(events, "code_ended")
    assert (ended.status, ended.output, ended.spilled_to) == ("ok", "onetwo", "/out")
    assert pod.interpreter.blocks == [("t1.1", "look()\n")]
    assert events[-1].text == "Done."


async def test_a_block_is_begun_only_when_its_start_is_durable(short_directory):
    """Promise 1: an intention is there before its effect."""
    gate = anyio.Event()
    script = CodeScript(prints=("begun",), after=gate)
    async with _coding(short_directory, script) as (pod, client):
        await client.until("code_output_delta")

        assert pod.journal.durable_n > pod.journal.kinds.index("code_started")
        gate.set()
        await client.until("turn_ended")


async def test_no_block_is_begun_while_its_start_is_not_durable(short_directory):
    async with PodHarness(short_directory, settings=CODING) as pod:
        gate = anyio.Event()
        pod.model.say(gate, BLOCK)
        client = await pod.subscriber()
        await client.ask(Run(id=1, input="work"))
        await client.until("step_started")
        pod.journal.hold_syncs()
        gate.set()
        await pod.journal.syncing.wait()

        assert pod.journal.kinds[-1] == "code_started"
        assert pod.interpreter.blocks == []
        pod.journal.may_sync.set()
        await client.until("code_started")


async def test_calls_of_code_are_run_and_answered(short_directory):
    script = CodeScript(calls=(("read_file", '{"path":"a"}'), ("rm", "{}")))
    async with _coding(short_directory, script) as (pod, client):
        pod.tools.scripts["read_file"] = ToolScript(output="text")
        events = await client.until("turn_ended")

    read, removed = pod.interpreter.answers
    assert (read.status, read.output) == ("ok", "text")
    assert removed.status == "error"
    calls = [(one.call, one.name) for one in _named(events, "tool_call")]
    assert calls == [("t1.1.1", "read_file"), ("t1.1.2", "rm")]
    assert [one.call for one in _named(events, "tool_result")] == ["t1.1.1", "t1.1.2"]


async def test_a_call_of_code_waits_for_people(short_directory):
    script = CodeScript(calls=(("write_file", "{}"),))
    async with _coding(short_directory, script) as (pod, client):
        await client.until("approval_requested")
        assert pod.interpreter.answers == []
        await client.ask(Deny(id=2, call="t1.1.1", reason="no"))
        await client.until("turn_ended")

    assert [one.status for one in pod.interpreter.answers] == ["denied"]


async def test_cancelled_code_is_given_up_with_its_calls(short_directory):
    """Promise 8."""
    script = CodeScript(calls=(("read_file", "{}"),))
    async with _coding(short_directory, script) as (pod, client):
        pod.tools.scripts["read_file"] = ToolScript(after=anyio.Event())
        await client.until("tool_started")

        await client.ask(Cancel(id=2))

        assert (await client.until("turn_ended"))[-1].outcome.by == "user"
        pod.model.say(answer("next"))
        await client.ask(Run(id=3, input="again"))
        await client.until("turn_ended")
    assert pod.interpreter.given_up == ["t1.1"]
    assert pod.tools.given_up == ["t1.1.1"]


async def test_code_with_a_bug_of_ours_is_an_end_that_the_model_reads(short_directory):
    script = CodeScript(raises=ZeroDivisionError("a bug"))
    async with _coding(short_directory, script) as (_, client):
        events = await client.until("turn_ended")

    (ended,) = _named(events, "code_ended")
    assert ended.status == "error"
    assert "a bug" in ended.summary
    assert events[-1].text == "Done."


async def test_what_is_submitted_ends_the_turn(short_directory):
    end = CodeEnd(status="ok", summary="submitted", submitted=True, value={"n": 7})
    async with _coding(short_directory, CodeScript(end=end)) as (pod, client):
        ended = (await client.until("turn_ended"))[-1]

    assert ended.value == {"n": 7}
    assert len(pod.model.requests) == 1


async def test_a_pod_that_has_worked_too_long_interrupts_its_code(short_directory):
    """Promise 8: the time that it may work is a deadline."""
    async with _coding(short_directory, CodeScript(after=anyio.Event())) as (
        pod,
        client,
    ):
        await client.until("code_started")
        await pod.clock.waited_on(60.0)
        pod.clock.advance(60.0)
        events = await client.until("turn_ended")

        assert [one.limit for one in _named(events, "limit_reached")] == [
            "wall_seconds"
        ]
        assert events[-1].outcome.limit == "wall_seconds"
        assert pod.interpreter.given_up == ["t1.1"]
        assert pod.state.worked_ms == 60_000
        decision = await pod.driver.ask(
            i.CodeFinished(turn="t1", step=1, status="ok", summary="late")
        )
        assert decision.verdict == "stale"
