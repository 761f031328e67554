"""How much of a tool's output the model reads, and where the whole lies.

Sizes are bytes of UTF-8. What is over the limit keeps its head and its tail, with one
line between them that says how much is left out and which file has all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

#: What a tool may say unless the manifest has another number; about 4,000 tokens.
DEFAULT_OUTPUT_BYTES: Final = 16_384

#: The two high bits of every byte of a character but its first (RFC 3629).
_CONTINUATION: Final = 0b1000_0000


@dataclass(frozen=True, slots=True)
class FittedOutput:
    """An output as the model reads it."""

    text: str
    spilled_to: str | None = None
    """The file with all of it; None where nothing is left out, or nothing was kept."""


@dataclass(frozen=True, slots=True)
class OutputStore:
    """The limits of one pod's tools, and the directory for what goes over them."""

    directory: str
    """Absolute; made (0700) when first needed. Tools may read what lies there."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Bytes by tool name."""
    default_bytes: int = DEFAULT_OUTPUT_BYTES
    redact: Callable[[str], str] = str
    """Takes out what neither the model nor a spilled file may hold; before `fit`."""

    def limit(self, tool: str) -> int:
        """How many bytes this tool may say."""
        return self.limits.get(tool, self.default_bytes)

    def fit(self, tool: str, call: str, text: str) -> FittedOutput:
        """Cut `text` to the limit; what is cut is written to a file first."""
        whole = encode(text)
        limit = self.limit(tool)
        if len(whole) <= limit:
            return FittedOutput(text=whole.decode())
        name = call.replace("/", "_") + ".txt"
        path = f"{self.directory}/{name}"
        try:
            self._spill(name, whole)
        except OSError as error:
            where = f"it could not be kept: {error.strerror}"
            return FittedOutput(text=_cut(whole, limit, where))
        where = f"all {len(whole)} bytes are in {path}"
        return FittedOutput(text=_cut(whole, limit, where), spilled_to=path)

    def _spill(self, name: str, whole: bytes) -> None:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)  # noqa: PTH103  # str
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # A call that is run again after a crash writes its output again.
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            descriptor = os.open(name, flags, 0o600, dir_fd=directory)
            try:
                with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor
                    file.write(whole)
            except OSError:
                os.unlink(name, dir_fd=directory)
                raise
        finally:
            os.close(directory)


def encode(text: str) -> bytes:
    """UTF-8; a name that is not UTF-8 on disk shows its odd bytes as escapes."""
    return text.encode("utf-8", "backslashreplace")


def _cut(whole: bytes, limit: int, where: str) -> str:
    # The line itself counts. Its longest form is measured, so that the rest fits.
    longest = _gap(len(whole), whole.count(b"\n") + 1, where)
    room = max(0, limit - len(longest.encode()))
    head = _head(whole, room - room // 2)
    tail = _tail(whole, room // 2)
    left_out = whole[len(head) : len(whole) - len(tail)]
    gap = _gap(len(left_out), left_out.count(b"\n"), where)
    return head.decode() + gap + tail.decode()


def _gap(size: int, lines: int, where: str) -> str:
    return f"\n({size} bytes, {lines} line ends left out here; {where})\n"


def _head(whole: bytes, size: int) -> bytes:
    """The first `size` bytes or fewer: to the last line end if one is near."""
    while size > 0 and _continues(whole, size):
        size -= 1
    end = whole.rfind(b"\n", size // 2, size)
    return whole[: end if end > 0 else size]


def _tail(whole: bytes, size: int) -> bytes:
    """The last `size` bytes or fewer: from the first line start if one is near."""
    start = len(whole) - size
    while start < len(whole) and _continues(whole, start):
        start += 1
    end = whole.find(b"\n", start, start + (len(whole) - start) // 2)
    return whole[end + 1 if end >= 0 else start :]


def _continues(whole: bytes, at: int) -> bool:
    """Whether the byte at `at` belongs to the character before it."""
    return at < len(whole) and whole[at] & 0b1100_0000 == _CONTINUATION
