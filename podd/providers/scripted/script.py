"""What a script may say. `docs/scripted.md` tells it to users; `loading` reads it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from podd.core.context.response import StopReason
from podd.errors import ProviderFault
from podd.providers.recording import Recording
from podd_protocol.values import Usage

_Seconds = Annotated[float, msgspec.Meta(ge=0)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]

Pacing = Literal["at_once", "as_recorded"]
"""When the pieces of a recording come: without waiting, or as they came."""


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool call of a step."""

    tool: str
    arguments: dict[str, Any] | None = None
    """Strings in it may quote."""
    arguments_text: str | None = None
    """Instead of `arguments`: sent as it stands, broken or not."""
    label: str = ""
    """What quotes call its result; the tool's name, if empty."""

    @property
    def quoted_as(self) -> str:
        return self.label or self.tool


class Fail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step that goes wrong, as a server would."""

    status: Annotated[int, msgspec.Meta(ge=300, le=599)] | None = None
    """An HTTP status, read as a real provider's would be."""
    fault: ProviderFault | None = None
    """Or the fault itself."""
    times: _Positive | None = None
    """How many tries of a request fail; None: all."""
    retry_after_seconds: _Seconds | None = None
    after_chars: _Count = 0
    """How much of the text comes before."""


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an answer trickles in."""

    chunk_chars: _Positive = 32
    """Characters a delta."""
    delay_seconds: _Seconds = 0.0
    """Before each delta."""


class Spent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a step claims to have used, in tokens."""

    input_tokens: _Count = 0
    output_tokens: _Count = 0
    cache_read_tokens: _Count = 0
    cache_write_tokens: _Count = 0
    reasoning_tokens: _Count = 0

    def usage(self) -> Usage:
        """Say the same as a provider would."""
        return Usage(requests=1, **msgspec.structs.asdict(self))


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer of the model."""

    match: str | None = None
    """A regular expression, searched for in the last input."""
    reasoning: str = ""
    text: str = ""
    call: tuple[Call, ...] = ()
    delay_seconds: _Seconds = 0.0
    """Before anything comes."""
    fail: Fail | None = None
    stream: Pace = Pace()
    stop_reason: StopReason | None = None
    """None: `tool_use` with calls, else `stop`."""
    usage: Spent | None = None
    """None: estimated from the sizes."""
    repeat: _Positive | Literal["forever"] = 1
    """How many answers it gives."""
    recording: str | None = None
    """Instead of all that says something: a recording's file, beside the script's."""
    replay: Pacing | None = None
    """Of a recording; None: at once."""


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole file."""

    path: str
    """Where it was read from."""
    steps: tuple[Step, ...]
    lines: tuple[int | None, ...]
    """Where each step begins, from 1."""
    recordings: dict[str, Recording] = {}
    """By what steps call them."""
