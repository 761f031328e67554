"""What a pod tells everyone who subscribed.

Durable events stand for a journal entry and can be replayed for the life of the
session; live ones are kept in a ring and may be missed, which `lagged` then says.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd_protocol.event import Durable, Event
from podd_protocol.live_events import (
    Alert,
    CodeOutputDelta,
    Lagged,
    ReasoningDelta,
    RetryScheduled,
    Stopping,
    TextDelta,
    ToolCallDelta,
    ToolOutputDelta,
)
from podd_protocol.values import (
    ChildEnd,
    ChildEventKind,
    Media,
    Outcome,
    State,
    SurfaceCause,
    ToolStatus,
    Usage,
)
from podd_protocol.waiting_events import (
    ApprovalRequested,
    ApprovalResolved,
    CommandEnded,
    CommandStarted,
    QuestionAnswered,
    QuestionAsked,
)

__all__ = [
    "Alert",
    "AnswerRefused",
    "AnyEvent",
    "ApprovalRequested",
    "ApprovalResolved",
    "CausesTaken",
    "ChildEvent",
    "CodeEnded",
    "CodeOutputDelta",
    "CodeStarted",
    "CommandEnded",
    "CommandStarted",
    "Durable",
    "DurableEvent",
    "Event",
    "FileChanged",
    "InputAccepted",
    "Lagged",
    "LimitReached",
    "LiveEvent",
    "Notification",
    "QuestionAnswered",
    "QuestionAsked",
    "Reasoning",
    "ReasoningDelta",
    "RetryScheduled",
    "Rewound",
    "StateChanged",
    "StepEnded",
    "StepStarted",
    "Stopping",
    "SurfaceChanged",
    "Text",
    "TextDelta",
    "ToolCall",
    "ToolCallDelta",
    "ToolOutputDelta",
    "ToolResult",
    "ToolStarted",
    "TurnEnded",
    "TurnStarted",
    "UsageEvent",
]


class InputAccepted(Durable, frozen=True, kw_only=True, tag="input_accepted"):
    """Somebody asked for work."""

    turn: str
    cause: str
    origin: str
    text: str
    media: list[Media] = msgspec.field(default_factory=list)
    """What came with it, in its order."""


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


class AnswerRefused(Durable, frozen=True, kw_only=True, tag="answer_refused"):
    """The answer is not what was asked for, and the model is told what is wrong."""

    turn: str
    problem: str


class CodeStarted(Durable, frozen=True, kw_only=True, tag="code_started"):
    """Code that the model wrote is about to be run."""

    turn: str
    step: int
    code: str


class CodeEnded(Durable, frozen=True, kw_only=True, tag="code_ended"):
    """The one end of a block of code."""

    turn: str
    step: int
    status: ToolStatus
    summary: str
    output: str
    """What it printed, and the traceback where it raised."""
    spilled_to: str | None
    submitted: bool
    """It handed in the turn's value."""
    value: Any


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
    media: list[Media] = msgspec.field(default_factory=list)
    """What the model was shown with it."""


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
    lent: list[str] = []  # noqa: RUF012  # msgspec copies it
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
    files: list[str] = []  # noqa: RUF012  # msgspec copies it
    """`turn_ended`: files that its file tools changed in the turn."""
    end: ChildEnd | None = None
    """`ended`."""
    message: str = ""
    """`ended`: what is known, the tail of its log where it crashed."""


class Rewound(Durable, frozen=True, kw_only=True, tag="rewound"):
    """Back at the end of turn `to`, or the `start`; the files stay as they are."""

    to: str
    files_changed_since: list[str]


class StateChanged(Durable, frozen=True, kw_only=True, tag="state_changed"):
    """The pod is something else now."""

    state: State


class SurfaceChanged(Durable, frozen=True, kw_only=True, tag="surface_changed"):
    """From the next step on the model sees another prompt, or other limits hold."""

    model: str
    tools: list[str]
    cause: SurfaceCause = "started"


DurableEvent = (
    InputAccepted
    | Notification
    | TurnStarted
    | CausesTaken
    | StepStarted
    | Text
    | Reasoning
    | ToolCall
    | AnswerRefused
    | CodeStarted
    | CodeEnded
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
    | Rewound
    | StateChanged
    | SurfaceChanged
)
LiveEvent = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | ToolOutputDelta
    | CodeOutputDelta
    | RetryScheduled
    | Alert
    | Lagged
    | Stopping
)
AnyEvent = DurableEvent | LiveEvent
