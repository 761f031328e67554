from __future__ import annotations

import asyncio

from podd.testing.provider_server import (
    Close,
    Gate,
    Hang,
    ProviderServer,
    Reply,
    Reset,
    chunked,
    document,
    full_backlog,
    head,
    streamed,
    whole,
)
from tests.end_to_end.shell import until_true
from tests.testing.connections import is_connecting

LIMIT_SECONDS = 5
REQUEST = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nX-Odd:  yes \r\nContent-Length: 7\r\n\r\n"
BODY = b'{"a":1}'


async def _connected(server: ProviderServer):
    return await asyncio.open_connection("127.0.0.1", server.port)


async def test_a_reply_is_played_byte_for_byte():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.play(Reply(b"any", b"thing\x00", Close()))
        reader, writer = await _connected(server)
        writer.write(REQUEST + BODY)

        assert await reader.read() == b"anything\x00"
        writer.close()


async def test_a_request_is_kept_as_it_came_however_it_arrived():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.play(Reply(b"x", Close()))
        reader, writer = await _connected(server)
        for byte in REQUEST + BODY:
            writer.write(bytes([byte]))
            await writer.drain()
        await reader.read()
        (request,) = server.requests

        assert (request.method, request.path) == ("POST", "/v1/x")
        assert request.headers["x-odd"] == "yes"
        assert request.json() == {"a": 1}
        writer.close()


async def test_one_connection_carries_several_requests():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.play(whole(200, b"one"), Reply(b"two", Close()))
        reader, writer = await _connected(server)
        writer.write((REQUEST + BODY) * 2)

        assert (await reader.read()).endswith(b"onetwo")
        assert [request.connection for request in server.requests] == [1, 1]
        writer.close()


async def test_nothing_passes_a_gate_until_it_is_opened():
    gate = Gate()
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.play(Reply(b"before", gate, b"after", Close()))
        reader, writer = await _connected(server)
        writer.write(REQUEST + BODY)
        await gate.reached.wait()

        assert await reader.readexactly(6) == b"before"
        gate.open.set()
        assert await reader.read() == b"after"
        writer.close()


async def test_a_client_that_leaves_is_noticed():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.play(Reply(b"x", Hang()))
        reader, writer = await _connected(server)
        writer.write(REQUEST + BODY)
        await reader.readexactly(1)
        writer.close()
        await server.requests[0].abandoned.wait()


async def test_a_reset_is_no_orderly_end():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.play(Reply(Reset()))
        reader, writer = await _connected(server)
        writer.write(REQUEST + BODY)
        await server.arrived.wait()

        assert await reader.read() == b""
        writer.close()


async def test_a_request_too_many_is_told():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        reader, writer = await _connected(server)
        writer.write(REQUEST + BODY)

        assert b" 500 " in await reader.readline()
        writer.close()


async def test_a_reply_may_serve_for_always():
    async with asyncio.timeout(LIMIT_SECONDS), ProviderServer() as server:
        server.always = Reply(b"x")
        reader, writer = await _connected(server)
        for _ in range(3):
            writer.write(REQUEST + BODY)
            assert await reader.readexactly(1) == b"x"
        writer.close()


async def test_the_server_ends_with_its_context_whatever_is_open():
    async with asyncio.timeout(LIMIT_SECONDS):
        async with ProviderServer() as server:
            server.play(Reply(b"x", Hang()))
            reader, writer = await _connected(server)
            writer.write(REQUEST + BODY)
            await reader.readexactly(1)
        assert await reader.read() == b""
        writer.close()


def test_bodies_are_framed():
    assert chunked(b"abc") == b"3\r\nabc\r\n"
    assert chunked(b"") == b"0\r\n\r\n"
    assert head(201, length=0).startswith(b"HTTP/1.1 201 ")
    assert streamed(b"a", b"b").acts[1:] == (
        b"1\r\na\r\n",
        b"1\r\nb\r\n",
        b"0\r\n\r\n",
    )
    assert document(200, {"a": 1}).acts[0].endswith(b'\r\n\r\n{"a":1}')


async def test_a_full_backlog_lets_a_connection_hang_until_it_is_served():
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as tasks:
        with full_backlog() as listener:
            host, port = listener.getsockname()
            connecting = tasks.create_task(asyncio.open_connection(host, port))
            await asyncio.to_thread(until_true, lambda: is_connecting(port))
            assert not connecting.done()
        async with ProviderServer(listener) as server:
            server.play(Reply(b"heard", Close()))
            reader, writer = await connecting
            writer.write(REQUEST + BODY)

            assert await reader.read() == b"heard"
            writer.close()
