"""A bad line is answered to its sender alone, and the pod goes on."""

from __future__ import annotations

import msgspec
import pytest

from podd.testing.model import answer
from podd.testing.wire_client import WireClient
from podd_protocol.lines import LINE_BYTES
from podd_protocol.replies import Ok, StatusReply, Welcome
from podd_protocol.requests import Hello, Run, Shutdown, Status
from tests.runtime.in_pod import in_pod

BAD = [
    (b"garbage\n", None, "bad_frame"),
    (b"\xff\xfe\n", None, "bad_frame"),
    (b'{"method":"run"\n', None, "bad_frame"),
    (b"[1,2]\n", None, "bad_frame"),
    (b"{}\n", None, "bad_field"),
    (b'{"id":4}\n', 4, "bad_field"),
    (b'{"method":5,"id":4}\n', 4, "bad_field"),
    (b'{"method":"run","id":4}\n', 4, "bad_field"),
    (b'{"method":"run","id":4,"input":7}\n', 4, "bad_field"),
    (b'{"method":"run","id":"x","input":"y"}\n', None, "bad_field"),
    (b'{"method":"status"}\n', None, "bad_field"),
    (b'{"method":"run","id":4,"input":"x","when_busy":"maybe"}\n', 4, "bad_field"),
    (b'{"method":"subscribe","id":4,"after":"x"}\n', 4, "bad_field"),
    (b'{"method":"dance","id":4}\n', 4, "unknown_method"),
    (b'{"method":"compact","id":4}\n', 4, "not_supported"),
    (b'{"method":"compact","id":4}\n', 4, "not_supported"),
]


@pytest.mark.parametrize(("line", "number", "code"), BAD)
@in_pod
async def test_the_sender_is_told_and_stays(pod, line, number, code):
    """Promise 7: a bad line is answered to its sender alone."""
    bystander = await pod.subscriber()
    bystander.raw.clear()
    client = await pod.connect()
    await client.greet()

    failure = await client.ask(line)

    assert (failure.id, failure.code) == (number, code)
    assert failure.message
    assert isinstance(await client.ask(Status(id=1)), StatusReply)
    await bystander.ask(Status(id=2))
    assert not any(b"failure" in heard for heard in bystander.raw)


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        (b'{"method":"run","id":1,"input":"x"}\n', 1, "not_greeted"),
        (b'{"method":"status","id":1}\n', 1, "not_greeted"),
        (b'{"method":"shutdown","id":1}\n', 1, "not_greeted"),
        (b'{"method":"subscribe","id":1}\n', 1, "not_greeted"),
        (b'{"method":"history","id":1}\n', 1, "not_greeted"),
        (b'{"method":"dance","id":1}\n', 1, "not_greeted"),
        (b'{"method":"fork","id":1}\n', 1, "not_greeted"),
        (b"garbage\n", None, "bad_frame"),
        (b'{"method":"run","id":1}\n', 1, "bad_field"),
    ],
)
@in_pod
async def test_hello_must_come_first(pod, line, number, code):
    client = await pod.connect()

    failure = await client.ask(line)

    assert (failure.id, failure.code) == (number, code)
    assert isinstance(await client.greet(), Welcome)
    assert "input_accepted" not in pod.journal.kinds


@in_pod
async def test_unknown_fields_are_ignored(pod):
    pod.model.say(answer("done"))
    client = await pod.connect()
    await client.greet()

    accepted = await client.ask(
        b'{"method":"run","id":-7,"input":"x","colour":"red","when_busy":"queue"}\n'
    )

    assert (accepted.id, accepted.turn) == (-7, "t1")


@in_pod
async def test_a_line_that_is_too_long_closes_its_connection_alone(pod):
    bystander = await pod.subscriber()
    client = await pod.connect()
    await client.greet()
    piece = b"x" * (1024 * 1024)
    for _ in range(LINE_BYTES // len(piece)):
        await client.send(piece)

    failure = await client.ask(b"xx")

    assert (failure.id, failure.code) == (None, "too_large")
    assert failure.data == {"limit": LINE_BYTES}
    assert await client.rest() == []
    assert isinstance(await bystander.ask(Status(id=1)), StatusReply)


@in_pod
async def test_a_line_that_was_cut_off_is_told_and_not_taken(pod):
    client = await pod.connect()
    await client.greet()
    await client.send(b'{"method":"run","id":1,"input":"x"}')
    await client.half_close()

    (failure,) = await client.rest()

    assert (failure.id, failure.code) == (None, "bad_frame")
    assert "input_accepted" not in pod.journal.kinds


@in_pod
async def test_a_client_of_another_version_may_still_look_and_stop(pod):
    client = await pod.connect()

    mismatch = await client.ask(Hello(id=1, protocol=2))

    assert (mismatch.id, mismatch.code) == (1, "version_mismatch")
    assert mismatch.data == {"protocol": 1, "min_protocol": 1}
    refused = await client.ask(Run(id=2, input="x"))
    assert refused.code == "not_greeted"
    assert isinstance(await client.ask(Status(id=3)), StatusReply)
    assert isinstance(await client.ask(Shutdown(id=4, mode="now")), Ok)
    await pod.wait_ended()


@in_pod
async def test_a_request_that_meets_a_bug_of_ours_is_answered(pod):
    client = await pod.connect()
    await client.greet()

    def broken(first_n, limit_bytes):
        raise ZeroDivisionError("a bug")

    pod.journal.read = broken

    failure = await client.ask(b'{"method":"history","id":5}\n')

    assert (failure.id, failure.code) == (5, "internal")
    assert isinstance(await client.ask(Status(id=1)), StatusReply)


@in_pod
async def test_a_connection_that_meets_a_bug_of_ours_ends_alone(pod):
    client = await pod.subscriber()

    def broken(seq, limit):
        raise ZeroDivisionError("a bug")

    pod.feed.kept_after = broken
    await client.send(b'{"method":"subscribe","id":1,"after":0}\n')

    await client.rest()
    del pod.feed.kept_after
    other = await WireClient.connect(pod.directory / "sock")
    assert isinstance(await other.greet(), Welcome)
    await other.close()


@in_pod
async def test_history_is_paged_and_ends(pod):
    for number in range(40):
        text = str(number) * 30_000
        await pod.driver.ask(_notification(text))
    client = await pod.connect()
    await client.greet()
    pages, lines, after = 0, [], 0
    while after is not None:
        request = b'{"method":"history","id":1,"after":%d}\n' % after
        reply = await client.ask(request)
        pages += 1
        lines += [bytes(entry) + b"\n" for entry in reply.entries]
        after = reply.next

    assert lines == pod.journal.lines
    assert pages > 1
    few = await client.ask(b'{"method":"history","id":1,"after":2,"limit":3}\n')
    assert [msgspec.json.decode(entry)["n"] for entry in few.entries] == [3, 4, 5]
    assert few.next == 5
    none = await client.ask(b'{"method":"history","id":1,"after":10000}\n')
    assert (none.entries, none.next) == ([], None)


def _notification(text):
    from podd.core.turn.inputs import NotificationSent

    return NotificationSent(message=text, wake=False)
