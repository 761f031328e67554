"""A real HTTP server on loopback that plays what it is told, byte for byte.

For tests and benches of providers, and for anyone who wants to see what podd does with
a certain answer. It knows nothing of models; `chat_stream` builds their bytes.

    async with ProviderServer() as server:
        gate = Gate()
        server.play(Reply(head(chunked=True), chunked(b"data: "), gate, Hang()))
        ...                          # point a provider at server.url
        await gate.reached.wait()    # it has read everything before the gate
        gate.open.set()

One `Reply` answers one request, in order; `server.always` answers all the others.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec


class Gate:
    """A place in a reply where the server waits until a test lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        """All before the gate has been handed to the system for sending."""
        self.open = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more, until the client goes."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection in good order, wherever the reply stands."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection off."""


Act = bytes | Gate | Hang | Close | Reset


class Reply:
    """What is done about one request, act by act."""

    def __init__(self, *acts: Act) -> None:
        self.acts = acts


@dataclass(slots=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """Which connection brought it, from 1."""
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)
    """The client closed the connection before the reply was over."""

    def json(self) -> Any:  # noqa: ANN401  # whatever the client sent
        """Read the body."""
        return msgspec.json.decode(self.body)


class ProviderServer:
    """The server. Holds what it received, and what it is still to play."""

    def __init__(self, listener: socket.socket | None = None) -> None:
        """Serve on a port of its own, or on a `listener` that was there before."""
        self.requests: list[Received] = []
        self.always: Reply | None = None
        """Played when nothing else is left; without it, such a request is a 500."""
        self.connections = 0
        """How many were opened so far."""
        self.arrived = asyncio.Event()
        """A request has come."""
        self._listener = listener
        self._replies: deque[Reply] = deque()
        self._open: dict[_Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._tasks: asyncio.TaskGroup = asyncio.TaskGroup()

    @property
    def port(self) -> int:
        assert self._server is not None, "the server runs inside its context"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The base URL to give to a provider."""
        return f"http://127.0.0.1:{self.port}/v1"

    def play(self, *replies: Reply) -> None:
        """Answer the next requests with these, one each."""
        self._replies.extend(replies)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        loop = asyncio.get_running_loop()
        if self._listener is None:
            self._server = await loop.create_server(self._accept, "127.0.0.1", 0)
        else:
            self._server = await loop.create_server(self._accept, sock=self._listener)
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None, "entered before"
        self._server.close()
        for connection, task in list(self._open.items()):
            connection.abort()
            task.cancel()
        await self._tasks.__aexit__(None, None, None)

    def _accept(self) -> _Connection:
        self.connections += 1
        connection = _Connection()
        task = self._tasks.create_task(self._serve(connection, self.connections))
        self._open[connection] = task
        task.add_done_callback(lambda _: self._open.pop(connection, None))
        return connection

    async def _serve(self, connection: _Connection, number: int) -> None:
        with suppress(ConnectionError):
            while (request := await connection.request(number)) is not None:
                self.requests.append(request)
                self.arrived.set()
                if not await _perform(self._next(), request, connection):
                    return

    def _next(self) -> Reply:
        if self._replies:
            return self._replies.popleft()
        return self.always or document(500, {"error": "the server has no reply left"})


