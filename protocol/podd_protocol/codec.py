"""Structs to lines and back, with a verdict on every line that is none of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import msgspec

from podd_protocol.events import AnyEvent, Event
from podd_protocol.replies import AnyReply, FailureCode, Reply
from podd_protocol.requests import NOT_SUPPORTED, AnyRequest, Request

_encoder: Final = msgspec.json.Encoder()

_METHODS: Final = frozenset(kind.__struct_config__.tag for kind in AnyRequest.__args__)


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line is no request."""

    id: int | None
    code: FailureCode
    message: str


def encode(message: Request | Reply | Event) -> bytes:
    """One line, with its end."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> AnyRequest | BadLine:
    """Read a client's line. Unknown fields are ignored."""
    try:
        request: AnyRequest = _decoder("request").decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _verdict(line, str(error))
    return request


def _verdict(line: bytes, reason: str) -> BadLine:
    """Look closer at a line that did not decode: who sent what wrong."""
    try:
        value: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return BadLine(None, "bad_frame", f"not a line of JSON: {error}")
    if not isinstance(value, dict):
        return BadLine(None, "bad_frame", "a line holds one JSON object")
    number = value.get("id")
    known = number if type(number) is int else None
    method = value.get("method")
    if not isinstance(method, str):
        return BadLine(known, "bad_field", "method: a string is required")
    if method in NOT_SUPPORTED:
        return BadLine(known, "not_supported", f"{method} is not built yet")
    if method not in _METHODS:
        return BadLine(known, "unknown_method", f"there is no method {method!r}")
    return BadLine(known, "bad_field", f"{method}: {reason}")


@cache
def _decoder(kind: Literal["request", "reply", "event"]) -> msgspec.json.Decoder[Any]:
    """Made when first needed: a client decodes no requests, and seldom events."""
    types = {"request": AnyRequest, "reply": AnyReply, "event": AnyEvent}
    return msgspec.json.Decoder(types[kind])


class _Kind(msgspec.Struct):
    reply: str | None = None
    event: str | None = None


_kind: Final = msgspec.json.Decoder(_Kind)


def decode_server_line(line: bytes) -> AnyReply | AnyEvent:
    """Read a pod's line, for clients written in Python.

    Raises:
        msgspec.DecodeError: it is neither a reply nor an event that we know.
    """
    kind = _kind.decode(line)
    decoder = _decoder("reply" if kind.reply is not None else "event")
    decoded: AnyReply | AnyEvent = decoder.decode(line)
    return decoded
