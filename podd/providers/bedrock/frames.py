"""Frames of an AWS event stream, from bytes in any split. Pure.

Where a frame begins and ends is found here, so that a length that cannot be is an error
at once and not a wait for bytes that never come. What is inside a frame botocore reads,
and checks the sums of.
https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final

from podd.providers.sse import EVENT_BYTES

#: Length of the frame, length of its headers, the sum of both.
_PRELUDE: Final = struct.Struct("!III")
_SUM_BYTES: Final = 4
_SMALLEST: Final = _PRELUDE.size + _SUM_BYTES


class MalformedFrameError(ValueError):
    """These bytes are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the stream."""

    headers: dict[str, Any]
    payload: bytes

    def header(self, name: str) -> str:
        """Give a header that is text; empty where there is none."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""


class FrameDecoder:
    """Bytes in, whole frames out."""

    __slots__ = ("_buffer", "_length", "_limit", "_reader")

    def __init__(self, limit: int = EVENT_BYTES) -> None:
        """Take frames of up to `limit` bytes."""
        # Imported late: nobody else needs it.
        from botocore.eventstream import EventStreamBuffer

        self._reader = EventStreamBuffer
        self._limit = limit
        self._buffer = bytearray()
        self._length = 0

    @property
    def is_between(self) -> bool:
        """Whether no frame has been begun."""
        return not self._buffer

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take more bytes; give the frames that they complete.

        Raises:
            MalformedFrameError: they cannot be frames.
        """
        self._buffer += chunk
        frames: list[Frame] = []
        start = 0
        while len(self._buffer) - start >= _PRELUDE.size:
            self._length = self._length or self._read_length(start)
            end = start + self._length
            if len(self._buffer) < end:
                break
            frames.append(self._read(bytes(self._buffer[start:end])))
            start, self._length = end, 0
        del self._buffer[:start]
        return frames

    def _read_length(self, start: int) -> int:
        total, headers, told = _PRELUDE.unpack_from(self._buffer, start)
        summed = self._buffer[start : start + _PRELUDE.size - _SUM_BYTES]
        if zlib.crc32(summed) != told:
            raise MalformedFrameError("a frame's beginning does not fit its checksum")
        if total < _SMALLEST or headers > total - _SMALLEST:
            lengths = f"{total} bytes, {headers} of them headers"
            raise MalformedFrameError(f"a frame cannot have {lengths}")
        if total > self._limit:
            raise MalformedFrameError(f"a frame of more than {self._limit} bytes")
        return int(total)

    def _read(self, data: bytes) -> Frame:
        from botocore.eventstream import ParserError

        reader = self._reader()
        reader.add_data(data)
        try:
            message = next(reader)
        except (ParserError, ValueError, KeyError, struct.error) as error:
            # The last three: headers of an unknown type, or cut off within.
            raise MalformedFrameError(f"a frame that cannot be read: {error}") from None
        return Frame(message.headers, message.payload)
