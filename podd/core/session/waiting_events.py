"""The events of the entries about what waits."""

from __future__ import annotations

from typing import Any, assert_never

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.session import waiting_entries as w
from podd_protocol import events as v

WaitingEntry = (
    w.ApprovalRequested
    | w.ApprovalResolved
    | w.QuestionAsked
    | w.QuestionAnswered
    | w.CommandStarted
    | w.CommandEnded
)


def waiting_event(entry: WaitingEntry) -> v.DurableEvent:
    """The one event of such an entry."""
    at, seq = entry.at, entry.seq
    match entry:
        case w.ApprovalRequested():
            return v.ApprovalRequested(
                seq=seq,
                at=at,
                call=entry.call,
                name=entry.name,
                arguments=shown_arguments(entry.arguments),
                reason=entry.reason,
                pod=entry.pod,
                wait_seconds=entry.wait_seconds,
            )
        case w.ApprovalResolved():
            return v.ApprovalResolved(
                seq=seq,
                at=at,
                call=entry.call,
                pod=entry.pod,
                verdict=entry.verdict,
                by=entry.by,
                remember=entry.remember,
                reason=entry.reason,
            )
        case w.QuestionAsked():
            return v.QuestionAsked(
                seq=seq,
                at=at,
                question=entry.question,
                text=entry.text,
                choices=list(entry.choices),
                pod=entry.pod,
                to=entry.to,
                wait_seconds=entry.wait_seconds,
            )
        case w.QuestionAnswered():
            return v.QuestionAnswered(
                seq=seq,
                at=at,
                question=entry.question,
                pod=entry.pod,
                text=entry.text,
                by=entry.by,
            )
        case w.CommandStarted():
            return v.CommandStarted(
                seq=seq,
                at=at,
                turn=entry.turn,
                call=entry.call,
                command=entry.command,
                text=entry.text,
                output=entry.output,
            )
        case w.CommandEnded():
            return v.CommandEnded(
                seq=seq,
                at=at,
                command=entry.command,
                cause=entry.cause,
                end=entry.end,
                status=entry.status,
                reason=entry.reason,
            )
        case _ as unreachable:
            assert_never(unreachable)


def shown_arguments(text: str) -> dict[str, Any] | str:
    """Arguments as people read them: an object, or the text where it is none."""
    value = decode(text)
    return text if isinstance(value, ArgumentsFault) else value
