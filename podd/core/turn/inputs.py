"""Facts that the turn machine is told, in the past tense."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd.core.context.request import Surface
from podd.core.context.response import ModelResponse
from podd.core.session.entries import SurfaceCause
from podd.errors import ProviderFault
from podd_protocol.values import CancelledBy, ToolStatus


class InputQueued(msgspec.Struct, frozen=True, kw_only=True):
    """Work for a turn of its own, after those that wait already."""

    text: str
    origin: str = "user"
    key: str | None = None


class InputSteered(msgspec.Struct, frozen=True, kw_only=True):
    """Work for the running turn; for the next one if there is none."""

    text: str
    origin: str = "user"
    key: str | None = None


class InputOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Work, but only if it can start now."""

    text: str
    origin: str = "user"
    key: str | None = None


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


class StopAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants the pod to end."""

    mode: Literal["drain", "now"]
    by: Literal["user", "signal", "parent"]


class DeadlinePassed(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline that the machine had set is over."""

    deadline: Literal["drain"]


class PodRestored(msgspec.Struct, frozen=True, kw_only=True):
    """A process has folded the journal and takes the session up."""

    pid: int
    podd: str


class SurfaceRendered(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is to see from the next step on."""

    surface: Surface
    cause: SurfaceCause
    manifest: dict[str, Any] | None = None


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
    | StopAsked
    | DeadlinePassed
    | PodRestored
    | SurfaceRendered
    | ModelAnswered
    | ModelFailed
    | ToolFinished
    | Proceeded
)
