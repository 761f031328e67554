"""One client: who sends and leaves is heard, who does not read disturbs nobody."""

from __future__ import annotations

import os
import resource
import socket

import anyio
import pytest

from podd.controller import server as servers
from podd.controller.server import _peer_uid
from podd.testing.harness import PodHarness
from podd.testing.model import answer, spoken
from podd.testing.wire_client import WireClient
from podd_protocol.event import Durable
from podd_protocol.events import Alert, Lagged
from podd_protocol.replies import Ok
from podd_protocol.requests import (
    Hello,
    Run,
    Shutdown,
    Status,
    Subscribe,
)
from tests.runtime.in_pod import in_pod


@in_pod
async def test_requests_in_one_write_are_answered_in_order(pod):
    pod.model.say(anyio.Event())
    client = await pod.connect()
    await client.send(
        Hello(id=1, protocol=1),
        Subscribe(id=2, after=0),
        Run(id=3, input="one"),
        Run(id=4, input="two"),
        Status(id=5),
    )

    replies = [await client.reply() for _ in range(5)]

    names = [reply.__struct_config__.tag for reply in replies]
    assert names == ["welcome", "ok", "accepted", "accepted", "status"]
    assert [reply.id for reply in replies] == [1, 2, 3, 4, 5]
    assert [(r.turn, r.position) for r in replies[2:4]] == [("t1", 0), ("t2", 1)]
    assert replies[4].queue[0].turn == "t2"


@in_pod
async def test_who_sends_and_leaves_is_heard(pod):
    pod.model.say(answer("heard"))
    watcher = await pod.subscriber()
    client = await WireClient.connect(pod.directory / "sock")
    await client.send(Hello(id=1, protocol=1), Run(id=2, input="and gone"))
    await client.close()

    events = await watcher.until("turn_ended")

    assert events[-1].text == "heard"


@in_pod
async def test_who_only_stops_talking_still_hears_all_that_was(pod):
    for _ in range(3_000):
        await pod.feed.live(_live("x" * 200))
    client = await pod.connect()
    await client.send(Hello(id=1, protocol=1), Subscribe(id=2, after=0))
    await client.half_close()

    _welcome, _ok, *events = await client.rest()

    assert events[-1].seq == pod.feed.last
    assert sum(isinstance(event, Alert) for event in events) == 3_000


@in_pod
async def test_who_stops_talking_and_has_heard_all_is_let_go(pod):
    client = await pod.subscriber()
    await client.half_close()

    heard = await client.rest()

    assert [event.seq for event in heard] == list(range(1, pod.feed.last + 1))


@in_pod
async def test_who_leaves_without_reading_what_was_said_is_heard(pod):
    """The pod finds out that it can no longer write before it has read all."""
    for _ in range(5_000):
        await pod.feed.live(_live())
    pod.model.say(answer("heard"))
    watcher = await pod.subscriber(after=None)
    client = await WireClient.connect(pod.directory / "sock")
    await client.send(
        Hello(id=1, protocol=1),
        Subscribe(id=2, after=0),
        *(Status(id=number) for number in range(3, 500)),
        Run(id=500, input="and gone"),
    )
    await client.close()

    assert (await watcher.until("turn_ended"))[-1].text == "heard"


def _live(text=""):
    return Alert(level="info", source="test", code="x", message=text)


@in_pod
async def test_who_never_reads_disturbs_nobody_and_is_told_what_was_missed(pod):
    deaf = await pod.connect()
    await deaf.send(Hello(id=1, protocol=1), Subscribe(id=2, after=0))
    watcher = await pod.subscriber(after=None)
    piece = "x" * 500
    total = 12_000
    for number in range(total):
        await pod.feed.live(_live(piece))
        if number % 100 == 0:
            up_to = pod.feed.last
            await watcher.events_until(lambda e, up=up_to: e.seq >= up)
    assert total * len(piece) > 5_000_000
    pod.model.say(*spoken("still there", pieces=3))
    await watcher.ask(Run(id=1, input="work"))
    await watcher.until("turn_ended")
    # What is kept for it is the ring, which all share, and what the kernel holds.
    assert len(pod.feed._ring) == 10_000
    last = pod.feed.last

    await deaf.reply()
    await deaf.reply()
    events = await deaf.events_until(lambda event: event.seq == last)

    lagged = [event for event in events if isinstance(event, Lagged)]
    assert lagged
    at = 0
    for event in events:
        assert (event.from_ if isinstance(event, Lagged) else event.seq) == at + 1
        at = event.seq
    durable = [event for event in events if isinstance(event, Durable)]
    again = await pod.subscriber()
    all_of_them = await again.events_until(lambda event: event.seq == last)
    assert durable == [event for event in all_of_them if isinstance(event, Durable)]


