"""Lines of JSON with descriptors, over the socket between a pod and its launcher.

Standard library alone: the launcher imports it.

    to the launcher    {"settle": {...}}, once; it answers {"ready": true} or
                       {"failed": reason}
                       {"start": {...}} with two descriptors: where the output goes, and
                       where the reports go; a third where it "has_input"
                       {"stop": id, "now": bool}
    reports            {"started": {...}} or {"failed": {...}}; then {"ended": {...}}

The reports of a command have a pipe of their own, so nobody has to sort them.
"""

from __future__ import annotations

import json
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from collections.abc import Sequence
    from typing import Any

#: Descriptors that come with one message.
MOST_DESCRIPTORS = 3

_PIECE_BYTES = 1 << 16


class Channel:
    """Our end of the socket; blocks."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._data = b""
        self._descriptors: list[int] = []

    def send(self, line: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send one line, without its end; the descriptors stay ours as well."""
        line += b"\n"
        sent = socket.send_fds(self.connection, [line], descriptors)
        self.connection.sendall(line[sent:])

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """Return the next message and what came with it; None: the other end closed."""
        while b"\n" not in self._data:
            part, more, _, _ = socket.recv_fds(
                self.connection, _PIECE_BYTES, MOST_DESCRIPTORS
            )
            if not part:
                return None
            self._data += part
            self._descriptors += more
        line, _, self._data = self._data.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        # They come with the first byte of their line, and each start says how many.
        start = message.get("start")
        count = 0 if start is None else 2 + start["has_input"]
        descriptors = self._descriptors[:count]
        del self._descriptors[:count]
        return message, descriptors

    @property
    def has_more(self) -> bool:
        """Whether a whole message has been read and not been taken."""
        return b"\n" in self._data
