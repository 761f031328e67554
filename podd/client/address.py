"""Connect to a Unix socket, however deep its directory lies."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from podd.errors import DeniedError, NoSuchError, PodNotAnsweringError
from podd.paths import SOCKET_PATH_BYTES


def connected(path: Path, *, pod: str, timeout_seconds: float) -> socket.socket:
    """A blocking socket that speaks to `path`.

    Args:
        path: the socket's file; may be longer than a socket address.
        pod: for the errors.
        timeout_seconds: also that of every later send and receive.

    Raises:
        NoSuchError: nobody listens there.
        DeniedError: it is not ours to connect to.
        PodNotAnsweringError: it takes no connections.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        # A socket with a time-out of Python's is a non-blocking one, and connecting
        # that to a full backlog fails at once. The kernel's own time-out waits.
        link.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(timeout_seconds)
        )
        connect(link, path)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
        link.close()
        raise NoSuchError(what="pod", name=pod) from error
    except PermissionError as error:
        link.close()
        raise DeniedError(reason=f"{path}: may not be connected to") from error
    except BlockingIOError as error:
        link.close()
        raise PodNotAnsweringError(
            pod=pod, reason=f"it took no connection for {timeout_seconds:g} s"
        ) from error
    except BaseException:
        link.close()
        raise
    link.settimeout(timeout_seconds)
    return link


def connect(link: socket.socket, path: Path) -> None:
    """Connect `link` to `path`, which may be longer than `sockaddr_un` takes."""
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        link.connect(os.fspath(path))
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        link.connect(f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)


def _timeval(seconds: float) -> bytes:
    whole = int(seconds)
    # At least a microsecond: all zeros would mean for ever.
    return struct.pack("@ll", whole, max(int((seconds - whole) * 1_000_000), 1))
