"""Server-sent events from bytes in any split. Pure.

Follows the event stream grammar of the HTML standard, but for three things: `id` and
`retry` are ignored, because nothing here reconnects; data stays bytes, because what
reads it (a JSON decoder) checks the encoding itself; and an event that the end of the
stream cut short of its blank line is given out by `finish`, because some servers omit
it after their last event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: A whole tool call with a whole file in it fits many times; a server that never ends
#: its line does not fill the memory.
EVENT_BYTES: Final = 10 * 1024 * 1024

#: Lines that are no fields; an error that a server writes bare is shorter than this.
STRAY_BYTES: Final = 64 * 1024
#: All that an event stream knows, and comments.
_FIELDS: Final = frozenset({b"data", b"event", b"id", b"retry", b""})

_BOM: Final = b"\xef\xbb\xbf"


class OversizedEventError(ValueError):
    """An event grew beyond what a decoder takes."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event."""

    name: str
    """Empty where the server gave none."""
    data: bytes


class EventDecoder:
    """Bytes in, whole events out."""

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_data",
        "_limit",
        "_name",
        "_partial",
        "_partial_bytes",
        "_size",
        "_stray_bytes",
        "strays",
    )

    def __init__(self, limit: int = EVENT_BYTES) -> None:
        self._limit = limit
        # Pieces of a line that has not ended; joined once, so that a long line which
        # comes in small pieces is not copied with each.
        self._partial: list[bytes] = []
        self._partial_bytes = 0
        self._after_cr = False
        self._at_start = True
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0
        self.strays: list[bytes] = []
        """Lines that belong to no event, as far as they are kept."""
        self._stray_bytes = 0

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Take more bytes; give the events that they complete.

        Raises:
            OversizedEventError: an event is larger than the limit.
        """
        if not chunk:
            return []
        if self._after_cr and chunk.startswith(b"\n"):
            # The other half of a CRLF whose CR has already ended the line.
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return []
        self._after_cr = chunk.endswith(b"\r")
        events: list[ServerEvent] = []
        for piece in chunk.splitlines(keepends=True):
            line = piece.rstrip(b"\r\n")
            if len(line) == len(piece):
                self._hold(piece)
                continue
            if self._partial:
                self._hold(line)
                line = b"".join(self._partial)
                self._partial.clear()
                self._partial_bytes = 0
            if event := self._take(line):
                events.append(event)
        return events

    def finish(self) -> list[ServerEvent]:
        """Give what the stream left without its end: at most one event."""
        event = self._take(b"".join(self._partial)) if self._partial else None
        self._partial.clear()
        self._partial_bytes = 0
        event = event or self._dispatch()
        return [event] if event else []

    def _hold(self, piece: bytes) -> None:
        self._partial.append(piece)
        self._partial_bytes += len(piece)
        self._check(self._partial_bytes)

    def _check(self, more: int) -> None:
        if self._size + more > self._limit:
            raise OversizedEventError(f"an event of more than {self._limit} bytes")

    def _take(self, line: bytes) -> ServerEvent | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        self._check(len(line))
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field not in _FIELDS and self._stray_bytes + len(line) <= STRAY_BYTES:
            self.strays.append(line)
            self._stray_bytes += len(line)
        return None

    def _dispatch(self) -> ServerEvent | None:
        event = ServerEvent(self._name, b"\n".join(self._data)) if self._data else None
        self._name = ""
        self._data.clear()
        self._size = 0
        return event
