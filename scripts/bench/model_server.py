"""Chat completions as fast as they can be answered, or word by word, for the benches.

What is answered is in the path: `/v1` is a run (a tool call, then text, at once),
`/burst/N` N words as fast as they go, `/paced/N/MS` N words with a pause before each.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Words of a burst that go out in one write, each a chunk of its own.
BATCH = 64


def chunk(delta: str, finish: str = "null") -> bytes:
    choice = f'{{"index":0,"delta":{delta},"finish_reason":{finish}}}'
    return f'data: {{"choices":[{choice}]}}\n\n'.encode()


END = chunk("{}", '"stop"') + b"data: [DONE]\n\n"
CALL = (
    chunk(
        '{"tool_calls":[{"index":0,"id":"a","function":{"name":"glob",'
        '"arguments":"{\\"pattern\\":\\"*.toml\\"}"}}]}'
    )
    + chunk("{}", '"tool_calls"')
    + b"data: [DONE]\n\n"
)
TEXT = b"".join(chunk(f'{{"content":"word{n} "}}') for n in range(20)) + END
#: As long as servers make them, with what they say besides.
WORD = chunk('{"role":"assistant","content":"word ","refusal":null}').replace(
    b'data: {"choices"',
    b'data: {"id":"chatcmpl-0123456789","object":"chat.completion.chunk",'
    b'"created":1700000000,"model":"m","choices"',
)
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def part(data: bytes) -> bytes:
    """One chunk of HTTP."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _answer(path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
    match path.split("/")[1:]:
        case ["burst", words, *_]:
            writer.write(HEAD)
            left = int(words)
            while left:
                writer.write(part(WORD) * min(BATCH, left))
                left -= min(BATCH, left)
                await writer.drain()
            writer.write(part(END) + part(b""))
        case ["paced", words, pause, *_]:
            writer.write(HEAD)
            loop = asyncio.get_running_loop()
            at = loop.time()
            for _ in range(int(words)):
                at += int(pause) / 1000
                await asyncio.sleep(max(0.0, at - loop.time()))
                writer.write(part(WORD))
            writer.write(part(END) + part(b""))
        case _:
            is_second = body.rfind(b'"role":"tool"') > body.rfind(b'"role":"user"')
            writer.write(HEAD + part(TEXT if is_second else CALL) + part(b""))


async def _client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            await _answer(head.split(b" ", 2)[1].decode(), body, writer)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        writer.close()


def _serve(port: int) -> None:
    async def main() -> None:
        server = await asyncio.start_server(_client, "127.0.0.1", port, limit=1 << 24)
        async with server:
            await server.serve_forever()

    asyncio.run(main())


@contextmanager
def serving() -> Iterator[str]:
    """Serve in a process of its own; gives the URL without a path."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = multiprocessing.get_context("fork").Process(
        target=_serve, args=(port,), daemon=True
    )
    server.start()
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.join()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        with socket.socket() as link:
            if link.connect_ex(("127.0.0.1", port)) == 0:
                return
        select.select([], [], [], 0.01)
    raise RuntimeError("the server did not start")
