"""The events of the entries about pods below this one."""

from __future__ import annotations

from typing import assert_never

from podd.core.session import child_entries as c
from podd_protocol.events import ChildEvent

#: Of a task, as much as people are shown.
TASK_CHARACTERS = 200


def child_event(
    entry: c.LoanIntended | c.LoanMade | c.LoanAssumed | c.LoanReturned | c.ChildNews,
) -> ChildEvent:
    """The one event of such an entry. Who reads it knows a child by its session."""
    at, seq, session = entry.at, entry.seq, entry.session
    match entry:
        case c.LoanIntended():
            return ChildEvent(
                seq=seq,
                at=at,
                kind="spawned",
                pod=entry.pod,
                session=session,
                parent=_parent(entry.pod),
                lent=list(entry.scope.paths("write")),
                task=_first_line(entry.task),
            )
        case c.LoanMade():
            return ChildEvent(
                seq=seq,
                at=at,
                kind="started",
                pod=entry.pod,
                session=session,
                parent=_parent(entry.pod),
            )
        case c.LoanAssumed():
            return ChildEvent(
                seq=seq,
                at=at,
                kind="assumed",
                pod=entry.pod,
                session=session,
                parent=entry.parent,
                lent=list(entry.scope.paths("write")),
            )
        case c.LoanReturned():
            return ChildEvent(
                seq=seq,
                at=at,
                kind="ended",
                pod=entry.pod,
                session=session,
                parent=_parent(entry.pod),
                cause=entry.cause,
                end=entry.end,
                message=entry.message,
            )
        case c.ChildNews():
            return ChildEvent(
                seq=seq,
                at=at,
                kind=entry.news,
                pod=entry.pod,
                session=session,
                parent=entry.parent,
                lent=list(entry.lent),
                task=entry.task,
                turn=entry.turn,
                cause=entry.cause,
                outcome=entry.outcome,
                text=entry.text,
                value=entry.value,
                usage=entry.usage,
                files=list(entry.files),
                end=entry.end,
                message=entry.message,
            )
        case _ as unreachable:
            assert_never(unreachable)


def _first_line(task: str) -> str:
    return task.strip().split("\n", 1)[0][:TASK_CHARACTERS]


def _parent(pod: str) -> str:
    """A child bears the name of who made it in front of its own."""
    return pod.rpartition(".")[0]
