"""Structs to lines and back, with a verdict on every line that is none of ours."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Literal

import msgspec

from podd_protocol.event import Event
from podd_protocol.events import AnyEvent
from podd_protocol.replies import AnyReply, FailureCode, Reply
from podd_protocol.requests import NOT_SUPPORTED, AnyRequest, Request, Run

_encoder: Final = msgspec.json.Encoder()

#: Values stay as they stand: one that cannot be read does not hide the others.
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

#: What decoding a line may raise. `RecursionError`: brackets inside each other, by the
#: thousand, which msgspec follows as deep as the stack allows.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_METHODS: Final = frozenset(kind.__struct_config__.tag for kind in AnyRequest.__args__)


#: A verdict quotes what the sender wrote, and no more of it than this: 16 MiB of
#: nonsense must not come back as 16 MiB of message.
_QUOTED_CHARACTERS: Final = 200


class BadLine(msgspec.Struct, frozen=True):
    """Why a line is no request."""

    id: int | None
    """The request's, where it could be read."""
    code: FailureCode
    message: str


def encode(message: Request | Reply | Event) -> bytes:
    """One line, with its end."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> AnyRequest | BadLine:
    """Read a client's line. Unknown fields are ignored; nothing in it raises."""
    try:
        request: AnyRequest = _decoder("request").decode(line)
    except _UNREADABLE as error:
        return _verdict(line, error)
    if isinstance(request, Run) and request.options is not msgspec.UNSET:
        return BadLine(request.id, "not_supported", "run: options are not built yet")
    return request


def _verdict(line: bytes, error: Exception) -> BadLine:
    """Look closer at a line that did not decode: who sent what wrong."""
    if isinstance(error, UnicodeDecodeError):
        return BadLine(None, "bad_frame", f"not UTF-8: {error.reason}")
    try:
        fields = _fields.decode(line)
    except _UNREADABLE as unreadable:
        return BadLine(None, "bad_frame", _unreadable(unreadable))
    known = _integer(fields.get("id"))
    method = _string(fields.get("method"))
    if method is None:
        return BadLine(known, "bad_field", "method: a string is required")
    if method in NOT_SUPPORTED:
        return BadLine(known, "not_supported", f"{method} is not built yet")
    if method not in _METHODS:
        return BadLine(known, "unknown_method", _short(f"no method is called {method}"))
    return BadLine(known, "bad_field", _short(f"{method}: {error}"))


def _unreadable(error: Exception) -> str:
    match error:
        case msgspec.ValidationError():
            return "a line holds one JSON object"
        case RecursionError():
            return "nested too deeply"
        case _:
            return f"not a line of JSON: {error}"


def _integer(raw: msgspec.Raw | None) -> int | None:
    value = _value(raw)
    return value if type(value) is int else None


def _string(raw: msgspec.Raw | None) -> str | None:
    value = _value(raw)
    return value if isinstance(value, str) else None


def _value(raw: msgspec.Raw | None) -> object:
    """What a field holds; None for what cannot be had, a number out of range say."""
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except _UNREADABLE:
        return None


def _short(text: str) -> str:
    return f"{text[:_QUOTED_CHARACTERS]}..." if len(text) > _QUOTED_CHARACTERS else text


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
    try:
        kind = _kind.decode(line)
        decoder = _decoder("reply" if kind.reply is not None else "event")
        decoded: AnyReply | AnyEvent = decoder.decode(line)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
    return decoded
