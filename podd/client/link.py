"""Speak to one pod from an event loop.

Rules of this file: one task at a time; ask first, then read the events. What is asked
has an end (`ANSWER_SECONDS`); events are waited for as long as the pod lives.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

import anyio
import anyio.abc
import msgspec

from podd import __version__
from podd.client.address import connect
from podd.client.connection import ANSWER_SECONDS
from podd.errors import (
    DeniedError,
    FailureReplyError,
    NoSuchError,
    PodNotAnsweringError,
)
from podd_protocol.codec import decode_server_line, encode
from podd_protocol.event import Event
from podd_protocol.events import AnyEvent
from podd_protocol.lines import LineBuffer, LineTooLongError
from podd_protocol.replies import AnyReply, Failure, Welcome
from podd_protocol.requests import PROTOCOL, Hello, Request

_READ_BYTES: Final = 256 * 1024


class PodLink:
    """A greeted connection; made by `opened`."""

    def __init__(self, stream: anyio.abc.UNIXSocketStream, *, pod: str) -> None:
        self.pod = pod
        self.session = ""
        """What the pod writes, as it said."""
        self._stream = stream
        self._lines = LineBuffer()
        self._events: deque[AnyEvent] = deque()
        self._replies: deque[AnyReply] = deque()
        self._last_id = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path, *, pod: str) -> AsyncIterator[Self]:
        """Connect to the socket at `path`, say hello, and leave at the end.

        Raises:
            NoSuchError: nobody listens there.
            DeniedError: it is not ours to connect to.
            PodNotAnsweringError: somebody does and says nothing in time.
        """
        stream = await _connected(path, pod)
        async with stream:
            link = cls(stream, pod=pod)
            await link._greet()
            yield link

    async def _greet(self) -> None:
        reply = await self.ask(Hello(id=0, protocol=PROTOCOL, client=_CLIENT))
        if not isinstance(reply, Welcome):
            raise self._mute("it does not speak the protocol")
        self.session = reply.session

    async def ask(self, request: Request) -> AnyReply:
        """Send a request and wait for its answer.

        Args:
            request: its `id` is set here.

        Raises:
            FailureReplyError: the pod said no.
            PodNotAnsweringError: nothing came in time, the connection ended, or what
                came is not the protocol.
        """
        self._last_id += 1
        number = self._last_id
        reply: AnyReply | None = None
        with anyio.move_on_after(ANSWER_SECONDS):
            await self._send(encode(msgspec.structs.replace(request, id=number)))
            while reply is None:
                reply = self._answer(number)
                if reply is None and not await self._read():
                    raise self._mute("it closed the connection")
        if reply is None:
            raise self._mute(f"no answer within {ANSWER_SECONDS:g} s")
        if isinstance(reply, Failure):
            raise FailureReplyError(
                pod=self.pod,
                failure=reply.code,
                message=reply.message,
                details=reply.data,
            )
        return reply

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Events as they come, until the connection ends; unknown ones are left out.

        Raises:
            PodNotAnsweringError: what came is not the protocol.
        """
        while True:
            while self._events:
                yield self._events.popleft()
            if not await self._read():
                return

    def _answer(self, number: int) -> AnyReply | None:
        while self._replies:
            reply = self._replies.popleft()
            if reply.id in {None, number}:
                return reply
        return None

    async def _send(self, line: bytes) -> None:
        try:
            await self._stream.send(line)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise self._mute("it closed the connection") from error

    async def _read(self) -> bool:
        """Take in what arrives next; False: nothing more will."""
        try:
            data = await self._stream.receive(_READ_BYTES)
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return False
        try:
            lines = self._lines.feed(data)
        except LineTooLongError as error:
            raise self._mute("it sent a line without an end") from error
        for line in lines:
            self._sort(line)
        return True

    def _sort(self, line: bytes) -> None:
        try:
            message = decode_server_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # an event that this podd does not know
        if isinstance(message, Event):
            self._events.append(message)
        else:
            self._replies.append(message)

    def _mute(self, reason: str) -> PodNotAnsweringError:
        return PodNotAnsweringError(pod=self.pod, reason=reason)


_CLIENT: Final = f"podd/{__version__}"


async def _connected(path: Path, pod: str) -> anyio.abc.UNIXSocketStream:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    link.setblocking(False)  # noqa: FBT003  # the name of the method says it
    try:
        connect(link, path)
        return await anyio.abc.UNIXSocketStream.from_socket(link)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
        link.close()
        raise NoSuchError(what="pod", name=pod) from error
    except PermissionError as error:
        link.close()
        raise DeniedError(
            reason=f"{os.fspath(path)}: may not be connected to"
        ) from error
    except BlockingIOError as error:
        link.close()
        reason = "it takes no connections: too many wait already"
        raise PodNotAnsweringError(pod=pod, reason=reason) from error
    except BaseException:
        link.close()
        raise
