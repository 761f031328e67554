"""Durable events about what waits: for people, for a parent, for a command."""

from __future__ import annotations

from typing import Any

from podd_protocol.event import Durable
from podd_protocol.values import Asked, CommandEnd, Remember, ResolvedBy, Verdict


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
