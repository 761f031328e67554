"""Search lines, as a process of its own that can be killed.

Run as a script (`python -I -S`), with the standard library alone: a pattern that takes
for ever takes this process with it and nobody else. It opens nothing. Files come as
descriptors over the socket at descriptor 0; one line of JSON answers each batch.

    in   {"pattern", "ignore_case", "mode", "context", "seconds", "memory"}
    out  {"ready": true}, or {"error": text, "at": offset or null}
    in   {"count": files, "room": entries}, with as many descriptors
    out  {"files": [{"file": index, "matches": n, "lines": [[number, is_match, text]]}],
          "searched": n, "binary": n, "full": bool}
"""

from __future__ import annotations

import collections
import json
import os
import re
import resource
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from collections.abc import Iterator
    from io import BufferedReader
    from typing import Any

#: Longer lines are searched in pieces of this size: a file without a line end must not
#: need memory for all of it.
PIECE_BYTES = 1 << 20

#: What is shown of a line, around the match.
SHOWN_CHARACTERS = 400

#: Where git looks for a zero byte to call a file binary.
SNIFFED_BYTES = 8000

#: Descriptors in one message; the kernel takes 253 (SCM_MAX_FD).
BATCH_FILES = 64


def main() -> None:
    """Answer until the socket closes."""
    channel = socket.socket(fileno=0)
    settings, _ = receive(channel)
    if settings is None:
        return
    # Both are the kernel's: they hold inside a pattern too, and when the pod is gone.
    signal.alarm(settings["seconds"])
    memory = settings["memory"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    flags = re.IGNORECASE if settings["ignore_case"] else 0
    try:
        pattern = re.compile(settings["pattern"], flags)
    except re.error as error:
        answer(channel, {"error": error.msg, "at": error.pos})
        return
    except (RecursionError, OverflowError, MemoryError) as error:
        answer(channel, {"error": f"too large a pattern ({error})", "at": None})
        return
    answer(channel, {"ready": True})
    search = Search(pattern, settings["mode"], settings["context"])
    while True:
        batch, descriptors = receive(channel)
        if batch is None:
            return
        answer(channel, search.batch(descriptors, batch["room"]))


class Search:
    """One pattern, and how much of what it finds is told."""

    def __init__(self, pattern: re.Pattern[str], mode: str, context: int) -> None:
        self.pattern = pattern
        self.mode = mode
        self.context = context

    def batch(self, descriptors: list[int], room: int) -> dict[str, Any]:
        """Search these files in order until `room` entries are found."""
        found: list[dict[str, Any]] = []
        searched = binary = 0
        for index, descriptor in enumerate(descriptors):
            with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor
                if room <= 0:
                    continue
                if b"\0" in file.peek(SNIFFED_BYTES)[:SNIFFED_BYTES]:
                    binary += 1
                    continue
                searched += 1
                result = self.file(file, room)
            if result["matches"]:
                room -= result["matches"] if self.mode == "lines" else 1
                found.append({"file": index, **result})
        return {
            "files": found,
            "searched": searched,
            "binary": binary,
            "full": room <= 0,
        }

    def file(self, file: BufferedReader, room: int) -> dict[str, Any]:
        """Search one file."""
        matches = 0
        lines: list[list[Any]] = []
        before: collections.deque[list[Any]] = collections.deque(maxlen=self.context)
        after = 0
        for number, line in numbered(file):
            match = self.pattern.search(line)
            if match is None:
                if self.mode == "lines":
                    if after:
                        after -= 1
                        lines.append([number, False, shown(line, 0)])
                    else:
                        before.append([number, False, shown(line, 0)])
                continue
            if self.mode == "lines" and matches == room:
                break
            matches += 1
            if self.mode == "files":
                break
            if self.mode == "lines":
                lines += before
                before.clear()
                lines.append([number, True, shown(line, match.start())])
                after = self.context
        return {"matches": matches, "lines": lines}


def numbered(file: BufferedReader) -> Iterator[tuple[int, str]]:
    """Yield (number, text) for each line, or piece of an endless one."""
    number = 1
    while piece := file.readline(PIECE_BYTES):
        text = piece.decode("utf-8", "replace")
        if number == 1:
            text = text.removeprefix("\ufeff")
        yield number, text.rstrip("\r\n")
        number += piece.endswith(b"\n")


def shown(line: str, at: int) -> str:
    """Cut a long line to what stands around offset `at`."""
    if len(line) <= SHOWN_CHARACTERS:
        return line
    start = max(0, min(at - SHOWN_CHARACTERS // 4, len(line) - SHOWN_CHARACTERS))
    part = line[start : start + SHOWN_CHARACTERS]
    return f"{part} (cut; characters {start + 1} to {start + len(part)} of {len(line)})"


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Return (message, descriptors), or (None, []) at the end."""
    data = b""
    descriptors: list[int] = []
    while not data.endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(channel, 1 << 16, BATCH_FILES)
        if not part:
            return None, []
        data += part
        descriptors += more
    message: dict[str, Any] = json.loads(data)
    return message, descriptors


def answer(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one line."""
    channel.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        # The pod is gone, or wants no more.
        os._exit(0)
    sys.exit(0)