@in_pod
async def test_a_deaf_client_does_not_hold_up_the_end_of_a_pod(pod, monkeypatch):
    monkeypatch.setattr(servers, "FAREWELL_SECONDS", 0.05)
    for _ in range(5_000):
        await pod.feed.live(_live("x" * 200))
    deaf = await pod.connect()
    await deaf.send(Hello(id=1, protocol=1), Subscribe(id=2, after=0))
    other = await pod.connect()
    await other.ask(Hello(id=1, protocol=1))
    await other.ask(Shutdown(id=2))

    await pod.wait_ended()


@pytest.mark.parametrize("mode", ["drain", "now"])
@in_pod
async def test_a_shutdown_is_answered_and_told_to_the_end_before_the_eof(pod, mode):
    client = await pod.subscriber()
    bystander = await pod.subscriber()
    await client.send(Shutdown(id=9, mode=mode))

    mine, theirs = await client.rest(), await bystander.rest()

    assert [m.id for m in mine if isinstance(m, Ok)] == [9]
    for heard in (mine, theirs):
        events = [m for m in heard if not isinstance(m, Ok)]
        assert [e.__struct_config__.tag for e in events[-2:]] == [
            "state_changed",
            "stopping",
        ]
        assert events[-2].state == "stopping"
        assert events[-1].seq == pod.feed.last
    assert not (pod.directory / "sock").exists()


@in_pod
async def test_after_a_second_subscribe_the_last_events_still_come_before_the_eof(pod):
    client = await pod.subscriber()
    await client.ask(Subscribe(id=1, after=None))

    await client.send(Shutdown(id=2))

    heard = await client.rest()
    assert heard[-1].__struct_config__.tag == "stopping"


@in_pod
async def test_a_drain_lets_the_turn_end(pod):
    gate = anyio.Event()
    pod.model.say(gate, answer("finished"))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("step_started")
    await client.ask(Shutdown(id=2))
    refused = await client.ask(Run(id=3, input="more"))
    gate.set()

    heard = await client.rest()

    assert refused.code == "stopping"
    (ended,) = (m for m in heard if m.__struct_config__.tag == "turn_ended")
    assert ended.text == "finished"
    assert pod.state.turn is None


@in_pod
async def test_fifty_clients_hear_the_same(pod):
    pod.model.say(*spoken("to all of you", pieces=20))
    clients = [await pod.subscriber() for _ in range(50)]
    status = await clients[7].ask(Status(id=1))
    await clients[3].ask(Run(id=1, input="work"))

    heard = []
    for client in clients:
        await client.until("turn_ended")
        heard.append([line for line in client.raw if line.startswith(b'{"event"')])

    shortest = min(len(lines) for lines in heard)
    assert all(lines[:shortest] == heard[0][:shortest] for lines in heard)
    assert status.clients == 50


@in_pod
async def test_one_client_too_many_is_told_so(pod):
    pod.server.most = 2
    kept = [await pod.connect() for _ in range(2)]
    for client in kept:
        await client.greet()
    third = await pod.connect()

    (failure,) = await third.rest()

    assert (failure.id, failure.code, failure.data) == (None, "busy", {"clients": 2})
    await kept[0].close()
    with anyio.fail_after(5):
        while pod.server.clients > 1:
            await kept[1].ask(Status(id=1))
    fourth = await pod.connect()
    assert (await fourth.greet()).pod == "fake"


async def test_few_descriptors_mean_few_clients(short_directory):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        async with PodHarness(short_directory) as pod:
            assert pod.server.most == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_uid_of_the_peer_is_the_kernels_word():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert _peer_uid(ours) == os.getuid()


@in_pod
async def test_a_peer_of_another_user_is_not_served(pod, monkeypatch):
    monkeypatch.setattr(servers, "_peer_uid", lambda raw: os.getuid() + 1)
    client = await pod.connect()

    assert await client.rest() == []
    assert pod.server.clients == 0


@in_pod
async def test_the_socket_is_the_owners_alone(pod):
    found = (pod.directory / "sock").stat()

    assert found.st_mode & 0o777 == 0o600
    assert found.st_uid == os.getuid()


async def test_a_socket_that_a_dead_pod_left_is_replaced(short_directory):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(short_directory / "sock"))
    async with PodHarness(short_directory) as pod:
        client = await pod.connect()

        assert (await client.greet()).pod == "fake"
