"""Promise 8: a turn can be cancelled wherever it stands, and leaves nothing open."""

from __future__ import annotations

import anyio
import msgspec
import pytest

from podd.core.context.response import TextDelta
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from podd.testing.harness import PodHarness
from podd.testing.model import answer
from podd.testing.surface import SETTINGS
from podd.testing.tools import RecordingTools, ToolScript
from podd_protocol.requests import Cancel, Run, Shutdown, Status
from podd_protocol.values import Cancelled
from tests.runtime.in_pod import in_pod
from tests.runtime.one_rule import (
    assert_requests_valid,
    code_ends,
    end_of,
    of_kind,
    results,
)
from tests.runtime.situations import (
    CODED,
    RULED,
    in_each_situation,
    next_turn,
)

#: What a cancel may take, which waits for nothing but the journal: about a second, and
#: as much for a machine that is busy.
PROMPT_SECONDS = 2.0
CANCELLED = Cancelled(by="user", reason="enough")


class _Hung(RecordingTools):
    """Tools that take their time to die."""

    def __init__(self, dies, scripts):
        super().__init__(scripts)
        self.dies = dies

    async def run(self, call, on_output):
        try:
            return await super().run(call, on_output)
        finally:
            with anyio.CancelScope(shield=True):
                await self.dies.wait()


async def _cancelled(client):
    """Cancel, and read to the end of the turn."""
    with anyio.fail_after(PROMPT_SECONDS):
        assert (await client.ask(Cancel(id=2, reason="enough"))).id == 2
        return (await client.until("turn_ended"))[-1]


@in_each_situation
async def test_a_turn_is_cancelled_wherever_it_stands(situation, short_directory):
    """Promise 3: each call has its one result, then the turn ends, then nothing."""
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        asked = len(pod.model.requests)
        with anyio.fail_after(PROMPT_SECONDS):
            await standing.told(i.CancelRequested(by="user", reason="enough"))
            ended = (await standing.client.until("turn_ended"))[-1]

        assert ended.outcome == end_of(pod.journal.entries).outcome == CANCELLED
        assert len(pod.model.requests) == asked
        assert results(pod.journal.entries) == situation.results
        assert code_ends(pod.journal.entries) == (
            [situation.code] if situation.code else []
        )
        status = await standing.client.ask(Status(id=4))
        assert (status.state, status.approvals, status.questions) == ("idle", [], [])
        assert pending(pod.state) == ()
        assert standing.left_running() == set()

        # What comes late counts for nothing.
        await standing.let_go()
        again = await next_turn(standing.client)

        assert again.text == "done"
        end_of(pod.journal.entries)
        assert_requests_valid(pod)


async def test_the_last_step_is_cancelled_like_any_other(short_directory):
    settings = msgspec.structs.replace(SETTINGS, max_steps=1)
    async with PodHarness(short_directory, settings=settings) as pod:
        client = await pod.subscriber()
        pod.model.say(answer("", ("read_file", "{}")))
        pod.model.say(TextDelta("so f"), anyio.Event())
        await client.ask(Run(id=1, input="work"))
        await client.until("text_delta")
        assert pod.state.turn.last_step

        ended = await _cancelled(client)

        assert ended.outcome == end_of(pod.journal.entries).outcome == CANCELLED
        assert results(pod.journal.entries) == {"t1.1.1": "ok"}
        pod.model.say(answer("done"))
        assert (await next_turn(client)).text == "done"
        assert pod.model.requests[-1].tool_choice == "auto"
        assert_requests_valid(pod)


@in_pod
async def test_a_drain_need_not_wait_for_a_turn_that_is_cancelled(pod):
    client = await pod.subscriber()
    pod.tools.scripts["write_file"] = ToolScript(after=anyio.Event())
    pod.model.say(answer("", ("write_file", "{}")))
    await client.ask(Run(id=1, input="work"))
    await client.until("tool_started")
    await client.ask(Shutdown(id=2))

    await client.ask(Cancel(id=3, reason="enough"))
    await pod.wait_ended()

    assert end_of(pod.journal.entries).outcome == CANCELLED
    assert results(pod.journal.entries) == {"t1.1.1": "interrupted"}
    (closed,) = of_kind(e.SessionClosed, pod.journal.entries)
    assert closed.open_turn is None
    assert pod.tools.given_up == ["t1.1.1"]
    async with PodHarness(pod.directory, journal=pod.journal) as again:
        again.model.say(answer("done"))
        client = await again.subscriber(after=None)
        assert (await next_turn(client)).text == "done"
        assert_requests_valid(again)


