"""Intentions that the turn machine returns. The runtime performs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from podd_protocol.values import AlertLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestModel:
    """Send the request that the state stands for; answer with how it ended."""

    turn: str
    step: int
    attempt: int
    offer_tools: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelModel:
    """Give the outstanding request up; its end counts for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTool:
    """Run a call whose start is journalled; answer with `ToolFinished`."""

    turn: str
    step: int
    call: str
    name: str
    arguments: str
    repeatable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTool:
    """Stop a call; its end counts for nothing."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDeadline:
    """Answer with `DeadlinePassed` when the time is over."""

    deadline: Literal["drain"]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    """Tell people something."""

    level: AlertLevel
    source: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPod:
    """Everything is journalled; leave."""

    mode: Literal["drain", "now"]


Effect = (
    RequestModel
    | CancelModel
    | RunTool
    | CancelTool
    | SetDeadline
    | RaiseAlert
    | EndPod
)
