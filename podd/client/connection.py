"""Speak to one pod.

Rules of this file: one thread, blocking calls, each with an end. Replies and events
arrive on one stream in any order; events that come while a reply is awaited are kept
for `events`.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self, overload

import msgspec

from podd import __version__
from podd.client.address import connected
from podd.errors import (
    FailureReplyError,
    PodEndedError,
    PodNotAnsweringError,
    TimedOutError,
)
from podd_protocol.codec import decode_server_line, encode
from podd_protocol.event import Event
from podd_protocol.events import AnyEvent
from podd_protocol.lines import LineBuffer, LineTooLongError
from podd_protocol.replies import (
    Accepted,
    AnyReply,
    Failure,
    Forked,
    HistoryReply,
    Ok,
    StatusReply,
    UsageReply,
    Welcome,
)
from podd_protocol.requests import (
    PROTOCOL,
    Answer,
    Approve,
    Cancel,
    Configure,
    Deny,
    Fork,
    Hello,
    History,
    Notify,
    Pause,
    PodEvent,
    Request,
    Resume,
    Rewind,
    Run,
    Shutdown,
    Status,
    Subscribe,
    UsageQuery,
)

#: An answer that takes longer than this is not coming. A pod answers from memory, but
#: `accepted` waits for its disk.
ANSWER_SECONDS: Final = 10.0

_READ_BYTES: Final = 256 * 1024


class Heard(NamedTuple):
    """An event, decoded and as it came."""

    event: AnyEvent | None
    """None: an event that this podd does not know."""
    line: bytes
    """Without its newline."""


class PodConnection:
    """A greeted connection.

    Attributes:
        pod: its name, as far as known.
        timeout_seconds: how long each answer may take.
        ended: the pod closed the connection.
    """

    def __init__(
        self, link: socket.socket, *, pod: str, timeout_seconds: float
    ) -> None:
        self.pod = pod
        self.timeout_seconds = timeout_seconds
        self.ended = False
        self._link = link
        self._lines = LineBuffer()
        self._events: deque[Heard] = deque()
        self._replies: dict[int | None, AnyReply] = {}
        self._last_id = 0
        self._welcome: Welcome | None = None
        self._mismatch: FailureReplyError | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        timeout_seconds: float = ANSWER_SECONDS,
        *,
        pod: str | None = None,
    ) -> Self:
        """Connect to the socket at `path` and say hello.

        A pod of another protocol version is connected to as well: `ask` then lets
        `Status` and `Shutdown` through and nothing else.

        Args:
            path: the socket's file.
            timeout_seconds: for connecting, and for each answer later.
            pod: its name for the errors; absent: that of the socket's directory.

        Raises:
            NoSuchError: nobody listens at `path`.
            PodNotAnsweringError: somebody does and says nothing in time.
            PodEndedError: somebody did, and went without a greeting.
        """
        name = path.parent.name if pod is None else pod
        link = connected(path, pod=name, timeout_seconds=timeout_seconds)
        connection = cls(link, pod=name, timeout_seconds=timeout_seconds)
        try:
            connection._greet()
        except BaseException:
            connection.close()
            raise
        return connection

    def _greet(self) -> None:
        try:
            self._welcome = self.ask(
                Hello(id=0, protocol=PROTOCOL, client=f"podd/{__version__}")
            )
        except FailureReplyError as error:
            if error.failure != "version_mismatch":
                raise
            self._mismatch = error
        else:
            self.pod = self._welcome.pod

    @property
    def welcome(self) -> Welcome:
        """What the pod said of itself when the connection was made.

        Raises:
            FailureReplyError: `version_mismatch`; there was no welcome.
        """
        if self._welcome is None:
            assert self._mismatch is not None, "open() greets or raises"
            raise self._mismatch
        return self._welcome

    @overload
    def ask(self, request: Hello) -> Welcome: ...
    @overload
    def ask(self, request: Run | Notify | PodEvent) -> Accepted: ...
    @overload
    def ask(self, request: Status) -> StatusReply: ...
    @overload
    def ask(self, request: History) -> HistoryReply: ...
    @overload
    def ask(self, request: UsageQuery) -> UsageReply: ...
    @overload
    def ask(self, request: Subscribe | Pause | Resume | Cancel | Shutdown) -> Ok: ...
    @overload
    def ask(self, request: Approve | Deny | Answer | Configure | Rewind) -> Ok: ...
    @overload
    def ask(self, request: Fork) -> Forked: ...
    def ask(self, request: Request) -> AnyReply:
        """Send a request and wait for its answer.

        Args:
            request: its `id` is set here.

        Raises:
            FailureReplyError: the pod said no.
            PodNotAnsweringError: nothing came within `timeout_seconds`, or what came
                is not the protocol.
            PodEndedError: the connection ended first.
        """
        if self._mismatch is not None and not isinstance(request, Status | Shutdown):
            raise self._mismatch
        self._last_id += 1
        number = self._last_id
        self._send(encode(msgspec.structs.replace(request, id=number)))
        deadline = time.monotonic() + self.timeout_seconds
        reply = self._answer(number)
        while reply is None:
            if self.ended:
                raise self._gone()
            if not self._wait(deadline):
                raise self._mute(f"no answer within {self.timeout_seconds:g} s")
            self._read()
            reply = self._answer(number)
        if isinstance(reply, Failure):
            raise FailureReplyError(
                pod=self.pod,
                failure=reply.code,
                message=reply.message,
                details=reply.data,
            )
        if not isinstance(reply, _ANSWERS[type(request)]):
            raise self._mute("its answer is not one to what was asked")
        return reply

    def _answer(self, number: int) -> AnyReply | None:
        # null: the pod could not read a line, and ours is the one that is open.
        return self._replies.pop(number, None) or self._replies.pop(None, None)

    def events(self, timeout_seconds: float | None = None) -> Iterator[Heard]:
        """Events as they come, until the pod closes the connection.

        Args:
            timeout_seconds: for all of them together; None: as long as it takes.

        Raises:
            TimedOutError: the time is over.
        """
        deadline = (
            None if timeout_seconds is None else time.monotonic() + timeout_seconds
        )
        while True:
            while self._events:
                yield self._events.popleft()
            if self.ended:
                return
            if not self._wait(deadline):
                assert timeout_seconds is not None, "only a deadline ends the wait"
                raise TimedOutError(
                    what=f"waiting for pod {self.pod!r}", seconds=timeout_seconds
                )
            self._read()

    def heard(self) -> list[Heard]:
        """Events that are here already; for whoever waits on `fileno` by themselves.

        Look at `ended` afterwards.
        """
        while not self.ended and self._wait(0.0):
            self._read()
            if len(self._events) > _ENOUGH:
                break
        events = list(self._events)
        self._events.clear()
        return events

    def fileno(self) -> int:
        """For `select`. Events may be here already: call `heard` before waiting."""
        return self._link.fileno()

    def close(self) -> None:
        """Leave. The pod goes on."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _send(self, line: bytes) -> None:
        try:
            self._link.sendall(line)
        except TimeoutError as error:
            raise self._mute(
                f"it took no request for {self.timeout_seconds:g} s"
            ) from error
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._gone() from error

    def _wait(self, deadline: float | None) -> bool:
        """Wait until there is something to read; False: the deadline passed."""
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        # poll, not select: a client of many pods has descriptors above 1024.
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        return bool(poll.poll(None if left is None else left * 1000))

    def _read(self) -> None:
        try:
            data = self._link.recv(_READ_BYTES)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
            return
        try:
            lines = self._lines.feed(data)
        except LineTooLongError as error:
            raise self._mute("it sent a line without an end") from error
        for line in lines:
            self._sort(line)

    def _sort(self, line: bytes) -> None:
        try:
            message = decode_server_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if _is_event(line):
                self._events.append(Heard(None, line))
                return
            raise self._mute("it does not speak the protocol") from error
        if isinstance(message, Event):
            self._events.append(Heard(message, line))
        elif message.id is None or message.id == self._last_id:
            self._replies[message.id] = message
        # else: the answer to a request whose time-out has passed.

    def _mute(self, reason: str) -> PodNotAnsweringError:
        return PodNotAnsweringError(pod=self.pod, reason=reason)

    def _gone(self) -> PodEndedError:
        return PodEndedError(
            pod=self.pod,
            reason="it closed the connection",
            session="" if self._welcome is None else self._welcome.session,
        )


#: One call of `heard` gives back about so many at most, so that a pod that never
#: pauses does not keep its client from looking up.
_ENOUGH: Final = 1000

_ANSWERS: Final[dict[type[Request], type[AnyReply]]] = {
    Hello: Welcome,
    Run: Accepted,
    Notify: Accepted,
    PodEvent: Accepted,
    Status: StatusReply,
    History: HistoryReply,
    UsageQuery: UsageReply,
    Subscribe: Ok,
    Pause: Ok,
    Resume: Ok,
    Cancel: Ok,
    Approve: Ok,
    Configure: Ok,
    Deny: Ok,
    Answer: Ok,
    Rewind: Ok,
    Fork: Forked,
    Shutdown: Ok,
}


class _Kind(msgspec.Struct):
    event: str


_kind: Final = msgspec.json.Decoder(_Kind)


def _is_event(line: bytes) -> bool:
    try:
        _kind.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
