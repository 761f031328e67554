"""One subscriber's place: everything in order, and nothing dropped in silence."""

from __future__ import annotations

import anyio
import pytest

from podd.controller import subscription
from podd.controller.subscription import Subscription
from podd.core.context.response import TextDelta
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.errors import JournalDamagedError
from podd.runtime.feed import KEPT_BYTES, RING_EVENTS
from podd.testing.harness import PodHarness
from podd.testing.journal import MemoryJournal
from podd.testing.model import answer, spoken
from podd_protocol.event import Durable
from podd_protocol.events import Alert, Lagged
from podd_protocol.requests import Hello, Run, Subscribe
from tests.runtime.in_pod import in_pod

LIVE = Alert(level="info", source="test", code="x", message="")


async def _turn(pod, *items):
    """Run a turn to its end, and return the number of its last event."""
    pod.model.say(*items)
    client = await pod.subscriber(after=None)
    await client.ask(Run(id=1, input="work"))
    await client.until("turn_ended")
    return (await client.event()).seq


async def _all(pod, after=0, only=None):
    """What a new subscriber is told, up to now."""
    client = await pod.subscriber(after, only)
    if only is not None:
        await pod.feed.live(LIVE)  # `only` must let it through, so that there is an end
    last = pod.feed.last
    return await client.events_until(lambda event: event.seq >= last)


def _assert_every_number_is_told(events, after, last):
    at = after
    for event in events:
        if isinstance(event, Lagged):
            assert (event.from_, event.seq) == (at + 1, event.to)
        else:
            assert event.seq == at + 1
        at = event.seq
    assert at == last


def _durable(events):
    return [event for event in events if isinstance(event, Durable)]


async def _overflow(pod):
    """Push everything there is out of the ring."""
    for _ in range(RING_EVENTS):
        await pod.feed.live(LIVE)


@in_pod
async def test_replay_from_the_ring_is_what_was_said_live(pod):
    live = await pod.subscriber()
    last = await _turn(pod, *spoken("some words", pieces=5))

    events = await _all(pod)

    assert await live.events_until(lambda event: event.seq == last) == events
    _assert_every_number_is_told(events, 0, last)


@in_pod
async def test_replay_from_the_journal_gives_the_durable_and_lags_over_the_live(pod):
    live = await pod.subscriber()
    last = await _turn(pod, *spoken("some words", pieces=5))
    seen = await live.events_until(lambda event: event.seq == last)
    await _overflow(pod)

    events = await _all(pod)

    _assert_every_number_is_told(events, 0, pod.feed.last)
    assert _durable(events) == _durable(seen)
    (deltas,) = (ev for ev in events if isinstance(ev, Lagged) and ev.to < last)
    lost = [ev.seq for ev in seen if not isinstance(ev, Durable)]
    assert (deltas.from_, deltas.to) == (lost[0], lost[-1])


@pytest.mark.parametrize("source", ["ring", "journal"])
@in_pod
async def test_replay_begins_in_the_middle_of_the_events_of_an_entry(pod, source):
    whole = answer("prose", ("read_file", "{}"), ("read_file", "{}"))
    pod.model.say(whole)
    last = await _turn(pod, answer("done"))
    (response, _) = (x for x in pod.journal.entries if isinstance(x, e.ModelResponded))
    if source == "journal":
        await _overflow(pod)

    events = await _all(pod, after=response.seq + 1)

    _assert_every_number_is_told(events, response.seq + 1, pod.feed.last)
    names = [event.__struct_config__.tag for event in events if event.seq <= last]
    assert names[:3] == ["tool_call", "usage", "step_ended"]


@in_pod
async def test_two_subscribers_from_0_at_different_times_see_the_same(pod):
    early = await pod.subscriber()
    for number in range(3):
        await _turn(pod, *spoken(f"turn {number}", pieces=4))
    late = await pod.subscriber()
    last = await _turn(pod, *spoken("the last"))

    def is_last(event):
        return event.seq == last

    first = await early.events_until(is_last)
    second = await late.events_until(is_last)

    assert _durable(first) == _durable(second)
    assert [x for x in early.raw if b'"at"' in x] == [
        x for x in late.raw if b'"at"' in x
    ]
    _assert_every_number_is_told(second, 0, last)


