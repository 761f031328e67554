"""Facts that the turn machine is told, in the past tense."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from podd.core.context.conversation import ImagePart, UserPart
from podd.core.context.request import Surface
from podd.core.context.response import ModelResponse
from podd.core.scope.rules import Scope
from podd.core.session.entries import SurfaceCause
from podd.core.turn.known import KnownOfCall
from podd.errors import ProviderFault
from podd_protocol.values import (
    Asked,
    CancelledBy,
    ChildEnd,
    ChildEventKind,
    CommandEnd,
    Outcome,
    Remember,
    ResolvedBy,
    ToolStatus,
    Usage,
    Verdict,
)

#: What may be waited for only so long: the end of a drain, people's word about a call,
#: the answer to a question, the children of a `wait_pods`.
#: Or what a pod may work in its life.
Deadline = Literal["drain", "approval", "question", "wait", "wall"]


class InputQueued(msgspec.Struct, frozen=True, kw_only=True):
    """Work for a turn of its own, after those that wait already."""

    text: str
    origin: str = "user"
    key: str | None = None
    parts: tuple[UserPart, ...] | UnsetType = UNSET


class InputSteered(msgspec.Struct, frozen=True, kw_only=True):
    """Work for the running turn; for the next one if there is none."""

    text: str
    origin: str = "user"
    key: str | None = None
    parts: tuple[UserPart, ...] | UnsetType = UNSET


class InputOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Work, but only if it can start now."""

    text: str
    origin: str = "user"
    key: str | None = None
    parts: tuple[UserPart, ...] | UnsetType = UNSET


class NotificationSent(msgspec.Struct, frozen=True, kw_only=True):
    """Something for the model to know."""

    message: str
    wake: bool
    origin: str = "user"
    key: str | None = None


class PauseRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants nothing new to begin."""

    reason: str = ""


class ResumeRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants the paused turn to go on."""


class CancelRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants the turn to end."""

    by: CancelledBy
    reason: str = ""


class RewindRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants the conversation as it was when an earlier turn had ended."""

    to: str
    """A turn, or `start`."""


class StopAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants the pod to end."""

    mode: Literal["drain", "now"]
    by: Literal["user", "signal", "parent"]


class DeadlinePassed(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline that the machine had set is over."""

    deadline: Deadline
    call: str = ""
    """Whose it was; of `wall`, the stretch of work that it was set in; empty for the
    drain."""


class PodRestored(msgspec.Struct, frozen=True, kw_only=True):
    """A process has folded the journal and takes the session up."""

    pid: int
    podd: str
    known: tuple[KnownOfCall, ...] = ()
    """Of calls that had started, may not run twice, and have no result."""


