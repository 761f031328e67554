"""What a pod tells while it happens: events that stand for no entry."""

from __future__ import annotations

from typing import Literal

import msgspec

from podd_protocol.event import Event
from podd_protocol.values import AlertLevel


class TextDelta(Event, frozen=True, kw_only=True, tag="text_delta"):
    """More prose."""

    turn: str
    step: int
    attempt: int
    text: str


class ReasoningDelta(Event, frozen=True, kw_only=True, tag="reasoning_delta"):
    """More thought."""

    turn: str
    step: int
    attempt: int
    text: str


class ToolCallDelta(Event, frozen=True, kw_only=True, tag="tool_call_delta"):
    """More of a call's arguments."""

    turn: str
    step: int
    attempt: int
    index: int
    name: str
    arguments: str


class ToolOutputDelta(Event, frozen=True, kw_only=True, tag="tool_output_delta"):
    """More of what a running tool prints."""

    turn: str
    step: int
    attempt: int
    call: str
    text: str


class CodeOutputDelta(Event, frozen=True, kw_only=True, tag="code_output_delta"):
    """More of what running code prints."""

    turn: str
    step: int
    attempt: int
    text: str


class RetryScheduled(Event, frozen=True, kw_only=True, tag="retry_scheduled"):
    """A request failed, or its answer broke off, and it will be sent again."""

    turn: str
    step: int
    attempt: int
    """The try that failed, from 1."""
    delay_seconds: float
    reason: str


class Alert(Event, frozen=True, kw_only=True, tag="alert"):
    """Something a person should know."""

    level: AlertLevel
    source: str
    code: str
    message: str


class Lagged(Event, frozen=True, kw_only=True, tag="lagged"):
    """Events `from` up to `to` are not coming. Its `seq` is its `to`."""

    from_: int = msgspec.field(name="from")
    to: int


class Stopping(Event, frozen=True, kw_only=True, tag="stopping"):
    """The pod ends; the connection will close."""

    mode: Literal["drain", "now"]
