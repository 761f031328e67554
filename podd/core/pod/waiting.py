"""What waits for somebody: calls for people, questions, commands of the background."""

from __future__ import annotations

import msgspec

from podd_protocol.values import Asked, ResolvedBy


class Approval(msgspec.Struct, frozen=True):
    """A call that may run only if people say so."""

    pod: str
    call: str
    name: str
    arguments: str
    reason: str
    subject: str
    since: str
    """RFC 3339."""
    wait_seconds: float
    via: str
    """Session of the child through which we know; empty: our own call."""


class Question(msgspec.Struct, frozen=True):
    """A question without its answer."""

    pod: str
    question: str
    """The call that asks."""
    text: str
    choices: tuple[str, ...]
    to: Asked
    since: str
    wait_seconds: float
    via: str
    cause: str | None
    """Under which our model was told, where it is the one to answer."""


class Reply(msgspec.Struct, frozen=True):
    """What came of a question whose call has no result yet."""

    text: str
    by: ResolvedBy
    wait_seconds: float
    """How long it might have waited."""


class Command(msgspec.Struct, frozen=True):
    """A command of the background."""

    command: str
    call: str
    text: str
    output: str
    since: str
