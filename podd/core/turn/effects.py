"""Intentions that the turn machine returns. The runtime performs them."""

from __future__ import annotations

from typing import Literal

import msgspec

from podd.core.turn.inputs import Deadline
from podd.errors import ProviderFault
from podd_protocol.values import AlertLevel


class RequestModel(msgspec.Struct, frozen=True, kw_only=True):
    """Send the request that the state stands for; answer with how it ended."""

    turn: str
    step: int
    attempt: int
    offer_tools: bool
    delay_seconds: float = 0.0
    """Wait so long before."""
    reason: ProviderFault | None = None
    """What the attempt before broke off with, where that is why."""


class CancelModel(msgspec.Struct, frozen=True, kw_only=True):
    """Give the outstanding request up; its end counts for nothing."""


class RunTool(msgspec.Struct, frozen=True, kw_only=True):
    """Run a call whose start is journalled; answer with `ToolFinished`."""

    turn: str
    step: int
    call: str
    name: str
    arguments: str
    repeatable: bool


class CancelTool(msgspec.Struct, frozen=True, kw_only=True):
    """Stop a call; its end counts for nothing."""

    call: str


class RunCode(msgspec.Struct, frozen=True, kw_only=True):
    """Run a block whose start is journalled; answer with `CodeFinished`."""

    turn: str
    step: int
    code: str


class CancelCode(msgspec.Struct, frozen=True, kw_only=True):
    """Stop the running block; its end counts for nothing."""


class SetDeadline(msgspec.Struct, frozen=True, kw_only=True):
    """Answer with `DeadlinePassed` when the time is over."""

    deadline: Deadline
    seconds: float
    call: str = ""


class WatchChild(msgspec.Struct, frozen=True, kw_only=True):
    """Read what a child writes, from where we stopped, until it is gone for good."""

    session: str


class RaiseAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Tell people something."""

    level: AlertLevel
    source: str
    code: str
    message: str


class EndPod(msgspec.Struct, frozen=True, kw_only=True):
    """Everything is journalled; leave."""

    mode: Literal["drain", "now"]


Effect = (
    RequestModel
    | CancelModel
    | RunTool
    | CancelTool
    | RunCode
    | CancelCode
    | SetDeadline
    | WatchChild
    | RaiseAlert
    | EndPod
)