class SurfaceRendered(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is to see from the next step on."""

    surface: Surface
    cause: SurfaceCause
    manifest: dict[str, Any] | None = None


class SurfaceConfigured(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants another surface, or other limits, from the next step on."""

    surface: Surface
    manifest: dict[str, Any]


class ModelAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """A request came back whole."""

    turn: str
    step: int
    attempt: int
    response: ModelResponse


class ModelFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A request came to nothing."""

    turn: str
    step: int
    attempt: int
    fault: ProviderFault
    message: str
    partial: str = ""
    began: bool = False
    """Something of the answer had come."""


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a call changed."""

    path: str
    change: Literal["created", "modified"]
    before: str | None
    after: str


class ToolFinished(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was begun has ended, one way or another."""

    call: str
    status: ToolStatus
    summary: str
    output: str = ""
    spilled_to: str | None = None
    changes: tuple[FileChange, ...] = ()
    images: tuple[ImagePart, ...] | UnsetType = UNSET


class CodeCalled(msgspec.Struct, frozen=True, kw_only=True):
    """Running code asks for a tool, and waits."""

    turn: str
    step: int
    name: str
    arguments: str
    """JSON text."""


class CodeFinished(msgspec.Struct, frozen=True, kw_only=True):
    """Code has ended, one way or another."""

    turn: str
    step: int
    status: ToolStatus
    summary: str
    """What is known of the end, one line."""
    output: str = ""
    spilled_to: str | None = None
    submitted: bool = False
    value: Any = None
    lost: bool = False
    """The interpreter ended with it."""


class LoanPlanned(msgspec.Struct, frozen=True, kw_only=True):
    """A call of `spawn_pod` knows what it is to lend, and to whom."""

    call: str
    pod: str
    session: str
    scope: Scope
    token: str
    task: str


class ChildReady(msgspec.Struct, frozen=True, kw_only=True):
    """A child has adopted its loan and answers."""

    session: str


class TaskAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """A child has taken work of ours."""

    session: str
    call: str
    turn: str


class ChildRead(msgspec.Struct, frozen=True, kw_only=True):
    """What stood in one event of a child."""

    via: str
    """The child's session."""
    upto: int
    """The event's number."""
    fact: BelowNews | BelowApproval | BelowResolved | BelowQuestion | BelowAnswered


class BelowNews(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a pod below us."""

    news: ChildEventKind
    pod: str
    session: str
    parent: str
    lent: tuple[str, ...] = ()
    task: str = ""
    turn: str | None = None
    outcome: Outcome | None = None
    text: str = ""
    value: Any = None
    usage: Usage | None = None
    files: tuple[str, ...] = ()
    end: ChildEnd | None = None
    message: str = ""


class BelowApproval(msgspec.Struct, frozen=True, kw_only=True):
    """A pod below us wants people to decide about a call."""

    pod: str
    call: str
    name: str
    arguments: str
    reason: str
    wait_seconds: float


class BelowResolved(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a pod below us waits no more."""

    pod: str
    call: str
    verdict: Verdict
    by: ResolvedBy
    remember: Remember
    reason: str


class BelowQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A pod below us asks."""

    pod: str
    question: str
    text: str
    choices: tuple[str, ...]
    to: Asked
    wait_seconds: float


class BelowAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a pod below us waits no more."""

    pod: str
    question: str
    text: str
    by: ResolvedBy


class ChildrenRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was gathered from the children's entries: one fact, so one waking."""

    read: tuple[ChildRead, ...]


class AssumedLoan(msgspec.Struct, frozen=True, kw_only=True):
    """A pod that a dead child had lent to, which is ours to look after now."""

    pod: str
    session: str
    scope: Scope


class ChildGone(msgspec.Struct, frozen=True, kw_only=True):
    """A child and all it started are dead, and its loan is out of the table."""

    session: str
    end: ChildEnd
    message: str = ""
    told: bool = False
    """The model learns of it by the result of a call."""
    assumed: tuple[AssumedLoan, ...] = ()


class ApprovalGiven(msgspec.Struct, frozen=True, kw_only=True):
    """People have decided about a call of ours."""

    call: str
    verdict: Verdict
    remember: Remember = "once"
    reason: str = ""


class QuestionReplied(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has answered a question of ours."""

    question: str
    text: str
    by: Asked = "user"


class CommandBegan(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the background runs."""

    call: str
    text: str
    output: str


class CommandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the background has ended."""

    command: str
    end: CommandEnd
    status: int
    reason: str = ""
    told: bool = False
    """As for `ChildGone`."""


class Proceeded(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing happened but that it is time to go on. Told after every other input."""


Input = (
    InputQueued
    | InputSteered
    | InputOffered
    | NotificationSent
    | PauseRequested
    | ResumeRequested
    | CancelRequested
    | RewindRequested
    | StopAsked
    | DeadlinePassed
    | PodRestored
    | SurfaceRendered
    | SurfaceConfigured
    | ModelAnswered
    | ModelFailed
    | ToolFinished
    | CodeCalled
    | CodeFinished
    | LoanPlanned
    | ChildReady
    | TaskAccepted
    | ChildrenRead
    | ChildGone
    | ApprovalGiven
    | QuestionReplied
    | CommandBegan
    | CommandOver
    | Proceeded
)
