"""The loop: what is durable before what, and what a disk that fails may cost."""

from __future__ import annotations

import anyio
import pytest

from podd.core.context.response import TextDelta
from podd.core.turn import inputs as i
from podd.errors import StorageError
from podd.runtime.feed import BLOCK
from podd.testing.harness import PodHarness
from podd.testing.model import answer, spoken
from podd.testing.tools import RecordingTools, ToolScript
from podd_protocol.events import Alert
from podd_protocol.requests import Cancel, Notify, Run, Shutdown, Status
from tests.runtime.in_pod import in_pod


def _kinds(events):
    return [event.__struct_config__.tag for event in events]


class _Noting(RecordingTools):
    """Notes how far the journal was durable when each call was begun."""

    def __init__(self, journal, scripts):
        super().__init__(scripts)
        self.journal = journal
        self.durable_n = []

    async def run(self, call, on_output):
        self.durable_n.append(self.journal.durable_n)
        return await super().run(call, on_output)


async def _refused(pod, request):
    client = await pod.connect()
    await client.greet()
    reply = await client.ask(request)
    return reply.code


@in_pod
async def test_a_batch_of_facts_costs_one_sync(pod):
    pod.model.say(anyio.Event())
    before = pod.journal.syncs

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(pod.driver.ask, i.InputQueued(text=str(number)))

    accepted = [kind for kind in pod.journal.kinds if kind == "input_accepted"]
    assert len(accepted) == 50
    assert pod.journal.syncs - before == 1


@in_pod
async def test_an_answer_is_given_only_after_the_sync(pod):
    pod.model.say(anyio.Event())
    client = await pod.connect()
    await client.greet()
    pod.journal.hold_syncs()
    answered = []

    async def ask():
        answered.append(await client.ask(Run(id=1, input="work")))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await pod.journal.syncing.wait()
        other = await pod.connect()
        # Another client is served meanwhile, so there was time enough to answer.
        await other.greet()
        assert answered == []
        assert pod.journal.kinds.count("input_accepted") == 1
        pod.journal.may_sync.set()

    (accepted,) = answered
    assert (accepted.cause, accepted.turn, accepted.position) == ("c1", "t1", 0)
    assert pod.journal.durable_n >= pod.journal.kinds.index("input_accepted") + 1


@in_pod
async def test_a_call_is_run_only_when_its_start_is_durable(pod):
    pod.model.say(answer("", ("write_file", "{}")))
    pod.model.say(answer("done"))
    gate = anyio.Event()
    pod.tools.scripts["write_file"] = ToolScript(after=gate)
    pod.tools = tools = _Noting(pod.journal, pod.tools.scripts)
    pod.driver.tell(i.InputQueued(text="work"))
    await tools.begun(1)

    assert tools.durable_n == [pod.journal.kinds.index("tool_started") + 1]
    gate.set()


@in_pod
async def test_a_turn_end_shows_only_when_it_is_durable(pod):
    gate = anyio.Event()
    pod.model.say(gate, answer("done"))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("step_started")
    pod.journal.hold_syncs()
    gate.set()
    await pod.journal.syncing.wait()
    assert "turn_ended" in pod.journal.kinds

    other = await pod.connect()
    await other.greet()
    status = await other.ask(Status(id=1))
    assert status.seq < pod.feed.next_seq - 1
    pod.journal.may_sync.set()

    assert _kinds(await client.until("turn_ended"))[-1] == "turn_ended"


