"""A request can be given up in each of its phases, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing, suppress

import anyio
import pytest

from podd.core.context.response import TextDelta
from podd.testing.provider_server import (
    Gate,
    Hang,
    Reply,
    chat_chunk,
    chat_stream,
    chunked,
    document,
    head,
)

LIMIT_SECONDS = 5
SOME = chat_chunk({"content": "some"})


def _error(message="no", **more):
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize("spoken", [False, True])
async def test_a_cancelled_request_lets_the_connection_go(
    spoken, server, connect, ask, hear
):
    gate = Gate()
    server.play(Reply(head(), *([chunked(SOME)] if spoken else []), gate))

    await _cancel_at(gate, hear(connect(server.url), ask()), server)


async def test_a_request_can_be_cancelled_before_the_headers(
    server, connect, ask, hear
):
    gate = Gate()
    server.play(Reply(gate))

    await _cancel_at(gate, hear(connect(server.url), ask()), server)


async def _cancel_at(gate, hearing, server):
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(hearing)
        await gate.reached.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await server.requests[0].abandoned.wait()


async def test_a_request_can_be_cancelled_while_it_connects(connect, ask, hear):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        # One waiting connection fills the queue; the next one hangs.
        with socket.create_connection(("127.0.0.1", port)):
            provider = connect(f"http://127.0.0.1:{port}/v1")
            async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
                task = group.create_task(hear(provider, ask()))
                await anyio.wait_all_tasks_blocked()
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    assert task.cancelled()


async def test_a_request_can_be_cancelled_while_it_waits_for_a_retry(
    server, connect, ask, hear, world
):
    server.play(document(500, _error()))
    told = asyncio.Event()
    provider = connect(server.url)
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:

        async def listen():
            async def never(_retry):
                told.set()
                await asyncio.Event().wait()

            async with aclosing(provider.stream(ask(), never)) as answer:
                async for _ in answer:
                    pass

        task = group.create_task(listen())
        await told.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert task.cancelled()
    assert len(server.requests) == 1


async def test_whoever_stops_listening_lets_the_connection_go(server, connect, ask):
    server.play(Reply(head(), chunked(SOME), Hang()))

    async with aclosing(connect(server.url).stream(ask(), lambda _: None)) as answer:
        assert await anext(answer) == TextDelta("some")

    async with asyncio.timeout(LIMIT_SECONDS):
        await server.requests[0].abandoned.wait()


async def test_a_provider_serves_on_after_a_cancelled_request(
    server, connect, ask, hear
):
    gate = Gate()
    server.play(Reply(head(), chunked(SOME), gate), chat_stream("fine"))
    provider = connect(server.url)

    await _cancel_at(gate, hear(provider, ask()), server)

    assert (await hear(provider, ask())).text == "fine"
