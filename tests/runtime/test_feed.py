from __future__ import annotations

import anyio
import pytest

from podd.runtime.feed import BLOCK, KEPT_BYTES, LOW, RING_EVENTS, Feed
from podd_protocol.events import Alert, StateChanged, Text

LIVE = Alert(level="info", source="test", code="x", message="")


def _feed(last=0):
    feed = Feed(last=last)
    feed.reserved(feed.next_block)
    return feed


def _durable(feed, count=1):
    events = [
        StateChanged(seq=feed.next_seq + number, state="idle")
        for number in range(count)
    ]
    feed.hold(events)


def _numbers(feed, after, limit=100):
    return [numbered.seq for numbered in feed.kept_after(after, limit)]


async def test_what_is_held_is_not_shown_before_it_is_released():
    feed = _feed()
    _durable(feed, 2)
    await feed.live(LIVE)

    assert (feed.last, _numbers(feed, 0)) == (0, [])
    feed.release()
    assert (feed.last, _numbers(feed, 0)) == (3, [1, 2, 3])


async def test_a_live_event_is_shown_at_once_where_nothing_is_held():
    feed = _feed(last=41)

    await feed.live(LIVE)

    assert (feed.last, _numbers(feed, 41)) == (42, [42])


async def test_the_ring_gives_what_lies_behind_a_number_up_to_a_limit():
    feed = _feed()
    for _ in range(10):
        await feed.live(LIVE)

    assert _numbers(feed, 4) == [5, 6, 7, 8, 9, 10]
    assert _numbers(feed, 4, limit=2) == [5, 6]
    assert _numbers(feed, 10) == []


async def test_the_ring_keeps_the_newest():
    """Promise 10: the ring has an end."""
    feed = _feed()
    for _ in range(RING_EVENTS + 5):
        feed.reserved(feed.next_block)
        await feed.live(LIVE)

    assert feed.first_kept == 6
    assert _numbers(feed, 0, limit=2) == [6, 7]


def test_a_long_durable_event_is_left_to_the_journal():
    feed = _feed()
    feed.hold([Text(seq=1, turn="t1", step=1, text="x" * KEPT_BYTES)])
    feed.release()

    (kept,) = feed.kept_after(0, 1)

    assert (kept.seq, kept.name, kept.line) == (1, "text", None)


async def test_a_live_event_waits_for_a_reserved_number():
    feed = Feed(last=5)
    asked = []
    feed.on_low = lambda: asked.append(feed.next_block)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.live, LIVE)
        await anyio.wait_all_tasks_blocked()
        assert (feed.next_seq, asked) == (6, [5 + BLOCK])
        feed.reserved(5 + BLOCK)

    assert feed.last == 6


async def test_the_next_block_is_asked_for_while_numbers_are_left():
    feed = _feed()
    lows = []
    feed.on_low = lambda: lows.append(feed.last)
    for _ in range(BLOCK - LOW + 2):
        await feed.live(LIVE)

    assert lows == [BLOCK - LOW + 1]


@pytest.mark.parametrize("news", ["an event", "the end"])
async def test_a_waiter_wakes(news):
    feed = _feed()
    found = []

    async def wait():
        found.append(await feed.wait_beyond(0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert found == []
        if news == "an event":
            await feed.live(LIVE)
        else:
            feed.end()

    assert found == [news == "an event"]


async def test_what_is_there_is_read_also_after_the_end():
    feed = _feed()
    await feed.live(LIVE)
    feed.end()

    assert await feed.wait_beyond(0)
    assert not await feed.wait_beyond(1)
