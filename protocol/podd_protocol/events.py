"""What a pod tells everyone who subscribed.

Durable events stand for a journal entry and can be replayed for the life of the
session; live ones are kept in a ring and may be missed, which `lagged` then says.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd_protocol.values import AlertLevel, Outcome, State, ToolStatus, Usage


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """One line to every subscriber."""

    seq: int = 0


class Durable(Event, frozen=True, kw_only=True):
    """Stands for a journal entry."""

    at: str = ""
    """When the entry was written: RFC 3339, UTC, milliseconds."""


class InputAccepted(Durable, frozen=True, kw_only=True, tag="input_accepted"):
    """Somebody asked for work."""

    turn: str
    cause: str
    origin: str
    text: str


class Notification(Durable, frozen=True, kw_only=True, tag="notification"):
    """Somebody told the model something."""

    cause: str
    origin: str
    text: str


class TurnStarted(Durable, frozen=True, kw_only=True, tag="turn_started"):
    """The pod took up work."""

    turn: str
    causes: list[str]


class CausesTaken(Durable, frozen=True, kw_only=True, tag="causes_taken"):
    """The running turn took in what arrived meanwhile."""

    turn: str
    causes: list[str]


class StepStarted(Durable, frozen=True, kw_only=True, tag="step_started"):
    """A request went to the model. A higher attempt voids what came before."""

    turn: str
    step: int
    attempt: int
    model: str


class Text(Durable, frozen=True, kw_only=True, tag="text"):
    """What the model said, whole: this counts, deltas do not."""

    turn: str
    step: int
    text: str


class Reasoning(Durable, frozen=True, kw_only=True, tag="reasoning"):
    """What the model thought, whole."""

    turn: str
    step: int
    text: str


class ToolCall(Durable, frozen=True, kw_only=True, tag="tool_call"):
    """The model asked for a tool."""

    turn: str
    step: int
    call: str
    name: str
    arguments: Any
    """An object; the raw text where it was not one."""


class ToolStarted(Durable, frozen=True, kw_only=True, tag="tool_started"):
    """A call is about to be run."""

    turn: str
    step: int
    call: str
    name: str


class ToolResult(Durable, frozen=True, kw_only=True, tag="tool_result"):
    """The one result of a call."""

    turn: str
    step: int
    call: str
    name: str
    status: ToolStatus
    summary: str
    output: str
    spilled_to: str | None


class UsageEvent(Durable, frozen=True, kw_only=True, tag="usage"):
    """What one step cost."""

    turn: str
    step: int
    usage: Usage


class StepEnded(Durable, frozen=True, kw_only=True, tag="step_ended"):
    """The model's answer is whole, or the attempt failed."""

    turn: str
    step: int
    attempt: int
    stop_reason: str


class LimitReached(Durable, frozen=True, kw_only=True, tag="limit_reached"):
    """The turn gets one last step."""

    turn: str
    limit: str


class TurnEnded(Durable, frozen=True, kw_only=True, tag="turn_ended"):
    """The one end of a turn; nothing of it comes after."""

    turn: str
    outcome: Outcome
    text: str
    value: Any
    usage: Usage


class StateChanged(Durable, frozen=True, kw_only=True, tag="state_changed"):
    """The pod is something else now."""

    state: State


class SurfaceChanged(Durable, frozen=True, kw_only=True, tag="surface_changed"):
    """From the next step on the model sees another prompt or other tools."""

    model: str
    tools: list[str]


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


class RetryScheduled(Event, frozen=True, kw_only=True, tag="retry_scheduled"):
    """A request failed before its first content and will be sent again."""

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


DurableEvent = (
    InputAccepted
    | Notification
    | TurnStarted
    | CausesTaken
    | StepStarted
    | Text
    | Reasoning
    | ToolCall
    | ToolStarted
    | ToolResult
    | UsageEvent
    | StepEnded
    | LimitReached
    | TurnEnded
    | StateChanged
    | SurfaceChanged
)
LiveEvent = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | ToolOutputDelta
    | RetryScheduled
    | Alert
    | Lagged
    | Stopping
)
AnyEvent = DurableEvent | LiveEvent
