"""The body of an answer, whatever it is: events, one document, or a page. Pure.

The first byte tells: `{` or `[` a whole document (an answer that is not streamed, or
an error), `<` a page of some proxy, anything else a stream of events. Content types are
not asked; servers are careless with them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from podd.providers.presentation import page_summary
from podd.providers.sse import EVENT_BYTES, EventDecoder, ServerEvent

_BLANK: Final = b"\xef\xbb\xbf \t\r\n"

Shape = Literal["unknown", "events", "document", "page"]
"""unknown: nothing but blanks has come."""

_SHAPES: Final[dict[bytes, Shape]] = {b"{": "document", b"[": "document", b"<": "page"}


class OversizedBodyError(ValueError):
    """More has come than an answer takes."""


class AnswerBody:
    """Bytes in any split in; events, or the one document, out."""

    __slots__ = ("_events", "_held", "_held_bytes", "shape")

    def __init__(self) -> None:
        self.shape: Shape = "unknown"
        self._events = EventDecoder()
        self._held: list[bytes] = []
        self._held_bytes = 0

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Take more bytes; give the events that they complete.

        Raises:
            OversizedBodyError: it is no stream, and too long.
            OversizedEventError: an event is.
        """
        if self.shape == "unknown":
            chunk = self._recognise(chunk)
        if self.shape == "events":
            return self._events.feed(chunk)
        self._hold(chunk)
        return []

    def rest(self) -> list[ServerEvent]:
        """Give an event that only lacks its blank line: at most one."""
        return self._events.finish()

    def strays(self) -> bytes:
        """Give what stands in a stream and belongs to no event."""
        return b"\n".join(self._events.strays)

    def document(self) -> bytes:
        """Give all that is no stream, without the blanks around it."""
        return b"".join(self._held).strip(_BLANK)

    def page(self) -> str:
        """Say in a few words which page it is."""
        return page_summary(b"".join(self._held))

    def _recognise(self, chunk: bytes) -> bytes:
        self._hold(chunk)
        start = b"".join(self._held)
        first = start.lstrip(_BLANK)[:1]
        if not first:
            return b""
        self._held.clear()
        self._held_bytes = 0
        self.shape = _SHAPES.get(first, "events")
        return start

    def _hold(self, chunk: bytes) -> None:
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes > EVENT_BYTES:
            message = f"no stream, and more than {EVENT_BYTES} bytes"
            raise OversizedBodyError(message)


def is_json(data: bytes) -> bool:
    """Whether this is JSON, and not the beginning of some."""
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
