"""What a pod tells everyone who subscribed.

Durable events stand for a journal entry and can be replayed for the life of the
session; live ones are kept in a ring and may be missed, which `lagged` then says.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd_protocol.values import (
    AlertLevel,
    Asked,
    ChildEnd,
    ChildEventKind,
    CommandEnd,
    Outcome,
    Remember,
    ResolvedBy,
    State,
    ToolStatus,
    Usage,
    Verdict,
)


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


class FileChanged(Durable, frozen=True, kw_only=True, tag="file_changed"):
    """A file tool changed a file."""

    turn: str
    call: str
    path: str
    change: Literal["created", "modified"]


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


class ChildEvent(
    Durable, frozen=True, kw_only=True, omit_defaults=True, tag="child_event"
):
    """Something became of a pod below this one."""

    pod: str
    session: str
    kind: ChildEventKind
    parent: str
    """Who lends to it: this pod, or one below it."""
    lent: list[str] = []
    """`spawned`, `assumed`: paths that it may write and its lender may not."""
    task: str = ""
    """`spawned`: what it is to do, its first line."""
    turn: str | None = None
    """`turn_ended`."""
    cause: str | None = None
    """`turn_ended`, `ended`: the cause that the model reads, where there is one."""
    outcome: Outcome | None = None
    text: str = ""
    value: Any = None
    usage: Usage | None = None
    files: list[str] = []
    """`turn_ended`: files that its file tools changed in the turn."""
    end: ChildEnd | None = None
    """`ended`."""
    message: str = ""
    """`ended`: what is known, the tail of its log where it crashed."""


class ApprovalRequested(Durable, frozen=True, kw_only=True, tag="approval_requested"):
    """A call waits for people."""

    call: str
    name: str
    arguments: Any
    reason: str
    """Which rule wants them asked."""
    pod: str
    """Who asks: this pod, or one below it."""
    wait_seconds: float
    """After that it is denied."""


class ApprovalResolved(Durable, frozen=True, kw_only=True, tag="approval_resolved"):
    """A call waits no more."""

    call: str
    pod: str
    verdict: Verdict
    by: ResolvedBy
    remember: Remember
    reason: str


class QuestionAsked(Durable, frozen=True, kw_only=True, tag="question_asked"):
    """A model wants to know something."""

    question: str
    text: str
    choices: list[str]
    pod: str
    """Who asks: this pod, or one below it."""
    to: Asked
    wait_seconds: float
    """After that the model is told that nobody answered."""


class QuestionAnswered(Durable, frozen=True, kw_only=True, tag="question_answered"):
    """A question waits no more."""

    question: str
    pod: str
    text: str
    """Empty where `by` is `limit` or `cancel`."""
    by: ResolvedBy


class CommandStarted(Durable, frozen=True, kw_only=True, tag="command_started"):
    """A command runs in the background."""

    turn: str
    call: str
    command: str
    text: str
    output: str


class CommandEnded(Durable, frozen=True, kw_only=True, tag="command_ended"):
    """A command of the background has ended."""

    command: str
    cause: str | None
    """Under which the model is told; null where it ended the command itself."""
    end: CommandEnd
    status: int
    """Exit status, or the signal's number."""
    reason: str


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
    | FileChanged
    | UsageEvent
    | StepEnded
    | LimitReached
    | TurnEnded
    | ChildEvent
    | ApprovalRequested
    | ApprovalResolved
    | QuestionAsked
    | QuestionAnswered
    | CommandStarted
    | CommandEnded
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
