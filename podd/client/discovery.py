"""Which pods are alive: those whose socket takes a connection.

A pod's directory may outlive it, so the directory says who could be there and the
socket who is. All are asked at once: a pod that says nothing delays the answer by the
time-out, once, and a hundred that do say something cost little more than one.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from podd import __version__
from podd.client.address import connect
from podd.client.ownership import refuse_strangers
from podd.errors import NoSuchError
from podd.paths import Places
from podd_protocol.lines import LineBuffer, LineTooLongError
from podd_protocol.replies import Failure, StatusReply, Welcome
from podd_protocol.requests import PROTOCOL, Hello, Status

#: How long a pod has to say what it does before it counts as mute. A pod answers from
#: memory; a second is what a machine that swaps may need.
STATUS_SECONDS: Final = 1.0

_HELLO: Final = 1

#: Both lines go out at once: `status` is answered whatever `hello` is answered with.
_QUESTION: Final = b"".join(
    msgspec.json.encode(request) + b"\n"
    for request in (
        Hello(id=_HELLO, protocol=PROTOCOL, client=f"podd/{__version__}"),
        Status(id=2),
    )
)

#: Not the codec of everything: that one takes a twentieth of `podctl list` to import.
_decode: Final = msgspec.json.Decoder(Welcome | StatusReply | Failure).decode

_READ_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class LivePod:
    """A pod whose socket somebody serves."""

    name: str
    socket: Path
    status: StatusReply | None
    """None: it took the connection and did not say."""
    pid: int | None
    """Of the process that listens; None where even the kernel does not say."""


def pods(places: Places, *, timeout_seconds: float = STATUS_SECONDS) -> list[LivePod]:
    """All live pods, by name.

    Args:
        places: where to look.
        timeout_seconds: how long the slowest may take to say what it does.

    Raises:
        UnsafeDirectoryError: the runtime directory is not ours alone.
    """
    refuse_strangers(places.runtime)
    return _ask(_names(places), places, timeout_seconds)


def find(
    places: Places, name: str, *, timeout_seconds: float = STATUS_SECONDS
) -> LivePod:
    """The live pod of this name.

    Raises:
        NoSuchError: there is none.
        UnsafeDirectoryError: the runtime directory is not ours alone.
    """
    refuse_strangers(places.runtime)
    found = _ask([name], places, timeout_seconds) if is_name(name) else []
    if not found:
        raise NoSuchError(what="pod", name=name)
    return found[0]


def is_name(name: str) -> bool:
    """Whether `name` names a directory below the pods' and nothing else."""
    return name not in {"", ".", ".."} and "/" not in name and "\0" not in name


def _names(places: Places) -> list[str]:
    try:
        return sorted(os.listdir(places.pods))  # noqa: PTH208  # names are wanted
    except (FileNotFoundError, NotADirectoryError):
        return []


@dataclass(slots=True)
class _Asked:
    """A pod that was asked and has not said yet."""

    name: str
    path: Path
    link: socket.socket
    lines: LineBuffer

    def told(self, status: StatusReply | None) -> LivePod:
        return LivePod(self.name, self.path, status, _listener(self.link))


def _ask(names: list[str], places: Places, timeout_seconds: float) -> list[LivePod]:
    live: list[LivePod] = []
    waiting: dict[int, _Asked] = {}
    # poll, not select: many pods are descriptors above 1024.
    poll = select.poll()
    try:
        for name in names:
            match _knock(places.socket(name)):
                case "nobody":
                    continue
                case "full":
                    live.append(LivePod(name, places.socket(name), None, None))
                case link:
                    asked = _Asked(name, places.socket(name), link, LineBuffer())
                    waiting[link.fileno()] = asked
                    poll.register(link, select.POLLIN)
        deadline = time.monotonic() + timeout_seconds
        while waiting and (left := deadline - time.monotonic()) > 0:
            for descriptor, _events in poll.poll(left * 1000):
                asked = waiting[descriptor]
                answer = _answer(asked)
                if answer == "more":
                    continue
                if answer != "gone":
                    live.append(asked.told(None if answer == "odd" else answer))
                poll.unregister(descriptor)
                waiting.pop(descriptor).link.close()
        live.extend(asked.told(None) for asked in waiting.values())
    finally:
        for asked in waiting.values():
            asked.link.close()
    return sorted(live, key=lambda pod: pod.name)


def _knock(path: Path) -> socket.socket | Literal["nobody", "full"]:
    """A connection over which the question is on its way."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    link.setblocking(False)  # noqa: FBT003  # the name of the method says it
    try:
        connect(link, path)
        link.send(_QUESTION)
    except BlockingIOError:
        # Somebody listens there and is slow to accept.
        link.close()
        return "full"
    except OSError:
        link.close()
        return "nobody"
    return link


def _answer(asked: _Asked) -> StatusReply | Literal["more", "gone", "odd"]:
    """What arrived: the status, nothing whole yet, the end, or what is no status."""
    data = _arrived(asked.link)
    if not data:
        return "more" if data is None else "gone"
    try:
        for line in asked.lines.feed(data):
            message = _decode(line)
            if isinstance(message, StatusReply):
                return message
            if isinstance(message, Failure) and message.id != _HELLO:
                return "odd"
    except (LineTooLongError, msgspec.DecodeError, UnicodeDecodeError):
        return "odd"
    return "more"


def _arrived(link: socket.socket) -> bytes | None:
    """What is here; None: nothing yet; empty: the other side left."""
    try:
        return link.recv(_READ_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _listener(link: socket.socket) -> int | None:
    size = struct.calcsize("3i")
    try:
        found = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    except OSError:
        return None
    pid: int = struct.unpack("3i", found)[0]
    return pid or None
