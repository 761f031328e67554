"""The events of entries about code."""

from __future__ import annotations

from typing import assert_never

from podd.core.session import code_entries as e
from podd.core.session.waiting_events import shown_arguments
from podd_protocol import events as v

CodeEntry = e.CodeStarted | e.ToolCalled | e.CodeEnded | e.InterpreterLost


def code_event(entry: CodeEntry) -> v.DurableEvent:
    """The one event of such an entry."""
    at, seq = entry.at, entry.seq
    match entry:
        case e.CodeStarted():
            return v.CodeStarted(
                seq=seq, at=at, turn=entry.turn, step=entry.step, code=entry.code
            )
        case e.ToolCalled():
            return v.ToolCall(
                seq=seq,
                at=at,
                turn=entry.turn,
                step=entry.step,
                call=entry.call,
                name=entry.name,
                arguments=shown_arguments(entry.arguments),
            )
        case e.CodeEnded():
            return v.CodeEnded(
                seq=seq,
                at=at,
                turn=entry.turn,
                step=entry.step,
                status=entry.status,
                summary=entry.summary,
                output=entry.output,
                spilled_to=entry.spilled_to,
                submitted=entry.submitted,
                value=entry.value,
            )
        case e.InterpreterLost():
            return v.Notification(
                seq=seq,
                at=at,
                cause=entry.cause,
                origin="podd",
                text=entry.rendered,
            )
        case _ as unreachable:
            assert_never(unreachable)
