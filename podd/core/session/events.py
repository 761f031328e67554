"""The durable events that an entry stands for.

A pure function of the entry alone, so that a replay a year later says what was said
live. Numbers run on from the entry's `seq`.
"""

from __future__ import annotations

from typing import assert_never

from podd.core.context.conversation import (
    ModelPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from podd.core.context.media import media_of
from podd.core.session import entries as e
from podd.core.session.branch_events import branch_events
from podd.core.session.child_events import child_event
from podd.core.session.code_events import code_event
from podd.core.session.waiting_events import shown_arguments, waiting_event
from podd_protocol import events as v


def count(entry: e.AnyEntry) -> int:
    """How many numbers the entry's events take."""
    return len(events(entry))


def last_seq(entry: e.AnyEntry) -> int:
    """The number of the entry's last event; 0 where it has none."""
    return max(0, entry.seq + count(entry) - 1)


def events(entry: e.AnyEntry) -> list[v.DurableEvent]:  # noqa: C901, PLR0911, PLR0912  # one arm an entry
    """The entry's events, in order; none for what only podd itself needs to know."""
    at, seq = entry.at, entry.seq
    match entry:
        case e.SessionStarted() | e.SeqReserved() | e.SessionClosed() | e.TaskGiven():
            return []
        case e.FileChanged():
            if seq == 0:
                return []  # written when it stood for no event
            return [
                v.FileChanged(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    call=entry.call,
                    path=entry.path,
                    change=entry.change,
                )
            ]
        case e.PodStarted():
            return [v.StateChanged(seq=seq, at=at, state=entry.state)]
        case e.SurfaceSet():
            return [
                v.SurfaceChanged(
                    seq=seq,
                    at=at,
                    model=entry.surface.model,
                    tools=[tool.name for tool in entry.surface.tools],
                    cause=entry.cause,
                )
            ]
        case e.InputAccepted():
            return [
                v.InputAccepted(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    cause=entry.cause,
                    origin=entry.origin,
                    text=entry.text,
                    media=media_of(entry.parts),
                )
            ]
        case e.NotificationAccepted():
            return [
                v.Notification(
                    seq=seq,
                    at=at,
                    cause=entry.cause,
                    origin=entry.origin,
                    text=entry.text,
                )
            ]
        case e.TurnStarted():
            return [
                v.TurnStarted(
                    seq=seq, at=at, turn=entry.turn, causes=list(entry.causes)
                ),
                v.StateChanged(seq=seq + 1, at=at, state="running"),
            ]
        case e.CausesTaken():
            return [
                v.CausesTaken(
                    seq=seq, at=at, turn=entry.turn, causes=list(entry.causes)
                )
            ]
        case e.LimitReached():
            return [v.LimitReached(seq=seq, at=at, turn=entry.turn, limit=entry.limit)]
        case e.StepStarted():
            return [
                v.StepStarted(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    step=entry.step,
                    attempt=entry.attempt,
                    model=entry.model,
                )
            ]
        case e.StepFailed():
            return [
                v.StepEnded(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    step=entry.step,
                    attempt=entry.attempt,
                    stop_reason=entry.fault,
                )
            ]
        case e.ModelResponded():
            return _response(entry)
        case e.AnswerRefused():
            return [
                v.AnswerRefused(seq=seq, at=at, turn=entry.turn, problem=entry.problem)
            ]
        case e.ToolStarted():
            return [
                v.ToolStarted(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    step=entry.step,
                    call=entry.call,
                    name=entry.name,
                )
            ]
        case e.ToolResulted():
            return [
                v.ToolResult(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    step=entry.step,
                    call=entry.call,
                    name=entry.name,
                    status=entry.status,
                    summary=entry.summary,
                    output=entry.output,
                    spilled_to=entry.spilled_to,
                    media=media_of(entry.images),
                )
            ]
        case e.TurnPaused():
            return [v.StateChanged(seq=seq, at=at, state="paused")]
        case e.TurnResumed():
            return [v.StateChanged(seq=seq, at=at, state="running")]
        case e.TurnEnded():
            return [
                v.TurnEnded(
                    seq=seq,
                    at=at,
                    turn=entry.turn,
                    outcome=entry.outcome,
                    text=entry.text,
                    value=entry.value,
                    usage=entry.usage,
                ),
                v.StateChanged(seq=seq + 1, at=at, state=entry.state),
            ]
        case e.StopRequested():
            return [v.StateChanged(seq=seq, at=at, state="stopping")]
        case (
            e.LoanIntended()
            | e.LoanMade()
            | e.LoanAssumed()
            | e.LoanReturned()
            | e.ChildNews()
        ):
            return [child_event(entry)]
        case (
            e.ApprovalRequested()
            | e.ApprovalResolved()
            | e.QuestionAsked()
            | e.QuestionAnswered()
            | e.CommandStarted()
            | e.CommandEnded()
        ):
            return [waiting_event(entry)]
        case e.CodeStarted() | e.ToolCalled() | e.CodeEnded() | e.InterpreterLost():
            return [code_event(entry)]
        case e.Forked() | e.Rewound():
            return branch_events(entry)
        case _ as unreachable:
            assert_never(unreachable)


def _part(entry: e.ModelResponded, seq: int, part: ModelPart) -> v.DurableEvent:
    at, turn, step = entry.at, entry.turn, entry.step
    match part:
        case TextPart(text):
            return v.Text(seq=seq, at=at, turn=turn, step=step, text=text)
        case ReasoningPart(text):
            return v.Reasoning(seq=seq, at=at, turn=turn, step=step, text=text)
        case ToolCallPart(call, name, arguments):
            return v.ToolCall(
                seq=seq,
                at=at,
                turn=turn,
                step=step,
                call=call,
                name=name,
                arguments=shown_arguments(arguments),
            )
        case _ as unreachable:
            assert_never(unreachable)


def _response(entry: e.ModelResponded) -> list[v.DurableEvent]:
    at, seq, turn, step = entry.at, entry.seq, entry.turn, entry.step
    found = [_part(entry, number, part) for number, part in enumerate(entry.parts, seq)]
    number = seq + len(found)
    found.append(
        v.UsageEvent(seq=number, at=at, turn=turn, step=step, usage=entry.usage)
    )
    found.append(
        v.StepEnded(
            seq=number + 1,
            at=at,
            turn=turn,
            step=step,
            attempt=entry.attempt,
            stop_reason=entry.stop_reason,
        )
    )
    return found
