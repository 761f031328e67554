"""One client: its lines in, its replies and events out.

Reads before it writes, and goes on reading when it can no longer write: who sends
and leaves is heard. What this client does wrong is told to it alone, and what it does
not read piles up nowhere: events wait in the feed, replies in the requests that it has
not been answered yet.
"""

from __future__ import annotations

from typing import Literal, Protocol

import anyio
from anyio.abc import ByteStream

from podd.controller.subscription import Subscription
from podd_protocol.codec import BadLine, decode_request, encode
from podd_protocol.lines import LINE_BYTES, LineBuffer, LineTooLongError
from podd_protocol.replies import Failure, FailureCode, Ok, Reply
from podd_protocol.requests import (
    MIN_PROTOCOL,
    PROTOCOL,
    AnyRequest,
    Hello,
    Shutdown,
    Status,
    Subscribe,
)

#: Bytes asked of the socket at a time: a burst of small lines is one read.
READ_BYTES = 64 * 1024
#: How long a client that has closed its side may take to read what it is owed.
LAST_WORDS_SECONDS = 10.0


class Dispatch(Protocol):
    """What answers requests."""

    async def answer(self, request: AnyRequest) -> Reply: ...

    def subscribe(self, request: Subscribe) -> tuple[Ok, Subscription]: ...


class Connection:
    """Serves one client until it leaves."""

    def __init__(self, stream: ByteStream, dispatch: Dispatch) -> None:
        self._stream = stream
        self._dispatch = dispatch
        self._greeting: Literal["none", "refused", "done"] = "none"
        self._writable = True
        # Fast: sending gives the others their turn, so taking the lock need not too.
        self._write = anyio.Lock(fast_acquire=True)
        self._subscription: Subscription | None = None
        self._awaiting_events = anyio.CancelScope()
        self._reading = anyio.CancelScope()
        self._leaving = False
        self._told_all = anyio.Event()

    async def serve(self) -> None:
        """Return when the client has left or must leave."""
        async with self._stream, anyio.create_task_group() as self._tasks:
            try:
                await self._read_lines()
                if self._subscription is not None:
                    await self._last_words(self._subscription)
            finally:
                self._tasks.cancel_scope.cancel()

    async def _last_words(self, subscription: Subscription) -> None:
        """Send what has happened so far to one who only stopped talking.

        Who has left altogether shows at the first write.
        """
        if self._leaving:
            await self._told_all.wait()
            return
        if subscription.end_here():
            self._awaiting_events.cancel()
        with anyio.move_on_after(LAST_WORDS_SECONDS):
            await self._told_all.wait()

    def leave(self) -> None:
        """The pod ends: go when what is owed to the client has been said."""
        self._leaving = True
        self._reading.cancel()

    async def _read_lines(self) -> None:
        buffer = LineBuffer()
        while data := await self._receive():
            try:
                lines = buffer.feed(data)
            except LineTooLongError:
                await self._refuse_long_line()
                return
            for line in lines:
                await self._take(line)
        if buffer.pending.strip() and not self._leaving:
            # Without its end nobody can know that the line is whole.
            await self._fail(None, "bad_frame", "the last line was cut off")

    async def _receive(self) -> bytes:
        """What arrived; nothing if the client has left, or we must."""
        with anyio.CancelScope() as self._reading:
            if self._leaving:
                return b""
            try:
                return await self._stream.receive(READ_BYTES)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return b""
        return b""

    async def _refuse_long_line(self) -> None:
        message = f"a line may have {LINE_BYTES} bytes; the connection is closed"
        failure = Failure(
            id=None, code="too_large", message=message, data={"limit": LINE_BYTES}
        )
        await self._send(encode(failure))

    async def _take(self, line: bytes) -> None:
        request = decode_request(line)
        if isinstance(request, BadLine):
            code = request.code
            if self._greeting != "done" and code not in ("bad_frame", "bad_field"):
                await self._fail(request.id, "not_greeted", "say hello first")
                return
            failure = Failure(id=request.id, code=code, message=request.message)
            await self._send(encode(failure))
            return
        if isinstance(request, Hello):
            await self._greet(request)
            return
        if not self._may_ask(request):
            await self._fail(request.id, "not_greeted", "say hello first")
            return
        if isinstance(request, Subscribe):
            await self._subscribe(request)
            return
        await self._send(encode(await self._dispatch.answer(request)))

    async def _fail(self, number: int | None, code: FailureCode, message: str) -> None:
        await self._send(encode(Failure(id=number, code=code, message=message)))

    def _may_ask(self, request: AnyRequest) -> bool:
        """Hello comes first. A client of another version may still look and stop."""
        if isinstance(request, Status | Shutdown):
            return self._greeting != "none"
        return self._greeting == "done"

    async def _greet(self, request: Hello) -> None:
        if not MIN_PROTOCOL <= request.protocol <= PROTOCOL:
            self._greeting = "refused"
            failure = Failure(
                id=request.id,
                code="version_mismatch",
                message=f"this pod speaks protocol {MIN_PROTOCOL} to {PROTOCOL}; "
                "status and shutdown are answered all the same",
                data={"protocol": PROTOCOL, "min_protocol": MIN_PROTOCOL},
            )
            await self._send(encode(failure))
            return
        self._greeting = "done"
        await self._send(encode(await self._dispatch.answer(request)))

    async def _subscribe(self, request: Subscribe) -> None:
        ok, subscription = self._dispatch.subscribe(request)
        self._subscription = subscription
        self._awaiting_events.cancel()
        await self._send(encode(ok))
        self._tasks.start_soon(self._send_events, subscription)

    async def _send_events(self, subscription: Subscription) -> None:
        """Send until there are no more, the client has left or has subscribed anew.

        Only waiting is cancelled then, never a write: half a line would be left.
        """
        while self._writable and subscription is self._subscription:
            chunk = b""
            with anyio.CancelScope() as self._awaiting_events:
                chunk = await subscription.next_chunk()
            if not chunk:
                break
            await self._send(chunk, of=subscription)
        if subscription is self._subscription:
            self._told_all.set()

    async def _send(self, data: bytes, of: Subscription | None = None) -> None:
        """Write whole lines; a client that has left is no error.

        Events `of` a subscription that was replaced while they waited are not sent.
        """
        async with self._write:
            if not self._writable or (of is not None and of is not self._subscription):
                return
            try:
                await self._stream.send(data)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._writable = False
