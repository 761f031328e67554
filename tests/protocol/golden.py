"""The golden lines of protocol/examples, and the kinds of message there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from podd_protocol.codec import decode_request, decode_server_line
from podd_protocol.events import AnyEvent
from podd_protocol.replies import AnyReply
from podd_protocol.requests import AnyRequest

PROTOCOL: Final = Path(__file__).resolve().parents[2] / "protocol"

KINDS: Final[dict[str, tuple[type[msgspec.Struct], ...]]] = {
    "requests": get_args(AnyRequest),
    "replies": get_args(AnyReply),
    "events": get_args(AnyEvent),
}


def lines(kind: str) -> list[bytes]:
    """Give the lines of one file, with their ends."""
    return (PROTOCOL / "examples" / f"{kind}.jsonl").read_bytes().splitlines(True)


def cases() -> list[tuple[str, bytes]]:
    """Give each line with the kind of its file."""
    return [(kind, line) for kind in KINDS for line in lines(kind)]


def decode(kind: str, line: bytes) -> Any:
    """Decode as whoever receives such a line does."""
    return decode_request(line) if kind == "requests" else decode_server_line(line)


def tag(struct: type[msgspec.Struct]) -> str:
    """Give the word that a line of this Struct bears."""
    word = struct.__struct_config__.tag
    assert isinstance(word, str), "messages are tagged by name"
    return word
