"""What a journal line may be. Facts, for ever: an entry is never rewritten.

Rules of this file:
- Names are past tense. A field once released keeps its name and meaning; new fields
  have defaults, so that old journals still read.
- Whatever the model sees stands here rendered.
- `n`, `at`, `seq` and `elapsed` are stamped by whoever appends; the digest is spliced
  in by the journal and is not a field (see chain.py).
- What concerns other pods stands in child_entries.py, what waits in waiting_entries.py,
  what runs code in code_entries.py, forks and rewinds in branch_entries.py.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from podd.core.context.conversation import ImagePart, ModelPart, UserPart
from podd.core.context.request import Surface
from podd.core.context.response import StopReason
from podd.core.session.branch_entries import Forked, Rewound
from podd.core.session.child_entries import (
    ChildNews,
    LoanAssumed,
    LoanIntended,
    LoanMade,
    LoanReturned,
    TaskGiven,
)
from podd.core.session.code_entries import (
    CodeEnded,
    CodeStarted,
    InterpreterLost,
    ToolCalled,
)
from podd.core.session.entry import Entry
from podd.core.session.waiting_entries import (
    ApprovalRequested,
    ApprovalResolved,
    CommandEnded,
    CommandStarted,
    QuestionAnswered,
    QuestionAsked,
)
from podd.errors import ProviderFault
from podd_protocol.values import Limit, Outcome, State, SurfaceCause, ToolStatus, Usage

__all__ = [
    "FORMAT",
    "AnswerRefused",
    "AnyEntry",
    "ApprovalRequested",
    "ApprovalResolved",
    "CausesTaken",
    "Checkpoint",
    "ChildNews",
    "CodeEnded",
    "CodeStarted",
    "CommandEnded",
    "CommandStarted",
    "Delivery",
    "Entry",
    "FileChanged",
    "Forked",
    "InputAccepted",
    "InterpreterLost",
    "LimitReached",
    "LoanAssumed",
    "LoanIntended",
    "LoanMade",
    "LoanReturned",
    "ModelResponded",
    "NotificationAccepted",
    "Origin",
    "PodStarted",
    "QuestionAnswered",
    "QuestionAsked",
    "Rewound",
    "SeqReserved",
    "SessionClosed",
    "SessionStarted",
    "StepFailed",
    "StepStarted",
    "StopRequested",
    "SurfaceCause",
    "SurfaceSet",
    "TaskGiven",
    "ToolCalled",
    "ToolResulted",
    "ToolStarted",
    "TurnEnded",
    "TurnPaused",
    "TurnResumed",
    "TurnStarted",
]

#: The journal format this podd writes, and the newest it reads.
FORMAT: Final = 1


Checkpoint = Literal["after_work", "before_completion"]
Delivery = Literal["queue", "steer"]


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a session comes from."""

    kind: Literal["new", "fork"]
    session: str = ""
    n: int = 0
    digest: str = ""


class SessionStarted(Entry, frozen=True, kw_only=True, tag="session_started"):
    """The first entry."""

    format: int
    session: str
    """UUIDv7."""
    pod: str
    origin: Origin
    manifest: dict[str, Any]
    """As resolved, without secrets."""
    podd: str
    """The version that wrote it."""


class PodStarted(Entry, frozen=True, kw_only=True, tag="pod_started"):
    """A process took the session up, for the first time or after a stop or a crash."""

    pid: int
    state: State
    """What the pod is from here: idle, running or paused."""
    podd: str


class SurfaceSet(Entry, frozen=True, kw_only=True, tag="surface_set"):
    """What the model sees from the next step on."""

    surface: Surface
    cause: SurfaceCause
    manifest: dict[str, Any] | None = None
    """The manifest that replaces the session's; None where `cause` is `started`."""


class SeqReserved(Entry, frozen=True, kw_only=True, tag="seq_reserved"):
    """Event numbers up to and with `upto` may be sent from now on."""

    upto: int


class InputAccepted(Entry, frozen=True, kw_only=True, tag="input_accepted"):
    """Somebody asked for work."""

    turn: str
    """The turn that it starts, or that takes it in."""
    cause: str
    origin: str
    """`user`, or the pod that sent it."""
    text: str
    delivery: Delivery = "queue"
    position: int = 0
    """As answered: 0 starts now."""
    key: str | None = None
    parts: tuple[UserPart, ...] | UnsetType = UNSET
    """Where there is more than prose: all of it in order, `text` included."""


class NotificationAccepted(
    Entry, frozen=True, kw_only=True, tag="notification_accepted"
):
    """Somebody wants the model to know something."""

    cause: str
    origin: str
    text: str
    """As it was sent."""
    rendered: str
    """As the model reads it."""
    wake: bool
    turn: str
    """The turn it starts if it wakes an idle pod."""
    key: str | None = None


class TurnStarted(Entry, frozen=True, kw_only=True, tag="turn_started"):
    """An idle pod takes up work."""

    turn: str
    causes: tuple[str, ...]


