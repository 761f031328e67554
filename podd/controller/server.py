"""The listening socket of a pod."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
from functools import partial
from pathlib import Path

import anyio
from anyio.abc import SocketAttribute, SocketListener, SocketStream, TaskGroup

from podd.controller.connection import Connection, Dispatch
from podd.runtime.log import Log
from podd_protocol.codec import encode
from podd_protocol.replies import Failure

#: Clients at a time; one more is told so and sent away. Half of all descriptors where
#: the process may have few, because the journal and the tools need some as well.
MOST_CLIENTS = 512
#: Clients that may wait for `accept`.
BACKLOG = 64
#: What a client that does not read may hold up the end of a pod.
FAREWELL_SECONDS = 1.0


class Server:
    """Accepts clients of the same user."""

    def __init__(self, directory: Path, log: Log) -> None:
        """Bind `sock` in `directory`, in place of a dead one that lies there."""
        self._log = log
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        unlimited = files == resource.RLIM_INFINITY
        self.most = MOST_CLIENTS if unlimited else min(MOST_CLIENTS, files // 2)
        """Clients at a time."""
        self._path = directory / "sock"
        self._connections: set[Connection] = set()
        self._left = anyio.Event()
        self._socket = _bind(directory)

    async def serve(self, dispatch: Dispatch, tasks: TaskGroup) -> None:
        """Accept until cancelled; clients are served in `tasks`."""
        async with await SocketListener.from_socket(self._socket) as listener:
            await listener.serve(partial(self._client, dispatch), tasks)

    async def _client(self, dispatch: Dispatch, stream: SocketStream) -> None:
        raw = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  # anyio, not Django
        if _peer_uid(raw) != os.getuid():
            await stream.aclose()
            return
        if len(self._connections) >= self.most:
            await _turn_away(stream, self.most)
            return
        connection = Connection(stream, dispatch)
        self._connections.add(connection)
        try:
            await connection.serve()
        except Exception:  # noqa: BLE001  # a bug must end a connection, not a pod
            self._log.exception("connection")
        finally:
            self._connections.discard(connection)
            self._left.set()

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._connections)

    async def finish(self) -> None:
        """Take the socket away and let each client have what it is still owed."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        with anyio.move_on_after(FAREWELL_SECONDS):
            for connection in tuple(self._connections):
                connection.leave()
            while self._connections:
                self._left = anyio.Event()
                await self._left.wait()


async def _turn_away(stream: SocketStream, most: int) -> None:
    message = f"{most} clients are connected, which is all that this pod serves"
    failure = Failure(id=None, code="busy", message=message, data={"clients": most})
    async with stream:
        with contextlib.suppress(anyio.BrokenResourceError):
            await stream.send(encode(failure))


def _bind(directory: Path) -> socket.socket:
    """A listening socket, however long the directory's path is."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # The name is taken and its allocation is ours: what lies here is of the dead.
        with contextlib.suppress(FileNotFoundError):
            os.unlink("sock", dir_fd=descriptor)  # by descriptor
        umask = os.umask(0o177)
        try:
            listening.bind(f"/proc/self/fd/{descriptor}/sock")
        finally:
            os.umask(umask)
        listening.listen(BACKLOG)
        listening.setblocking(False)  # noqa: FBT003  # the socket's own signature
    finally:
        os.close(descriptor)
    return listening


def _peer_uid(connected: socket.socket) -> int:
    credentials = connected.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid)
