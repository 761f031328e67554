"""A server that keeps what it is asked and refuses all of it.

Both sides are pointed below `/CASE`, so a request says itself what it belongs to. The
answer is a 400, which neither side repeats.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

REFUSAL = json.dumps({"error": {"message": "captured", "type": "captured"}}).encode()


@dataclass(frozen=True)
class Captured:
    """One request, as it arrived.

    Attributes:
        method: in capitals.
        path: below the case, with its escapes undone.
        query: in order.
        headers: by their names in small letters.
        body: decoded from JSON.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


class Capture:
    """What came, by the case that it belongs to."""

    def __init__(self, url: str) -> None:
        self.url = url
        """A case's requests are to go to `URL/CASE`."""
        self._seen: dict[str, list[Captured]] = {}

    def keep(self, case: str, request: Captured) -> None:
        self._seen.setdefault(case, []).append(request)

    def taken(self, case: str) -> Captured | None:
        """Give the one request of a case; None where there was none.

        Raises:
            ValueError: there were several.
        """
        seen = self._seen.get(case, [])
        if len(seen) > 1:
            raise ValueError(f"{case}: {len(seen)} requests where one was expected")
        return seen[0] if seen else None


@contextmanager
def capturing() -> Iterator[Capture]:
    """Serve on loopback for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            address = urlsplit(self.path)
            _, case, path = address.path.split("/", 2)
            request = Captured(
                method=self.command,
                path=f"/{unquote(path)}",
                query=parse_qsl(address.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(body),
            )
            capture.keep(case, request)
            self.send_response(400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(REFUSAL)))
            self.end_headers()
            self.wfile.write(REFUSAL)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    capture = Capture(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield capture
    finally:
        server.shutdown()
        server.server_close()
