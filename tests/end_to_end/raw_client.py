"""A client of nothing but a socket and JSON, as anyone could write it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.end_to_end.shell import LIMIT_SECONDS

Line = dict[str, Any]

#: Live events; all others are durable.
LIVE = frozenset(
    {
        *("text_delta", "reasoning_delta", "tool_call_delta", "tool_output_delta"),
        "code_output_delta",
        *("retry_scheduled", "compaction_started", "alert", "lagged", "stopping"),
    }
)


class RawClient:
    """One connection; `heard` keeps every event that came."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._lines = link.makefile("rb")
        self._id = 0
        self.heard: list[Line] = []

    def ask(self, method: str, **fields: Any) -> Line:
        """Send a request and wait for its reply."""
        self._id += 1
        line = {"method": method, "id": self._id, **fields}
        self._link.sendall(json.dumps(line).encode() + b"\n")
        while True:
            answer = self._next()
            if answer.get("id") == self._id and "reply" in answer:
                return answer

    def until(self, event: str, **fields: Any) -> Line:
        """Read on until this event comes, with these fields."""
        while True:
            line = self._next()
            if line.get("event") == event and fields.items() <= line.items():
                return line

    def durable(self) -> list[Line]:
        """What was heard and can be replayed."""
        return [line for line in self.heard if line["event"] not in LIVE]

    def _next(self) -> Line:
        line = self._lines.readline()
        assert line, "the pod closed the connection"
        read: Line = json.loads(line)
        if "event" in read:
            self.heard.append(read)
        return read

    def close(self) -> None:
        self._lines.close()
        self._link.close()


@contextmanager
def raw_client(path: str, *, after: int | None = None) -> Iterator[RawClient]:
    """Connect, say hello, and subscribe if told from where."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(LIMIT_SECONDS)
        link.connect(path)
        client = RawClient(link)
        assert client.ask("hello", protocol=1)["reply"] == "welcome"
        if after is not None:
            assert client.ask("subscribe", after=after)["reply"] == "ok"
        yield client
        client.close()
