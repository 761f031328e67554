"""A client that speaks lines, well or badly, as a test wants."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Self

import anyio
from anyio.abc import SocketStream

from podd_protocol.codec import decode_server_line, encode
from podd_protocol.event import Event
from podd_protocol.events import AnyEvent
from podd_protocol.lines import LineBuffer
from podd_protocol.replies import AnyReply, Reply
from podd_protocol.requests import PROTOCOL, Hello, Request, Subscribe

#: How long a test waits for what must come.
LIMIT_SECONDS: float = 10.0


class WireClient:
    """One connection. What it heard and nobody asked for yet is kept, in order."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._buffer = LineBuffer()
        self._lines: deque[bytes] = deque()
        self._events: deque[AnyEvent] = deque()
        self.raw: list[bytes] = []
        """Every line that came, as it came."""

    @classmethod
    async def connect(cls, path: Path) -> Self:
        """Connect, and say nothing yet."""
        return cls(await anyio.connect_unix(path))

    async def send(self, *messages: Request | bytes) -> None:
        """Send all of it in one write; bytes go as they are."""
        pieces = (m if isinstance(m, bytes) else encode(m) for m in messages)
        await self._stream.send(b"".join(pieces))

    async def greet(self) -> AnyReply:
        """Say hello."""
        return await self.ask(Hello(id=0, protocol=PROTOCOL))

    async def subscribe(
        self, after: int | None = 0, only: list[str] | None = None
    ) -> None:
        """Say hello and subscribe."""
        await self.greet()
        await self.ask(Subscribe(id=0, after=after, only=only))

    async def ask(self, request: Request | bytes) -> AnyReply:
        """Send, and wait for the next reply."""
        await self.send(request)
        return await self.reply()

    async def reply(self) -> AnyReply:
        """The next reply; events that come before it are kept."""
        with anyio.fail_after(LIMIT_SECONDS):
            while True:
                message = await self._message()
                if isinstance(message, Reply):
                    return message
                self._events.append(message)

    async def event(self) -> AnyEvent:
        """The next event.

        Raises:
            anyio.EndOfStream: the pod closed the connection.
        """
        if self._events:
            return self._events.popleft()
        with anyio.fail_after(LIMIT_SECONDS):
            message = await self._message()
        assert isinstance(message, Event), f"nobody asked, and got {message}"
        return message

    async def events_until(self, is_last: Callable[[AnyEvent], bool]) -> list[AnyEvent]:
        """Events up to and with the one that `is_last` is true of."""
        found = [await self.event()]
        while not is_last(found[-1]):
            found.append(await self.event())
        return found

    async def until(self, name: str) -> list[AnyEvent]:
        """Events up to and with the next one of this name."""
        return await self.events_until(lambda e: e.__struct_config__.tag == name)

    async def rest(self) -> list[AnyReply | AnyEvent]:
        """All that comes before the pod closes the connection."""
        found: list[AnyReply | AnyEvent] = list(self._events)
        self._events.clear()
        with anyio.fail_after(LIMIT_SECONDS):
            while True:
                try:
                    found.append(await self._message())
                except anyio.EndOfStream:
                    return found

    async def half_close(self) -> None:
        """Send no more, go on reading."""
        await self._stream.send_eof()

    async def close(self) -> None:
        """Leave."""
        await self._stream.aclose()

    async def _message(self) -> AnyReply | AnyEvent:
        while not self._lines:
            self._lines.extend(self._buffer.feed(await self._receive()))
        line = self._lines.popleft()
        self.raw.append(line)
        return decode_server_line(line)

    async def _receive(self) -> bytes:
        try:
            return await self._stream.receive(256 * 1024)
        except anyio.BrokenResourceError as error:
            # Closed with something of ours unread: the end, all the same.
            raise anyio.EndOfStream from error
