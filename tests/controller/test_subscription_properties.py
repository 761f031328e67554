"""Any interleaving: numbers rise, and each is an event or inside exactly one lagged."""

from __future__ import annotations

import anyio
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from podd.controller import subscription as subscriptions
from podd.controller.subscription import Subscription
from podd.core.pod.fold import apply
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.session.events import events as events_of
from podd.runtime import feed as feeds
from podd.runtime.feed import Feed
from podd.testing.journal import MemoryJournal
from podd_protocol.events import Alert

LIVE = Alert(level="info", source="test", code="x", message="")

_entry = st.one_of(
    st.builds(e.TurnPaused, turn=st.just("t1")),
    st.builds(
        e.NotificationAccepted,
        cause=st.just("c1"),
        origin=st.just("user"),
        text=st.integers(0, 300).map(lambda size: "x" * size),
        rendered=st.just(""),
        wake=st.just(False),
        turn=st.just("t1"),
    ),
    st.builds(
        e.TurnStarted, turn=st.just("t1"), causes=st.lists(st.just("c"), max_size=1)
    ),
    st.builds(
        e.FileChanged,
        turn=st.just("t1"),
        call=st.just("c"),
        path=st.integers(0, 300).map(lambda size: "x" * size),
        change=st.just("created"),
        before=st.none(),
        after=st.just(""),
    ),
)
_act = st.one_of(
    _entry,
    st.just("live"),
    st.just("release"),
    st.just("restore"),
    st.integers(0, 4).map(lambda who: ("read", who)),
)


class _World:
    """A feed with a tiny ring, its journal, and readers who began at 0."""

    def __init__(self):
        self.journal = MemoryJournal()
        self.feed = Feed(last=0)
        self.feed.reserved(10**6)
        self.readers = [self._reader() for _ in range(5)]
        self.heard = [[] for _ in self.readers]

    def _reader(self, after=0):
        return Subscription(self.feed, self.journal, after=after, only=None)

    def append(self, entry):
        stamped = msgspec.structs.replace(entry, seq=self.feed.next_seq)
        events = events_of(stamped)
        if not events:
            stamped = msgspec.structs.replace(stamped, seq=0)
        self.journal.append(stamped)
        self.feed.hold(events)

    async def read(self, who):
        if self.readers[who]._cursor >= self.feed.last:
            return
        lines = (await self.readers[who].next_chunk()).splitlines()
        self.heard[who] += [msgspec.json.decode(line) for line in lines]

    def restore(self):
        """A new process; readers come back with the last number they heard."""
        self.append(e.SeqReserved(upto=self.feed.next_seq + 3))
        state = PodState()
        last = 0
        for entry in self.journal.entries:
            apply(state, entry)
            last = max([last, *(event.seq for event in events_of(entry))])
        # Readers know no numbers that were live and never reserved.
        self.feed.release()
        self.feed = Feed(last=max(last, state.seq_reserved, self.feed.last))
        self.feed.reserved(10**6)
        self.readers = [self._reader(reader._cursor) for reader in self.readers]


@given(st.lists(_act, max_size=60))
def test_every_number_is_an_event_or_in_exactly_one_lagged(acts):
    """Promise 7."""
    anyio.run(_run, acts)


async def _run(acts):
    sizes = (feeds.RING_EVENTS, feeds.KEPT_BYTES)
    chunks = (subscriptions.CHUNK_BYTES, subscriptions.CHUNK_EVENTS)
    feeds.RING_EVENTS, feeds.KEPT_BYTES = 7, 200
    subscriptions.CHUNK_BYTES, subscriptions.CHUNK_EVENTS = 400, 3
    try:
        await _play(acts)
    finally:
        feeds.RING_EVENTS, feeds.KEPT_BYTES = sizes
        subscriptions.CHUNK_BYTES, subscriptions.CHUNK_EVENTS = chunks


async def _play(acts):
    world = _World()
    for act in acts:
        match act:
            case "live":
                await world.feed.live(LIVE)
            case "release":
                world.feed.release()
            case "restore":
                world.restore()
            case ("read", int(who)):
                await world.read(who)
            case entry:
                world.append(entry)
    world.feed.release()
    for who in range(len(world.readers)):
        while world.readers[who]._cursor < world.feed.last:
            with anyio.fail_after(5):
                await world.read(who)
    durable = {
        event.seq: msgspec.json.decode(msgspec.json.encode(event))
        for entry in world.journal.entries
        for event in events_of(entry)
    }
    for heard in world.heard:
        _assert_honest(heard, durable, world.feed.last)


def _assert_honest(heard, durable, last):
    at = 0
    for event in heard:
        if event["event"] == "lagged":
            assert (event["from"], event["seq"]) == (at + 1, event["to"])
            assert not durable.keys() & set(range(event["from"], event["to"] + 1))
        else:
            assert event["seq"] == at + 1
            assert durable.get(event["seq"], event) == event
        at = event["seq"]
    assert at == last
    assert durable.keys() <= {event["seq"] for event in heard}
