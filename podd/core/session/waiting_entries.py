"""Facts about what waits: for people, for a parent, for a command to end.

The rules of entries.py hold here. `pod` is who asks: this pod, or one below it, of
which it was then read (`via`, `upto`, as in child_entries.py).
"""

from __future__ import annotations

from podd.core.session.entry import Entry
from podd_protocol.values import Asked, CommandEnd, Remember, ResolvedBy, Verdict


class ApprovalRequested(Entry, frozen=True, kw_only=True, tag="approval_requested"):
    """A call may run only if people say so."""

    pod: str
    call: str
    name: str
    arguments: str
    """As the model wrote them."""
    reason: str
    subject: str = ""
    """The main argument: a verdict that is remembered holds for it."""
    wait_seconds: float
    via: str = ""
    """Session of the child whose entries were read; empty: our own call."""
    upto: int = 0


class ApprovalResolved(Entry, frozen=True, kw_only=True, tag="approval_resolved"):
    """People, or the lack of them, have decided about a call."""

    pod: str
    call: str
    verdict: Verdict
    by: ResolvedBy
    remember: Remember = "once"
    reason: str = ""
    via: str = ""
    upto: int = 0


class QuestionAsked(Entry, frozen=True, kw_only=True, tag="question_asked"):
    """A model wants to know something."""

    pod: str
    question: str
    """The call that asks."""
    text: str
    choices: tuple[str, ...] = ()
    to: Asked
    wait_seconds: float
    via: str = ""
    upto: int = 0
    cause: str | None = None
    """Under which our model is told that its child asks; None: others are asked."""
    rendered: str = ""


class QuestionAnswered(Entry, frozen=True, kw_only=True, tag="question_answered"):
    """A question waits no more."""

    pod: str
    question: str
    text: str
    by: ResolvedBy
    via: str = ""
    upto: int = 0


class CommandStarted(Entry, frozen=True, kw_only=True, tag="command_started"):
    """A command runs in the background."""

    turn: str
    call: str
    command: str
    """Its name: the call that started it."""
    text: str
    output: str
    """The file that takes what it prints."""


class CommandEnded(Entry, frozen=True, kw_only=True, tag="command_ended"):
    """A command of the background has ended, and all that it started."""

    command: str
    end: CommandEnd
    status: int
    """Exit status, or the signal's number."""
    reason: str = ""
    cause: str | None = None
    """Under which the model is told; None: it ended it."""
    rendered: str = ""
