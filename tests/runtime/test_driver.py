"""The loop: what is durable before what."""

from __future__ import annotations

import anyio
import msgspec
import pytest

from podd.core.context.response import TextDelta
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.errors import StorageError
from podd.runtime.feed import BLOCK
from podd.testing.harness import PodHarness
from podd.testing.model import answer, spoken
from podd.testing.surface import SURFACE
from podd.testing.tools import RecordingTools, ToolScript
from podd_protocol.events import Alert
from podd_protocol.requests import Run, Shutdown, Status
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
    """Promise 1: what is accepted is durable."""
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
    """Promise 1: an intention is there before its effect."""
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


@in_pod
async def test_facts_that_come_while_a_pod_ends_are_refused(pod):
    stopping = await pod.connect()
    late = await pod.subscriber()
    await stopping.greet()
    pod.journal.hold_syncs()
    await stopping.send(Shutdown(id=2, mode="now"))
    await pod.journal.syncing.wait()
    await late.send(Run(id=2, input="late"))
    # It is served after that was read, so it lies in the mailbox by now.
    await (await pod.connect()).greet()
    pod.journal.may_sync.set()

    heard = await late.rest()

    assert [m.code for m in heard if m.__struct_config__.tag == "failure"] == [
        "stopping"
    ]


@in_pod
async def test_a_step_that_was_decided_goes_out_with_the_surface_that_it_names(pod):
    other = msgspec.structs.replace(SURFACE, model="other")
    pod.model.say(answer("", ("read_file", "{}")))
    pod.model.say(answer("done"))
    pod.driver.tell(i.InputQueued(text="work"))
    pod.driver.tell(i.SurfaceConfigured(surface=other, manifest={}))

    await pod.model.asked(2)

    assert [one.surface for one in pod.model.requests] == [SURFACE, other]
    steps = [x for x in pod.journal.entries if isinstance(x, e.StepStarted)]
    assert [step.model for step in steps] == ["fake", "other"]


@in_pod
async def test_new_settings_are_there_before_anything_follows_from_a_change(pod):
    seen = []
    pod.driver.on_configured = lambda entry: seen.append(
        (entry.cause, pod.journal.kinds[-1])
    )
    pod.model.say(answer("done"))
    changed = pod.driver.tell(i.SurfaceConfigured(surface=SURFACE, manifest={}))
    pod.driver.tell(i.InputQueued(text="work"))

    await pod.model.asked(1)

    assert changed.done.is_set()
    assert seen == [("configured", "surface_set")]


@in_pod
async def test_a_change_is_refused_while_the_disk_is_full(pod):
    pod.journal.room = 0
    # Shows at the first write, which still goes into the reserve.
    await pod.driver.ask(i.NotificationSent(message="x", wake=False))
    before = pod.journal.kinds

    with pytest.raises(StorageError):
        await pod.driver.ask(i.SurfaceConfigured(surface=SURFACE, manifest={}))

    assert pod.journal.kinds == before
