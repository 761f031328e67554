"""A disk without room, or broken: what is refused, what is kept, what still works."""

from __future__ import annotations

import anyio
import pytest

from podd.core.turn import inputs as i
from podd.errors import StorageError
from podd.testing.harness import PodHarness
from podd.testing.journal import MemoryJournal
from podd.testing.model import answer
from podd.testing.tools import ToolScript
from podd_protocol.events import Alert
from podd_protocol.requests import Cancel, Notify, Run, Shutdown, Status
from tests.runtime.in_pod import in_pod


def _kinds(events):
    return [event.__struct_config__.tag for event in events]


async def _refused(pod, request):
    client = await pod.connect()
    await client.greet()
    reply = await client.ask(request)
    return reply.code


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


async def test_a_pod_that_is_restored_on_a_full_disk_takes_no_work(short_directory):
    journal = MemoryJournal()
    journal.release_reserve()
    journal.room = journal.reserve - 1
    async with PodHarness(short_directory, journal=journal) as pod:
        client = await pod.subscriber(after=0)
        alert = (await client.until("alert"))[-1]

        refused = await client.ask(Run(id=1, input="small"))

        assert (alert.level, alert.code, refused.code) == (
            "error",
            "storage",
            "storage",
        )
        assert (await client.ask(Status(id=2))).storage == "full"

        journal.room = None
        pod.model.say(answer("done"))
        assert (await client.ask(Run(id=3, input="small"))).turn == "t1"


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
    pod.model.say(anyio.Event())
    client = await pod.subscriber(after=None)
    pod.driver.tell(i.InputQueued(text="work"))
    await client.until("step_started")
    pod.journal.room = 0
    long = answer("x" * 20_000)
    told = pod.driver.tell(i.ModelAnswered(turn="t1", step=1, attempt=1, response=long))
    await client.until("alert")
    assert "model_responded" not in pod.journal.kinds
    assert not told.done.is_set()

    pod.journal.room = None
    pod.driver.wake()

    assert (await client.until("turn_ended"))[-1].text == "x" * 20_000
    assert told.done.is_set()


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