@contextmanager
def full_backlog() -> Iterator[socket.socket]:
    """Give a listener whose queue is full for the time of the block.

    Whoever connects hangs. Afterwards a `ProviderServer` may be made of it.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    # One waiting connection fills the queue.
    with socket.create_connection(listener.getsockname()):
        yield listener


async def _perform(reply: Reply, request: Received, connection: _Connection) -> bool:
    """Do what the reply says; tell whether the connection goes on."""
    for act in reply.acts:
        match act:
            case Gate():
                await connection.flushed()
                act.reached.set()
                await _either(act.open, connection.lost)
            case Hang():
                await connection.lost.wait()
            case Close():
                connection.close()
                return False
            case Reset():
                await connection.flushed()
                connection.abort()
                return False
            case _:
                connection.write(act)
        if connection.lost.is_set():
            request.abandoned.set()
            return False
    await connection.flushed()
    return True


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in (one, other)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


class _Connection(asyncio.Protocol):
    """One client; a protocol and not a stream, because it is told of a loss at once."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self._buffer = bytearray()
        self._more = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a TCP connection"
        self._transport = transport
        # No byte is held back, so that a gate's `reached` means what it says.
        transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._more.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # how a client leaves makes no difference here
        self.lost.set()
        self._more.set()
        self._writable.set()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def flushed(self) -> None:
        await self._writable.wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def request(self, number: int) -> Received | None:
        """Wait for a whole request; None when the client has gone."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not await self._grown():
                return None
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        method, path, _version = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        start = end + len(b"\r\n\r\n")
        length = start + int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            if not await self._grown():
                return None
        body = bytes(self._buffer[start:length])
        del self._buffer[:length]
        return Received(method, path, headers, body, number)

    async def _grown(self) -> bool:
        self._more.clear()
        if not self.lost.is_set():
            await self._more.wait()
        return not self.lost.is_set()


def head(
    status: int = 200,
    *,
    content_type: str = "text/event-stream",
    length: int | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Build the status line and the headers.

    Args:
        status: of the answer.
        content_type: of the body.
        length: of the body in bytes; None: it comes in chunks (see `chunked`).
        headers: more of them.
    """
    frame = (
        ("Transfer-Encoding", "chunked")
        if length is None
        else ("Content-Length", str(length))
    )
    pairs = [("Content-Type", content_type), frame, *headers]
    lines = [f"HTTP/1.1 {status} As-Told", *(f"{name}: {v}" for name, v in pairs)]
    return "\r\n".join([*lines, "", ""]).encode()


def chunked(data: bytes) -> bytes:
    """Frame a piece of a body; empty data is its end."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def whole(
    status: int,
    body: bytes,
    *,
    content_type: str = "text/plain",
    headers: Sequence[tuple[str, str]] = (),
) -> Reply:
    """Build a reply that comes at once."""
    start = head(status, content_type=content_type, length=len(body), headers=headers)
    return Reply(start + body)


def document(
    status: int, value: object, *, headers: Sequence[tuple[str, str]] = ()
) -> Reply:
    """Build a reply of JSON."""
    body = msgspec.json.encode(value)
    return whole(status, body, content_type="application/json", headers=headers)


def streamed(*pieces: bytes | Gate) -> Reply:
    """Build a reply of pieces, each its own chunk, with its proper end."""
    framed = (chunked(p) if isinstance(p, bytes) else p for p in pieces)
    return Reply(head(), *framed, chunked(b""))


def event(value: object) -> bytes:
    """Build one server-sent event; a string stands as it is, the rest as JSON."""
    data = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
    return b"data: " + data + b"\n\n"


DONE = event("[DONE]")


def chat_chunk(
    delta: dict[str, Any] | None = None, *, finish_reason: str | None = None
) -> bytes:
    """Build one event of a chat completion's stream."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish_reason}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


def chat_usage(prompt: int, completion: int, cached: int = 0) -> bytes:
    """Build the event that tells what an answer used, in tokens."""
    return event(
        {
            "object": "chat.completion.chunk",
            "choices": [],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "prompt_tokens_details": {"cached_tokens": cached},
            },
        }
    )


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A tool call, as `chat_stream` streams it."""

    id: str
    name: str
    arguments: str


def chat_stream(
    *texts: str, calls: Sequence[ChatCall] = (), usage: tuple[int, int] = (10, 5)
) -> Reply:
    """Build a whole streamed answer, as OpenAI's servers do it.

    Args:
        texts: pieces of prose, one event each.
        calls: tool calls, each told in three events.
        usage: prompt and completion tokens.
    """
    return streamed(*_chat_events(texts, calls), chat_usage(*usage), DONE)


def _chat_events(texts: Sequence[str], calls: Sequence[ChatCall]) -> Iterator[bytes]:
    yield chat_chunk({"role": "assistant", "content": ""})
    for text in texts:
        yield chat_chunk({"content": text})
    for index, call in enumerate(calls):
        half = len(call.arguments) // 2
        opening = {"name": call.name, "arguments": ""}
        first = {"index": index, "id": call.id, "type": "function", "function": opening}
        yield chat_chunk({"tool_calls": [first]})
        for piece in (call.arguments[:half], call.arguments[half:]):
            more = {"index": index, "function": {"arguments": piece}}
            yield chat_chunk({"tool_calls": [more]})
    yield chat_chunk(finish_reason="tool_calls" if calls else "stop")