@in_each_situation
async def test_a_paused_turn_is_cancelled_wherever_it_stands(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.PauseRequested())

        ended = await _cancelled(standing.client)

        assert ended.outcome == end_of(pod.journal.entries).outcome == CANCELLED
        assert results(pod.journal.entries) == situation.results
        await standing.let_go()
        assert (await next_turn(standing.client)).text == "done"
        assert_requests_valid(pod)


@in_pod
async def test_a_turn_is_cancelled_once(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("never"), anyio.Event())
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")

    await client.send(Cancel(id=2, reason="enough"), Cancel(id=3, reason="again"))

    first, second = await client.reply(), await client.reply()
    assert (first.id, second.code) == (2, "not_running")
    assert end_of(pod.journal.entries).outcome == CANCELLED


@in_pod
async def test_the_next_turn_of_a_queue_starts_when_one_is_cancelled(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("never"), anyio.Event())
    pod.model.say(answer("done"))
    await client.ask(Run(id=1, input="work"))
    queued = await client.ask(Run(id=2, input="more"))
    await client.until("text_delta")

    ended = await _cancelled(client)

    assert (ended.turn, ended.outcome) == ("t1", CANCELLED)
    after = (await client.until("turn_ended"))[-1]
    assert (after.turn, after.text) == (queued.turn, "done")
    assert_requests_valid(pod)


@pytest.mark.parametrize(
    ("settings", "said", "announced"),
    [
        (RULED, answer("", ("write_file", "{}")), "tool_started"),
        (CODED, answer("```python\nx = 1\n```"), "code_started"),
    ],
    ids=["tool", "code"],
)
async def test_what_is_cancelled_before_it_has_begun_is_never_begun(
    settings, said, announced, short_directory
):
    """Its start is journalled, and so is that it came to nothing."""
    async with PodHarness(short_directory, settings=settings) as pod:
        client = await pod.subscriber()
        gate = anyio.Event()
        pod.model.say(gate, said)
        await client.ask(Run(id=1, input="work"))
        await pod.model.asked(1)
        pod.journal.hold_syncs()
        pod.driver.tell(i.NotificationSent(message="by the way", wake=False))
        await pod.journal.syncing.wait()
        gate.set()
        await anyio.wait_all_tasks_blocked()

        pod.driver.tell(i.CancelRequested(by="user", reason="enough"))
        pod.journal.may_sync.set()

        await client.until("turn_ended")
        assert announced in pod.journal.kinds
        assert set(results(pod.journal.entries).values()) <= {"interrupted"}
        assert set(code_ends(pod.journal.entries)) <= {"interrupted"}
        pod.model.say(answer("done"))
        assert (await next_turn(client)).text == "done"
        assert (pod.tools.calls, pod.interpreter.blocks) == ([], [])
        assert_requests_valid(pod)


@in_pod
async def test_a_turn_does_not_wait_for_a_tool_that_is_slow_to_die(pod):
    client = await pod.subscriber()
    hung, dies = anyio.Event(), anyio.Event()
    pod.tools = _Hung(dies, {"write_file": ToolScript(after=hung)})
    pod.model.say(answer("", ("write_file", "{}")))
    await client.ask(Run(id=1, input="work"))
    await client.until("tool_started")

    ended = await _cancelled(client)

    assert ended.outcome == CANCELLED
    assert results(pod.journal.entries) == {"t1.1.1": "interrupted"}
    pod.model.say(answer("done"))
    assert (await next_turn(client)).text == "done"
    assert pod.tools.given_up == ["t1.1.1"]
    # Its end is nobody's any more.
    n = pod.state.n
    dies.set()
    await anyio.wait_all_tasks_blocked()
    assert pod.state.n == n
    assert_requests_valid(pod)


@in_pod
async def test_a_turn_that_waits_for_room_on_the_disk_is_cancelled(pod):
    """Its end fits into the reserve, whatever else does not."""
    client = await pod.subscriber()
    gate = anyio.Event()
    pod.model.say(answer("", ("read_file", "{}")))
    pod.tools.scripts["read_file"] = ToolScript(after=gate)
    await client.ask(Run(id=1, input="work"))
    await client.until("tool_started")
    pod.journal.room = 0
    gate.set()
    await client.until("tool_result")
    assert len(pod.model.requests) == 1

    ended = await _cancelled(client)

    assert ended.outcome == end_of(pod.journal.entries).outcome == CANCELLED
    assert results(pod.journal.entries) == {"t1.1.1": "ok"}
    pod.journal.room = None
    pod.model.say(answer("done"))
    assert (await next_turn(client)).text == "done"
    assert_requests_valid(pod)