async def test_after_a_restore_lagged_stands_for_what_was_skipped(short_directory):
    """Promise 7."""
    async with PodHarness(short_directory) as pod:
        early = await pod.subscriber()
        last = await _turn(pod, *spoken("some words", pieces=5))
        before = await early.events_until(lambda event: event.seq == last)
        lines_written = pod.journal.lines

    journal = MemoryJournal(lines_written)
    async with PodHarness(short_directory, journal=journal) as pod:
        new_last = await _turn(pod, *spoken("more", pieces=2))
        events = await _all(pod)

    _assert_every_number_is_told(events, 0, new_last)
    old = [event for event in events if event.seq <= last]
    assert _durable(old) == _durable(before)
    reserved = max(
        x.upto for x in journal.entries[: len(lines_written)] if hasattr(x, "upto")
    )
    gap = next(x for x in events if isinstance(x, Lagged) and x.to > last)
    assert (gap.from_, gap.to) == (last + 1, reserved)


@in_pod
async def test_with_only_what_was_asked_for_comes_and_no_gap_is_told(pod):
    await _turn(pod, *spoken("one", pieces=3))
    await _overflow(pod)
    await _turn(pod, *spoken("two", pieces=3))

    events = await _all(pod, only=["turn_ended", "alert"])

    names = [event.__struct_config__.tag for event in events]
    assert names.count("turn_ended") == 2
    assert set(names) == {"turn_ended", "alert"}


@in_pod
async def test_more_events_than_the_ring_holds_reach_who_keeps_up(pod):
    client = await pod.subscriber()
    count = 2 * RING_EVENTS + 100

    async def talk():
        for number in range(count):
            await pod.feed.live(LIVE)
            if number % 200 == 0:
                await client.events_until(lambda e, up=pod.feed.last: e.seq >= up)

    with anyio.fail_after(20):
        await talk()
    await pod.feed.live(LIVE)
    last = pod.feed.last

    rest = await client.events_until(lambda event: event.seq == last)
    assert not any(b'"lagged"' in line for line in client.raw)
    assert rest[-1].seq > count


@in_pod
async def test_long_durable_events_are_read_back_from_the_journal(pod):
    texts = [letter * 2 * KEPT_BYTES for letter in "abc"]
    for text in texts:
        last = await _turn(pod, TextDelta("x"), answer(text))

    events = await _all(pod)

    _assert_every_number_is_told(events, 0, last)
    assert not any(isinstance(event, Lagged) for event in events)
    said = [ev.text for ev in events if ev.__struct_config__.tag == "text"]
    assert said == texts


@in_pod
async def test_an_entry_longer_than_a_chunk_does_not_hold_up_who_is_behind_it(pod):
    """The journal is read in chunks; one may hold nothing but what is known already."""
    calls = [("write_file", '{"content":"' + "x" * 60_000 + '"}')] * 6
    pod.model.say(answer("", *calls))
    last = await _turn(pod, *spoken("after", pieces=3))
    (long, _) = (x for x in pod.journal.entries if isinstance(x, e.ModelResponded))
    # Live events that are gone lie between the end of that entry and the next one.
    seen = await _all(pod, after=long.seq + 7)
    await _overflow(pod)

    events = await _all(pod, after=long.seq + 7)

    assert _durable([x for x in seen if x.seq <= last]) == _durable(events)
    _assert_every_number_is_told(events, long.seq + 7, pod.feed.last)


@in_pod
async def test_a_cursor_in_a_gap_behind_a_long_entry_gets_on(pod):
    pod.journal.append(e.SeqReserved(upto=100_000))
    pod.feed.reserved(100_000)
    calls = [("write_file", '{"content":"' + "x" * 60_000 + '"}')] * 6
    gate = anyio.Event()
    pod.model.say(answer("", *calls))
    pod.model.say(*(TextDelta("x") for _ in range(50)), gate, answer("done"))
    client = await pod.subscriber(after=None)
    await client.ask(Run(id=1, input="work"))
    deltas = await client.until("text_delta")
    await pod.feed.live(LIVE)
    gate.set()
    last = (await client.until("turn_ended"))[-1].seq
    await _overflow(pod)

    events = await _all(pod, after=deltas[-1].seq + 10)

    _assert_every_number_is_told(events, deltas[-1].seq + 10, pod.feed.last)
    assert any(event.seq == last for event in _durable(events))


