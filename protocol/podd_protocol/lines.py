"""Lines out of a stream of bytes, sans I/O."""

from __future__ import annotations

from typing import Final

#: A longer line is refused and the connection closed (CONTRACT of the wire).
LINE_BYTES: Final = 16 * 1024 * 1024


class LineTooLongError(Exception):
    """A line passed the limit; what follows cannot be told apart any more."""


class LineBuffer:
    """Feed it what arrived, take whole lines out.

    A line ends in LF; a CR before it is dropped. Blank lines are skipped. Bytes are
    searched once: a long line that arrives in many pieces costs no more than its
    length.
    """

    __slots__ = ("_buffer", "_limit", "_searched")

    def __init__(self, limit: int = LINE_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._limit = limit

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in, give back the lines that are whole now, without their ends.

        Raises:
            LineTooLongError: a line is longer than the limit. Lines before it in the
                same piece are lost with the connection, as the contract has it.
        """
        buffer = self._buffer
        if not buffer and data.endswith(b"\n") and data.count(b"\n") == 1:
            if len(data) - 1 > self._limit:
                raise LineTooLongError
            line = data[:-1].removesuffix(b"\r")
            return [line] if line.strip() else []
        buffer += data
        end = buffer.rfind(b"\n", self._searched)
        if end < 0:
            self._searched = len(buffer)
            if len(buffer) > self._limit:
                raise LineTooLongError
            return []
        whole = bytes(buffer[:end])
        del buffer[: end + 1]
        self._searched = len(buffer)
        if len(buffer) > self._limit:
            raise LineTooLongError
        lines = whole.split(b"\n")
        if len(whole) > self._limit and max(map(len, lines)) > self._limit:
            raise LineTooLongError
        return [line.removesuffix(b"\r") for line in lines if line.strip()]

    @property
    def pending(self) -> bytes:
        """The beginning of a line whose end has not come."""
        return bytes(self._buffer)
