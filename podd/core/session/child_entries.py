"""Facts about the pods below this one: loans, and what was read of them.

The rules of entries.py hold here. A loan is named by the session that it was made to:
names are used again, sessions never.
"""

from __future__ import annotations

from typing import Any

from podd.core.scope.rules import Scope
from podd.core.session.entry import Entry
from podd_protocol.values import ChildEnd, ChildEventKind, Outcome, Usage


class LoanIntended(Entry, frozen=True, kw_only=True, tag="loan_intended"):
    """We are about to lend. From here on we write no more where the child may.

    Synced before anything is done about it, so that whoever restores us can find out
    how far it went.
    """

    turn: str
    call: str
    """Of `spawn_pod`; run again after a crash, it goes on with this loan."""
    pod: str
    """The child, by its full name."""
    session: str
    """The child's."""
    scope: Scope
    """What the child gets, with real paths."""
    token: str
    """The child shows it with `pod_event`."""
    task: str


class LoanMade(Entry, frozen=True, kw_only=True, tag="loan_made"):
    """The child has adopted what was lent and answers."""

    pod: str
    session: str


class TaskGiven(Entry, frozen=True, kw_only=True, tag="task_given"):
    """The child has accepted work of ours."""

    session: str
    call: str
    """Ours, that sent it."""
    turn: str
    """The child's, in which it is done."""


class LoanAssumed(Entry, frozen=True, kw_only=True, tag="loan_assumed"):
    """Who lent to this pod is dead, and had it from us: now we lend to it."""

    pod: str
    session: str
    parent: str
    """This pod."""
    scope: Scope


class LoanReturned(Entry, frozen=True, kw_only=True, tag="loan_returned"):
    """The child and all it started are dead, and what it had is ours again."""

    pod: str
    session: str
    end: ChildEnd
    message: str
    """What is known of the end."""
    cause: str | None = None
    """Under which the model is told; None: it knows."""
    rendered: str = ""
    """As the model reads it."""


class ChildNews(Entry, frozen=True, kw_only=True, tag="child_news"):
    """Read in a child's entries: what became of it, or of a pod below it."""

    via: str
    """Session of the child whose entries were read."""
    upto: int
    """Number of the event in which it stood; what comes up to it is read."""
    news: ChildEventKind
    pod: str
    session: str
    parent: str
    """Name of who lends to `pod`."""
    lent: tuple[str, ...] = ()
    task: str = ""
    turn: str | None = None
    outcome: Outcome | None = None
    text: str = ""
    value: Any = None
    usage: Usage | None = None
    files: tuple[str, ...] = ()
    """Changed in the turn by its file tools."""
    end: ChildEnd | None = None
    message: str = ""
    cause: str | None = None
    """Under which the model is told, where it is."""
    rendered: str = ""