@in_pod
async def test_an_event_longer_than_a_line_may_be_is_told_as_lagged(pod, monkeypatch):
    last = await _turn(pod, answer("x" * 3000))
    whole = await _all(pod)
    monkeypatch.setattr(subscription, "LINE_BYTES", 2000)

    events = await _all(pod)

    _assert_every_number_is_told(events, 0, last)
    told = {x.seq: x.__struct_config__.tag for x in whole}
    lagged = [told[x.seq] for x in events if isinstance(x, Lagged) and x.from_ == x.to]
    assert lagged == ["text", "turn_ended"]


@in_pod
async def test_what_the_disk_no_longer_gives_is_told_as_lagged(pod):
    await _turn(pod, answer("x" * 2 * KEPT_BYTES))
    broken = JournalDamagedError(
        path="p", line=1, reason="its blob is missing", damage="blob_missing"
    )

    def refuse(seq, limit_bytes):
        raise broken

    pod.journal.read_events = refuse

    events = await _all(pod)

    _assert_every_number_is_told(events, 0, pod.feed.last)
    assert [x.__struct_config__.tag for x in events].count("text") == 0
    del pod.journal.read_events
    assert [x.__struct_config__.tag for x in await _all(pod)].count("text") == 1


@in_pod
async def test_what_is_written_and_not_yet_durable_is_not_replayed(pod):
    gate = anyio.Event()
    pod.model.say(gate, answer("secret " + "x" * KEPT_BYTES))
    watcher = await pod.subscriber()
    await watcher.ask(Run(id=1, input="work"))
    await watcher.until("step_started")
    pod.journal.hold_syncs()
    gate.set()
    await pod.journal.syncing.wait()
    assert "turn_ended" in pod.journal.kinds

    events = await _all(pod)

    assert not any("secret" in getattr(event, "text", "") for event in events)
    pod.journal.may_sync.set()
    await watcher.until("turn_ended")


@in_pod
async def test_a_second_subscribe_replaces_the_first(pod):
    client = await pod.subscriber(only=["alert"])
    await _turn(pod, answer("done"))

    reply = await client.ask(Subscribe(id=9, after=0, only=["turn_ended"]))
    await pod.feed.live(LIVE)
    await _turn(pod, answer("again"))

    assert reply.id == 9
    events = [*await client.until("turn_ended"), *await client.until("turn_ended")]
    assert [event.text for event in events] == ["done", "again"]


@in_pod
async def test_a_second_subscribe_in_the_middle_of_a_write_leaves_no_half_line(pod):
    """Only waiting is cancelled: what has begun to go out goes out whole."""
    for _ in range(2_000):
        await pod.feed.live(
            Alert(level="info", source="t", code="x", message="y" * 999)
        )
    client = await pod.connect()
    await client.send(Hello(id=0, protocol=1), Subscribe(id=1, after=0))
    # Let it write until the socket is full, in the middle of a line.
    await anyio.wait_all_tasks_blocked()
    await client.send(Subscribe(id=2, after=0))
    await anyio.wait_all_tasks_blocked()
    last = pod.feed.last

    replies = [await client.reply() for _ in range(3)]
    first = await client.event()
    events = await client.events_until(lambda event: event.seq == last)

    assert [reply.id for reply in replies] == [0, 1, 2]
    # What the first one had begun to write, then all of it again.
    assert first.seq == 1
    assert [event.seq for event in events].count(1) == 1
    assert [event.seq for event in events][-last:] == list(range(1, last + 1))


@in_pod
async def test_ok_comes_before_the_first_replayed_event(pod):
    await _turn(pod, answer("done"))
    client = await pod.connect()
    await client.greet()
    await client.ask(Subscribe(id=1, after=0))
    await client.until("turn_ended")

    assert client.raw[1].startswith(b'{"reply":"ok","id":1,"seq":')
    assert all(line.startswith(b'{"event"') for line in client.raw[2:])


@in_pod
async def test_a_place_beyond_the_newest_event_is_now(pod):
    client = await pod.subscriber(after=10**9)
    await pod.feed.live(LIVE)

    assert (await client.event()).seq == pod.feed.last


@in_pod
async def test_others_are_served_while_much_is_passed_over(pod):
    """Filtered out, a long replay sends nothing, and must not hold up the loop."""
    for number in range(300):
        text = f"{number}{2000 * 'x'}"
        await pod.driver.ask(i.NotificationSent(message=text, wake=False))
    await _overflow(pod)
    reader = Subscription(pod.feed, pod.journal, after=0, only=["stopping"])
    pod.feed.end()
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        assert await reader.next_chunk() == b""
        tasks.cancel_scope.cancel()

    assert turns > RING_EVENTS / subscription.CHUNK_EVENTS
