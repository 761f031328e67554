"""A pod that says what a test wants: a real Unix socket, served by a thread.

It greets, answers `status`, `subscribe` and `run` as a pod does, keeps what it was
asked, and sends what the test tells it to.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from podd_protocol.codec import encode
from podd_protocol.events import AnyEvent
from podd_protocol.lines import LineBuffer
from podd_protocol.replies import (
    Accepted,
    ApprovalStatus,
    ChildStatus,
    CommandStatus,
    Limits,
    Ok,
    QuestionStatus,
    QueuedTurn,
    Reply,
    ScopeSummary,
    StatusReply,
    Welcome,
)
from podd_protocol.requests import (
    AnyRequest,
    Cancel,
    Hello,
    Notify,
    Run,
    Shutdown,
    Status,
    Subscribe,
)
from podd_protocol.values import State, Usage

SESSION = "0190a000-0000-7000-8000-000000000001"
LIMIT_SECONDS = 10.0
"""What a test may wait for one thing."""

Answer = Callable[["FakePod", AnyRequest], "Reply | AnyEvent | bytes | None"]
"""What to send for a request; None: as a pod would; b"": nothing at all."""


class FakePod:
    """One pod. `asked` holds what came in, `say` sends to all that subscribed."""

    def __init__(self, socket_path: Path, *, answer: Answer | None = None) -> None:
        self.name = socket_path.parent.name
        self.session = SESSION
        self.state: State = "idle"
        self.turn: str | None = None
        self.seq = 0
        self.position = 0
        self.max_steps = 50
        self.queue: list[QueuedTurn] = []
        self.children: list[ChildStatus] = []
        self.approvals: list[ApprovalStatus] = []
        self.questions: list[QuestionStatus] = []
        self.commands: list[CommandStatus] = []
        self.asked: queue.Queue[AnyRequest] = queue.Queue()
        self.on_run: Callable[[FakePod], None] = lambda pod: None
        self.on_subscribe: Callable[[FakePod], None] = lambda pod: None
        self.on_cancel: Callable[[FakePod], None] = lambda pod: None
        self._answer = answer
        self._path = socket_path
        self._clients: list[socket.socket] = []
        self._subscribed: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._write = threading.RLock()
        socket_path.parent.mkdir(parents=True, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        directory = os.open(socket_path.parent, os.O_PATH | os.O_DIRECTORY)
        self._listener.bind(f"/proc/self/fd/{directory}/{socket_path.name}")
        os.close(directory)
        self._listener.listen(64)
        self._start(self._accept)

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._clients.append(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        lines = LineBuffer()
        while True:
            try:
                data = client.recv(65536)
            except OSError:
                return
            if not data:
                return
            for line in lines.feed(data):
                request = msgspec.json.decode(line, type=AnyRequest)
                with self._write:
                    self._reply(client, request)
                self.asked.put(request)

    def _reply(self, client: socket.socket, request: AnyRequest) -> None:
        said = self._answer(self, request) if self._answer else None
        if said is None:
            said = self._as_a_pod(request)
        raw = said if isinstance(said, bytes) else encode(said)
        if raw:
            client.sendall(raw)
        if isinstance(request, Subscribe):
            self._subscribed.append(client)
            self.on_subscribe(self)
        if isinstance(request, Run):
            self.on_run(self)
        if isinstance(request, Cancel):
            self.on_cancel(self)
        if isinstance(request, Shutdown):
            self.close()

    def _as_a_pod(self, request: AnyRequest) -> Reply:
        match request:
            case Hello():
                return self.welcome(request.id)
            case Status():
                return self.status(request.id)
            case Subscribe():
                return Ok(id=request.id, seq=self.seq)
            case Run():
                return Accepted(
                    id=request.id, cause="c1", turn="t1", position=self.position
                )
            case Notify():
                return Accepted(id=request.id, cause="c2")
            case _:
                return Ok(id=request.id)

    def welcome(self, number: int) -> Welcome:
        return Welcome(
            id=number,
            protocol=1,
            min_protocol=1,
            pod=self.name,
            session=self.session,
            state=self.state,
            seq=self.seq,
            model="scripted/demo",
            workdir="/srv",
            tools=["read_file"],
            scope=ScopeSummary(read=["/srv"]),
            limits=Limits(max_steps=50, line_bytes=1),
            pid=os.getpid(),
            started_at="2026-11-20T10:00:00.000Z",
            podd="0.1.0",
        )

    def status(self, number: int) -> StatusReply:
        return StatusReply(
            id=number,
            state=self.state,
            turn=self.turn,
            step=None,
            tool_calls=[],
            queue=self.queue,
            usage=Usage(),
            budget={},
            children=self.children,
            approvals=self.approvals,
            questions=self.questions,
            commands=self.commands,
            clients=len(self._clients),
            pod=self.name,
            session=self.session,
            pid=os.getpid(),
            started_at="2026-11-20T10:00:00.000Z",
            model="scripted/demo",
            limits=Limits(max_steps=self.max_steps, line_bytes=1),
            workdir="/srv",
            scope=ScopeSummary(read=["/srv"]),
            seq=self.seq,
        )

    def say(self, *events: AnyEvent | bytes) -> None:
        """Send to everyone who subscribed, numbered where the event is not."""
        with self._write:
            for event in events:
                self.seq += 1
                if isinstance(event, bytes):
                    line = event
                elif event.seq:
                    self.seq = max(self.seq, event.seq)
                    line = encode(event)
                else:
                    line = encode(msgspec.structs.replace(event, seq=self.seq))
                for client in self._subscribed:
                    client.sendall(line)

    def wait_for(self, kind: type[AnyRequest]) -> AnyRequest:
        """The next request of this kind; what came before it is dropped."""
        while True:
            request = self.asked.get(timeout=LIMIT_SECONDS)
            if isinstance(request, kind):
                return request

    def hang_up(self) -> None:
        """End all connections, as a process that died."""
        for client in self._clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        """Be gone: a connection is refused from now on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def join(self) -> None:
        self.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(LIMIT_SECONDS)
        for client in self._clients:
            client.close()


@contextmanager
def fake_pod(socket_path: Path, *, answer: Answer | None = None) -> Iterator[FakePod]:
    pod = FakePod(socket_path, answer=answer)
    try:
        yield pod
    finally:
        pod.join()
