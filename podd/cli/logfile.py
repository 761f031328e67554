"""The end of a log file, and what is written to it from then on.

A log is rotated by renaming it (`pod.log` becomes `pod.log.1`) and beginning a new
one, so following means following the name: when another file bears it, the old one
is read to its end first.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Bytes read at a time from the end of a file.
_BLOCK: Final = 64 * 1024

#: Seconds between two looks at a file that nothing was added to. The standard library
#: has no way to be woken by a file; `tail -f` without inotify waits a second.
LOOK_SECONDS: Final = 0.2


def tail(path: Path, count: int) -> list[str]:
    """The last lines, oldest first, over the last rotation; reads no more than it must.

    Args:
        path: of the log. A file that is not there has no lines.
        count: lines at most.
    """
    lines = _tail_of(path, count)
    if len(lines) < count:
        rotated = path.with_name(f"{path.name}.1")
        lines = _tail_of(rotated, count - len(lines)) + lines
    return lines


def follow(path: Path, count: int, until: float | None = None) -> Iterator[str]:
    """The last lines, then each line as it comes; waits for a file that is not there.

    Args:
        path: of the log.
        count: lines from before now.
        until: on the monotonic clock; the iterator ends then. None: never ends.
    """
    file = _open(path)
    try:
        if file:
            yield from _earlier(file, path, count)
        while True:
            if file:
                yield from _whole_lines(file)
            if until is not None and time.monotonic() >= until:
                return
            if file is None or _replaced(file, path):
                if file:
                    yield from _whole_lines(file)
                    file.close()
                file = _open(path)
                if file:
                    continue
            time.sleep(LOOK_SECONDS)
    finally:
        if file:
            file.close()


def _earlier(file: BinaryIO, path: Path, count: int) -> list[str]:
    """The last whole lines up to now; leaves the file where they end."""
    # The end is taken once, so a line that comes meanwhile is neither lost nor told
    # twice.
    end = _end_of_last_line(file, os.fstat(file.fileno()).st_size)
    lines = _last_lines(file, end, count)
    file.seek(end)
    if len(lines) < count:
        rotated = path.with_name(f"{path.name}.1")
        lines = _tail_of(rotated, count - len(lines)) + lines
    return lines


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _replaced(file: BinaryIO, path: Path) -> bool:
    """Another file bears the name now, or this one was cut short."""
    ours = os.fstat(file.fileno())
    try:
        named = path.stat()
    except FileNotFoundError:
        # Between the rename and the new file; the next look will find it.
        return False
    if (ours.st_dev, ours.st_ino) != (named.st_dev, named.st_ino):
        return True
    return ours.st_size < file.tell()


def _whole_lines(file: BinaryIO) -> Iterator[str]:
    """What was added, up to the last whole line; the rest is left for the next look."""
    while True:
        position = file.tell()
        line = file.readline()
        if not line.endswith(b"\n"):
            file.seek(position)
            return
        yield _text(line)


def _tail_of(path: Path, count: int) -> list[str]:
    file = _open(path)
    if file is None:
        return []
    with file:
        return _last_lines(file, os.fstat(file.fileno()).st_size, count)


def _last_lines(file: BinaryIO, end: int, count: int) -> list[str]:
    """The last `count` lines before the byte `end`."""
    if count <= 0:
        return []
    start, held = end, b""
    while start > 0 and held.count(b"\n") <= count:
        size = min(_BLOCK, start)
        start -= size
        file.seek(start)
        held = file.read(size) + held
    lines = held.removesuffix(b"\n").split(b"\n") if held else []
    return [_text(line) for line in lines[-count:]]


def _end_of_last_line(file: BinaryIO, end: int) -> int:
    """Where the last whole line before the byte `end` ends."""
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode(errors="replace")