class CausesTaken(Entry, frozen=True, kw_only=True, tag="causes_taken"):
    """A running turn takes in what arrived meanwhile."""

    turn: str
    causes: tuple[str, ...]
    checkpoint: Checkpoint


class LimitReached(Entry, frozen=True, kw_only=True, tag="limit_reached"):
    """The turn gets one last step, without tools, to hand over."""

    turn: str
    limit: Limit
    notice: str
    """As the model reads it."""
    value: int | float = 0
    """What the limit was. One that holds over the pod's life grants its last step once;
    a higher one grants another."""


class StepStarted(Entry, frozen=True, kw_only=True, tag="step_started"):
    """A request goes to the model. A higher attempt voids the one before."""

    turn: str
    step: int
    """From 1 in each turn."""
    attempt: int
    model: str
    request: str
    """Digest of the request (see core/context/digest.py)."""
    last: bool = False
    """True: without tools, because a limit was reached."""
    offer_tools: bool = True
    """False: also without tools, because the model's code calls them."""


class StepFailed(Entry, frozen=True, kw_only=True, tag="step_failed"):
    """The attempt gave no answer. What was said stays here, out of the conversation."""

    turn: str
    step: int
    attempt: int
    fault: ProviderFault | Literal["interrupted"]
    message: str
    partial: str = ""
    began: bool = False
    """Something of the answer had come before it failed."""


class ModelResponded(Entry, frozen=True, kw_only=True, tag="model_responded"):
    """One whole answer."""

    turn: str
    step: int
    attempt: int
    parts: tuple[ModelPart, ...]
    stop_reason: StopReason
    usage: Usage


class AnswerRefused(Entry, frozen=True, kw_only=True, tag="answer_refused"):
    """What was to end the turn is not what was asked for; the model may mend it."""

    turn: str
    problem: str
    """What is wrong, for people."""
    notice: str
    """As the model reads it."""


class ToolStarted(Entry, frozen=True, kw_only=True, tag="tool_started"):
    """A call is about to be run. Synced before it is."""

    turn: str
    step: int
    call: str
    name: str
    repeatable: bool
    """Declared safe to run again after a crash."""


class ToolResulted(Entry, frozen=True, kw_only=True, tag="tool_result"):
    """The one result of a call."""

    turn: str
    step: int
    call: str
    name: str
    status: ToolStatus
    summary: str
    """One line: what was done, or why not."""
    output: str = ""
    spilled_to: str | None = None
    """Where the whole output lies, where `output` is cut."""
    causes: tuple[str, ...] = ()
    """What it tells the model that would else be told as a cause."""
    images: tuple[ImagePart, ...] | UnsetType = UNSET
    """What the model sees with it."""


class TurnPaused(Entry, frozen=True, kw_only=True, tag="turn_paused"):
    """Nothing new is begun until the turn is resumed."""

    turn: str
    reason: str = ""


class TurnResumed(Entry, frozen=True, kw_only=True, tag="turn_resumed"):
    """The paused turn goes on."""

    turn: str


class TurnEnded(Entry, frozen=True, kw_only=True, tag="turn_ended"):
    """The one end of a turn."""

    turn: str
    outcome: Outcome
    text: str
    """Of the last model response; what a script wants."""
    usage: Usage
    """Of this turn."""
    value: Any = None
    state: State = "idle"
    """What the pod is from here: idle, or stopping."""


class FileChanged(Entry, frozen=True, kw_only=True, tag="file_changed"):
    """A file tool changed a file."""

    turn: str
    call: str
    path: str
    change: Literal["created", "modified"]
    before: str | None
    """Digest of the content it replaced, which lies among the blobs; None: no file."""
    after: str
    """sha256 of the new content."""


class StopRequested(Entry, frozen=True, kw_only=True, tag="stop_requested"):
    """The pod takes no more work and ends."""

    mode: Literal["drain", "now"]
    by: Literal["user", "signal", "parent"]


class SessionClosed(Entry, frozen=True, kw_only=True, tag="session_closed"):
    """The process ended in order. A session without it at its end has crashed."""

    open_turn: str | None = None
    """The turn that a restore goes on with."""


AnyEntry = (
    SessionStarted
    | PodStarted
    | SurfaceSet
    | SeqReserved
    | InputAccepted
    | NotificationAccepted
    | TurnStarted
    | CausesTaken
    | LimitReached
    | StepStarted
    | StepFailed
    | ModelResponded
    | AnswerRefused
    | ToolStarted
    | ToolResulted
    | TurnPaused
    | TurnResumed
    | TurnEnded
    | FileChanged
    | StopRequested
    | SessionClosed
    | LoanIntended
    | LoanMade
    | TaskGiven
    | LoanAssumed
    | LoanReturned
    | ChildNews
    | ApprovalRequested
    | ApprovalResolved
    | QuestionAsked
    | QuestionAnswered
    | CommandStarted
    | CommandEnded
    | CodeStarted
    | ToolCalled
    | CodeEnded
    | InterpreterLost
    | Forked
    | Rewound
)
