"""When a request is sent again, and how long that takes."""

from __future__ import annotations

import socket
from contextlib import aclosing

import pytest

from podd.core.context.response import TextDelta
from podd.testing.provider_server import (
    Close,
    Reply,
    chat_chunk,
    chat_stream,
    chunked,
    document,
    head,
)

SOME = chat_chunk({"content": "some"})


def _error(message="no", **more):
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_tried_again(status, server, connect, ask, hear):
    server.play(document(status, _error()), chat_stream("fine"))

    heard = await hear(connect(server.url), ask())

    assert heard.text == "fine"
    assert [retry.attempt for retry in heard.retries] == [1]
    assert server.requests[0].body == server.requests[1].body


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (document(400, _error()), "bad_request"),
        (document(401, _error()), "auth"),
        (document(402, _error()), "quota"),
        (document(403, _error()), "refused"),
        (document(404, _error()), "not_found"),
        (document(429, _error(code="insufficient_quota")), "quota"),
    ],
)
async def test_what_will_not_pass_is_not_tried_again(
    reply, fault, server, connect, ask, hear, world
):
    server.play(reply)

    heard = await hear(connect(server.url), ask())

    assert heard.fault == fault
    assert (heard.retries, world.waits, len(server.requests)) == ([], [], 1)


@pytest.mark.parametrize(
    ("name", "value", "waited"),
    [
        ("Retry-After", "7", 7.0),
        ("Retry-After", "Sun, 06 Nov 1994 08:49:57 GMT", 20.0),
        ("Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("retry-after-ms", "1500", 1.5),
    ],
)
async def test_a_retry_waits_as_long_as_the_server_asks(
    name, value, waited, server, connect, ask, hear, world
):
    world.chance = 0.0
    server.play(document(429, _error(), headers=[(name, value)]), chat_stream("fine"))

    heard = await hear(connect(server.url), ask())

    assert heard.text == "fine"
    assert world.waits == [waited]


async def test_a_server_that_asks_for_too_long_is_given_up_at_once(
    server, connect, ask, hear, world
):
    server.play(document(429, _error(), headers=[("Retry-After", "3600")]))

    heard = await hear(connect(server.url), ask())

    assert heard.error.retry_after_seconds == 3600
    assert world.waits == []


async def test_a_limit_that_is_used_up_is_waited_for_as_its_headers_say(
    server, connect, ask, hear, world
):
    world.chance = 0.0
    headers = [
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "6.5s"),
        ("x-ratelimit-remaining-tokens", "10"),
        ("x-ratelimit-reset-tokens", "1h"),
    ]
    server.play(document(429, _error(), headers=headers), chat_stream("fine"))

    assert (await hear(connect(server.url), ask())).text == "fine"
    assert world.waits == [6.5]


async def test_a_server_that_wants_no_other_try_gets_none(
    server, connect, ask, hear, world
):
    server.always = document(429, _error(), headers=[("x-should-retry", "false")])

    heard = await hear(connect(server.url), ask())

    assert (heard.fault, world.waits) == ("rate_limited", [])
    assert len(server.requests) == 1


async def test_retries_end_with_the_last_attempt(server, connect, ask, hear, world):
    server.always = document(500, _error())

    heard = await hear(connect(server.url), ask())

    assert heard.fault == "server_error"
    assert world.waits == [0.25, 0.5, 1.0]
    assert [(r.attempt, r.delay_seconds) for r in heard.retries] == [
        (1, 0.25),
        (2, 0.5),
        (3, 1.0),
    ]
    assert len(server.requests) == 4


async def test_a_retry_is_told_before_it_is_waited_for(server, connect, ask, world):
    server.play(document(500, _error()), chat_stream("fine"))
    waits_when_told = []

    async def told(_retry):
        waits_when_told.append(list(world.waits))

    async with aclosing(connect(server.url).stream(ask(), told)) as answer:
        _ = [item async for item in answer]

    assert waits_when_told == [[]]
    assert len(world.waits) == 1


async def test_nothing_is_tried_again_after_the_first_content(
    server, connect, ask, hear
):
    server.play(Reply(head(), chunked(SOME), Close()))

    heard = await hear(connect(server.url), ask())

    assert heard.deltas == [TextDelta("some")]
    assert (heard.fault, heard.retries) == ("cut", [])


async def test_a_stream_cut_before_any_content_is_tried_again(
    server, connect, ask, hear
):
    server.play(Reply(head(), chunked(b": hello\n\n"), Close()), chat_stream("fine"))

    assert (await hear(connect(server.url), ask())).text == "fine"


async def test_a_refused_connection_is_unreachable_and_tried_again(connect, ask, hear):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        port = taken.getsockname()[1]

        heard = await hear(connect(f"http://127.0.0.1:{port}/v1"), ask())

    assert heard.fault == "unreachable"
    assert len(heard.retries) == 3


async def test_the_waits_together_are_limited(server, connect, ask, hear, world):
    world.chance = 0.0
    server.always = document(429, _error(), headers=[("Retry-After", "25")])

    heard = await hear(connect(server.url), ask())

    assert heard.fault == "rate_limited"
    assert world.waits == [25, 25]
