"""Facts about a conversation that goes on from an earlier point: forks and rewinds.

The rules of entries.py hold here.
"""

from __future__ import annotations

from podd.core.session.entry import Entry
from podd_protocol.values import Outcome, Usage


class Forked(Entry, frozen=True, kw_only=True, tag="forked"):
    """The boundary of a fork: what was open before it belongs to the original.

    Nothing that it names is settled or watched from here. What was said, the keys of
    inputs and the usage stay.
    """

    session: str
    """The original's."""
    turn: str | None = None
    """Was open, and ends here."""
    outcome: Outcome | None = None
    """Of that turn."""
    text: str = ""
    """Of that turn's last response."""
    usage: Usage = Usage()
    """Of that turn."""
    causes: tuple[str, ...] = ()
    """Waited, and are taken in by no turn of the fork."""
    children: tuple[str, ...] = ()
    """Sessions of the pods below that lived."""
    approvals: tuple[tuple[str, str], ...] = ()
    """Pod and call."""
    questions: tuple[tuple[str, str], ...] = ()
    """Pod and question."""
    commands: tuple[str, ...] = ()
    """Ran in the background."""


class Rewound(Entry, frozen=True, kw_only=True, tag="rewound"):
    """The conversation is again what it was when an earlier turn had ended.

    What came after that turn is out of the conversation and stays in the journal.
    """

    to: str
    """A turn, or `start`: before the first."""
    files_changed_since: tuple[str, ...] = ()
    """Paths that file tools changed after that turn, each once, by their last change.
    The files stay as they are."""
