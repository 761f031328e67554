"""Head and tail of an output, whatever lies between them.

Sizes are bytes. What is kept in memory does not grow with the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: The two high bits of every byte of a character but its first (RFC 3629).
_CONTINUATION: Final = 0b1000_0000

#: The most bytes that a character has after its first. More in a row are no text.
_CONTINUATIONS: Final = 3


class OutputEnds:
    """The first and the last bytes of an output that comes in pieces."""

    def __init__(self, limit: int) -> None:
        """Keep enough for a text of `limit` bytes."""
        self._limit = limit
        self._head = bytearray()
        self._tail = bytearray()
        self.size = 0
        """Of all that was fed."""
        self._lines = 0

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self.size += len(data)
        self._lines += data.count(b"\n")
        room = self._limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data[-self._limit :] if self._limit else b""
        if len(self._tail) > 2 * self._limit:
            del self._tail[: -self._limit]

    @property
    def whole(self) -> bytes | None:
        """All of it, while there is no more than a text may have."""
        return bytes(self._head) if self.size <= self._limit else None

    def text(self) -> str | None:
        """The output as a model reads it; None: it is too long and must be cut."""
        if (whole := self.whole) is None:
            return None
        text = shown(whole)
        return text if len(text.encode()) <= self._limit else None

    def cut(self, where: str) -> str:
        """Head and tail, with a line between them that says what is left out.

        Args:
            where: where the whole lies, for that line.
        """
        # The line itself counts. Its longest form is measured, so that the rest fits.
        longest = _gap(self.size, self._lines + 1, where)
        room = max(0, self._limit - len(longest.encode()))
        head, tail = bytes(self._head), bytes(self._tail)
        if len(head) + len(tail) == self.size:
            head = tail = head + tail
        head = _fitting(_head, head, room - room // 2)
        tail = _fitting(_tail, tail, room // 2)
        left_out = self.size - len(head) - len(tail)
        lines = self._lines - head.count(b"\n") - tail.count(b"\n")
        return shown(head) + _gap(left_out, lines, where) + shown(tail)


def shown(data: bytes) -> str:
    """Text for a model: what is none is shown as U+FFFD."""
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")


def _fitting(cut: Callable[[bytes, int], bytes], data: bytes, room: int) -> bytes:
    """Cut so that it fits as it is shown: U+FFFD takes more than the byte it is for."""
    size = room
    while (taken := len(shown(part := cut(data, size)).encode())) > room:
        size = size * room // taken
    return part


def _gap(size: int, lines: int, where: str) -> str:
    return f"\n({size} bytes, {lines} line ends left out here; {where})\n"


def _head(whole: bytes, size: int) -> bytes:
    """The first `size` bytes or fewer: to the last line end if one is near."""
    for _ in range(_CONTINUATIONS):
        size -= size > 0 and _continues(whole, size)
    end = whole.rfind(b"\n", size // 2, size)
    return whole[: end if end > 0 else size]


def _tail(whole: bytes, size: int) -> bytes:
    """The last `size` bytes or fewer: from the first line start if one is near."""
    start = len(whole) - size
    for _ in range(_CONTINUATIONS):
        start += _continues(whole, start)
    end = whole.find(b"\n", start, start + (len(whole) - start) // 2)
    return whole[end + 1 if end >= 0 else start :]


def _continues(whole: bytes, at: int) -> bool:
    """Whether the byte at `at` belongs to the character before it."""
    return at < len(whole) and whole[at] & 0b1100_0000 == _CONTINUATION