@in_pod
async def test_a_live_event_never_overtakes_a_durable_one(pod):
    client = await pod.subscriber(after=None)
    pod.model.say(anyio.Event())
    pod.journal.hold_syncs()
    pod.driver.tell(i.InputQueued(text="work"))
    await pod.journal.syncing.wait()
    await pod.feed.live(Alert(level="info", source="test", code="x", message=""))
    assert pod.feed.last < pod.feed.next_seq - 1
    pod.journal.may_sync.set()

    events = await client.until("alert")

    assert "input_accepted" in _kinds(events)
    numbers = [event.seq for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@in_pod
async def test_no_number_is_used_before_its_block_is_durable(pod):
    gate = anyio.Event()
    pod.model.say(gate, *(TextDelta("x") for _ in range(2 * BLOCK)), answer("done"))
    client = await pod.subscriber(after=None)
    pod.driver.tell(i.InputQueued(text="work"))
    await client.until("step_started")
    last_of_block = pod.state.seq_reserved
    pod.journal.hold_syncs()
    gate.set()

    events = await client.events_until(lambda event: event.seq >= last_of_block)
    status = await client.ask(Status(id=1))

    assert events[-1].seq == status.seq == last_of_block
    assert pod.state.seq_reserved == last_of_block + BLOCK
    pod.journal.may_sync.set()
    more = await client.until("turn_ended")
    numbers = [event.seq for event in more]
    assert numbers == list(range(last_of_block + 1, last_of_block + 1 + len(more)))


async def test_a_restored_pod_goes_on_above_every_number_it_ever_sent(short_directory):
    async with PodHarness(short_directory) as pod:
        client = await pod.subscriber()
        pod.model.say(*spoken("a word or two", pieces=10))
        pod.driver.tell(i.InputQueued(text="work"))
        sent = (await client.until("turn_ended"))[-1].seq
        durable = pod.journal.lines[: pod.journal.durable_n]

    journal = type(pod.journal)(durable)
    async with PodHarness(short_directory, journal=journal) as restored:
        client = await restored.subscriber()
        events = await client.events_until(
            lambda event: event.seq == restored.feed.last
        )

    new = [e for e in events if e.seq > sent and _kinds([e]) != ["lagged"]]
    assert new
    assert min(event.seq for event in new) > sent
    assert [event.seq for event in events] == sorted({event.seq for event in events})


@in_pod
async def test_facts_told_to_a_pod_that_has_ended_are_refused(pod):
    client = await pod.connect()
    await client.greet()
    await client.send(
        Shutdown(id=1, mode="now"), Run(id=2, input="too late"), Shutdown(id=3)
    )

    replies = await client.rest()

    assert [(r.id, getattr(r, "code", "ok")) for r in replies] == [
        (1, "ok"),
        (2, "stopping"),
        (3, "ok"),
    ]
    assert "input_accepted" not in pod.journal.kinds


# A full disk


@in_pod
async def test_a_full_disk_refuses_work_and_says_so(pod):
    client = await pod.subscriber(after=None)
    pod.journal.room = 0

    # That the disk is full shows at the first write, and that goes into the reserve.
    first = await client.ask(Run(id=1, input="small"))
    alert = (await client.until("alert"))[-1]

    assert first.turn == "t1"
    assert (alert.level, alert.source, alert.code) == ("error", "journal", "storage")
    for number, request in enumerate(
        (Run(id=2, input="x"), Notify(id=3, message="x"), Run(id=4, input="x" * 9000)),
        start=2,
    ):
        refused = await client.ask(request)
        assert (refused.id, refused.code) == (number, "storage")
    status = await client.ask(Status(id=5))
    assert (status.storage, [turn.turn for turn in status.queue]) == ("full", ["t1"])
    assert pod.journal.kinds.count("input_accepted") == 1
    assert "turn_started" not in pod.journal.kinds


@in_pod
async def test_an_input_that_is_too_long_for_the_disk_is_refused_alone(pod):
    client = await pod.subscriber(after=None)
    pod.model.say(answer("done"))
    pod.journal.room = 4000

    refused = await client.ask(Run(id=1, input="x" * 9000))
    accepted = await client.ask(Run(id=2, input="small"))

    assert (refused.code, accepted.turn) == ("storage", "t1")
    assert (await client.until("turn_ended"))[-1].text == "done"


@in_pod
async def test_results_are_kept_on_a_full_disk_and_nothing_new_begins(pod):
    gate = anyio.Event()
    pod.model.say(answer("", ("read_file", "{}")))
    pod.tools.scripts["read_file"] = ToolScript(after=gate)
    client = await pod.subscriber(after=None)
    pod.driver.tell(i.InputQueued(text="work"))
    await pod.tools.begun(1)
    await client.until("tool_started")
    pod.journal.room = 0
    gate.set()

    events = await client.until("alert")

    assert "tool_result" in _kinds(events)
    # Somebody looks again, as the watch of a pod does: still nothing begins.
    await pod.driver.ask(i.Proceeded())
    pod.driver.wake()
    await pod.driver.ask(i.Proceeded())
    assert len(pod.model.requests) == 1
    assert pod.journal.kinds.count("step_started") == 1

    pod.model.say(answer("done"))
    pod.journal.room = None
    pod.driver.wake()
    events = await client.until("turn_ended")
    assert [e.code for e in events if isinstance(e, Alert)] == ["storage"]
    assert events[-1].text == "done"


@in_pod
async def test_the_end_of_a_turn_goes_into_the_reserve(pod):
    gate = anyio.Event()
    pod.model.say(gate, answer("done"))
    client = await pod.subscriber(after=None)
    pod.driver.tell(i.InputQueued(text="work"))
    await client.until("step_started")
    pod.journal.room = 0
    gate.set()

    ended = (await client.until("turn_ended"))[-1]

    assert ended.text == "done"
    assert pod.storage.full is not None


@in_pod
async def test_what_not_even_the_reserve_holds_is_kept_until_there_is_room(pod):
    gate = anyio.Event()
    pod.model.say(gate, answer("x" * 20_000))
    client = await pod.subscriber(after=None)
    pod.driver.tell(i.InputQueued(text="work"))
    await client.until("step_started")
    pod.journal.room = 0
    gate.set()
    await client.until("alert")
    assert "model_responded" not in pod.journal.kinds

    pod.journal.room = None
    pod.driver.wake()

    ended = (await client.until("turn_ended"))[-1]
    assert ended.text == "x" * 20_000
    assert len(pod.model.requests) == 1


@in_pod
async def test_what_was_accepted_is_begun_when_there_is_room_again(pod):
    gate = anyio.Event()
    pod.model.say(gate, answer("first"))
    client = await pod.subscriber(after=None)
    await pod.driver.ask(i.InputQueued(text="one"))
    await pod.driver.ask(i.InputQueued(text="two"))
    pod.journal.room = 0
    gate.set()
    await client.until("turn_ended")
    assert pod.journal.kinds.count("turn_started") == 1

    pod.model.say(answer("second"))
    pod.journal.room = None
    pod.driver.wake()

    assert (await client.until("turn_ended"))[-1].text == "second"


@pytest.mark.parametrize("mode", ["drain", "now"])
@pytest.mark.parametrize("reserve", [4096, 0])
async def test_shutting_down_works_on_a_full_disk(short_directory, mode, reserve):
    async with PodHarness(short_directory) as pod:
        pod.journal.reserve = reserve
        gate = anyio.Event()
        pod.model.say(answer("", ("read_file", "{}")))
        pod.tools.scripts["read_file"] = ToolScript(after=gate, output="y" * 3000)
        client = await pod.subscriber(after=None)
        pod.driver.tell(i.InputQueued(text="work"))
        await pod.tools.begun(1)
        await client.until("tool_started")
        pod.journal.room = 0
        gate.set()
        await client.until("alert")

        reply = await client.ask(Shutdown(id=1, mode=mode))

        assert reply.__struct_config__.tag == "ok"
        await pod.wait_ended()
        assert pod.failure is None
        assert ("session_closed" in pod.journal.kinds) is (reserve > 0)


@in_pod
async def test_a_cancel_that_cannot_be_written_is_refused(pod):
    pod.journal.reserve = 0
    pod.model.say(anyio.Event())
    client = await pod.subscriber(after=None)
    pod.driver.tell(i.InputQueued(text="work"))
    await client.until("step_started")
    pod.journal.room = 0

    assert await _refused(pod, Cancel(id=1)) == "storage"

    pod.journal.room = None
    reply = await client.ask(Cancel(id=2))
    assert reply.__struct_config__.tag == "ok"
    assert (await client.until("turn_ended"))[-1].outcome.by == "user"


@in_pod
async def test_a_broken_disk_ends_the_pod_and_nothing_is_claimed(pod):
    client = await pod.subscriber(after=None)
    pod.journal.hold_syncs()
    pod.journal.is_broken = True
    await client.send(Run(id=1, input="work"))
    await pod.journal.syncing.wait()
    pod.journal.may_sync.set()

    await pod.wait_ended()

    assert isinstance(pod.failure, StorageError)
    assert pod.failure.kind == "broken"
    assert await client.rest() == []
    assert pod.model.requests == []
