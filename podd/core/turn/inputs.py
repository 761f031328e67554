"""Facts that the turn machine is told, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from podd.core.context.request import Surface
from podd.core.context.response import ModelResponse
from podd.core.session.entries import SurfaceCause
from podd.errors import ProviderFault
from podd_protocol.values import CancelledBy, ToolStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class InputQueued:
    """Work for a turn of its own, after those that wait already."""

    text: str
    origin: str = "user"
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSteered:
    """Work for the running turn; for the next one if there is none."""

    text: str
    origin: str = "user"
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputOffered:
    """Work, but only if it can start now."""

    text: str
    origin: str = "user"
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSent:
    """Something for the model to know."""

    message: str
    wake: bool
    origin: str = "user"
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequested:
    """Somebody wants nothing new to begin."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequested:
    """Somebody wants the paused turn to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody wants the turn to end."""

    by: CancelledBy
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Somebody wants the pod to end."""

    mode: Literal["drain", "now"]
    by: Literal["user", "signal", "parent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed:
    """A deadline that the machine had set is over."""

    deadline: Literal["drain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRestored:
    """A process has folded the journal and takes the session up."""

    pid: int
    podd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceRendered:
    """What the model is to see from the next step on."""

    surface: Surface
    cause: SurfaceCause
    manifest: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswered:
    """A request came back whole."""

    turn: str
    step: int
    attempt: int
    response: ModelResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFailed:
    """A request came to nothing."""

    turn: str
    step: int
    attempt: int
    fault: ProviderFault
    message: str
    partial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file that a call changed."""

    path: str
    change: Literal["created", "modified"]
    before: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A call that was begun has ended, one way or another."""

    call: str
    status: ToolStatus
    summary: str
    output: str = ""
    spilled_to: str | None = None
    changes: tuple[FileChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceeded:
    """Nothing happened but that it is time to go on. Told after every other input."""


Input = (
    InputQueued
    | InputSteered
    | InputOffered
    | NotificationSent
    | PauseRequested
    | ResumeRequested
    | CancelRequested
    | StopAsked
    | DeadlinePassed
    | PodRestored
    | SurfaceRendered
    | ModelAnswered
    | ModelFailed
    | ToolFinished
    | Proceeded
)
