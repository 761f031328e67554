"""What a session's journal says of its turns, whether its pod lives or not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from podd.cli.descendants import Descendant, Descendants
from podd.cli.result import TurnResult
from podd.core.session.child_entries import (
    ChildNews,
    LoanAssumed,
    LoanIntended,
    LoanMade,
    LoanReturned,
)
from podd.core.session.child_events import child_event
from podd.core.session.entries import (
    Forked,
    InputAccepted,
    NotificationAccepted,
    TurnEnded,
    TurnStarted,
)
from podd.journal.reader import read_entries
from podd.journal.session_directory import SessionDirectory
from podd_protocol.values import Usage


@dataclass(slots=True)
class Turns:
    """The turns of one session, as far as anyone waits for them."""

    ended: TurnEnded | None = None
    """The last one that ended."""
    seconds: float | None = None
    """How long that one took."""
    open: str | None = None
    """The one that has begun and not ended."""
    waiting: set[str] = field(default_factory=set)
    """Those that were accepted and have not begun."""
    children: tuple[Descendant, ...] = ()
    """That were heard of while the last one that ended ran."""

    @property
    def unfinished(self) -> set[str]:
        """What a pod that takes the session up goes on with."""
        return self.waiting if self.open is None else self.waiting | {self.open}

    def result(self, pod: str, session: str) -> TurnResult:
        """The last turn that ended; without turn and outcome where none did."""
        ended = self.ended
        return TurnResult(
            pod=pod,
            session=session,
            turn=None if ended is None else ended.turn,
            outcome=None if ended is None else ended.outcome,
            text="" if ended is None else ended.text,
            value=None if ended is None else ended.value,
            usage=Usage() if ended is None else ended.usage,
            duration_seconds=self.seconds,
            children=self.children,
        )


def turns_of(directory: SessionDirectory) -> Turns:
    """Read a session's journal, up to its last whole line.

    Raises:
        NoSuchError: there is no such session.
        JournalDamagedError: it is not what was written.
        PoddError: as whoever reads a journal.
    """
    turns = Turns()
    children = Descendants()
    began = ""
    for _line, entry in read_entries(directory):
        match entry:
            case InputAccepted(turn=turn, delivery="queue"):
                turns.waiting.add(turn)
            case NotificationAccepted(turn=turn, wake=True) if turns.open is None:
                turns.waiting.add(turn)
            case TurnStarted(turn=turn, at=at):
                turns.open, began = turn, at
                turns.waiting.discard(turn)
            case TurnEnded(at=at):
                turns.ended, turns.open = entry, None
                turns.seconds = _seconds(began, at)
                turns.children = children.found()
                children.forget()
            case Forked():
                # What was open belongs to the original.
                turns.open = None
                turns.waiting.clear()
                children.forget()
            case (
                LoanIntended()
                | LoanMade()
                | LoanAssumed()
                | LoanReturned()
                | ChildNews()
            ):
                children.note(child_event(entry))
            case _:
                pass
    return turns


def _seconds(began: str, ended: str) -> float | None:
    try:
        length = dt.datetime.fromisoformat(ended) - dt.datetime.fromisoformat(began)
    except ValueError:
        return None
    # A clock that was set back makes no turn shorter than nothing.
    return max(length.total_seconds(), 0.0)
