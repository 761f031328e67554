"""What becomes of the things that are outstanding when somebody wants them to end."""

from __future__ import annotations

from typing import assert_never

from podd.core.pod.state import OpenTurn, Phase, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.pending import pending
from podd.core.turn.proceed import result
from podd.core.turn.settings import Settings
from podd_protocol.values import ToolStatus


def settle(settings: Settings, state: PodState, why: str) -> tuple[e.AnyEntry, ...]:
    """Close what is open: questions, calls, and the attempt without an answer.

    `why` is what a person reads of an attempt that was given up.
    """
    turn = state.turn
    if turn is None:
        return ()
    summary = settings.texts.interrupted
    results = (
        result(turn, call, "interrupted", summary) for call in turn.calls.values()
    )
    code = (
        code_ended(settings, turn, "interrupted", why)
        if turn.phase is Phase.AWAITING_CODE
        else ()
    )
    return (*withdraw(state, why), *results, *code, *give_up_step(state, why))


def code_ended(
    settings: Settings,
    turn: OpenTurn,
    status: ToolStatus,
    why: str,
    *,
    lost: bool = False,
) -> tuple[e.CodeEnded]:
    """The end of a block that did not end by itself."""
    ended = e.CodeEnded(
        turn=turn.turn,
        step=turn.step,
        status=status,
        summary=settings.texts.code_ended(status, why),
        lost=lost,
    )
    return (ended,)


def withdraw(state: PodState, why: str) -> tuple[e.AnyEntry, ...]:
    """Nobody need decide or answer any more."""
    approvals = (
        e.ApprovalResolved(
            pod=state.pod, call=call, verdict="denied", by="cancel", reason=why
        )
        for pod, call in state.approvals
        if pod == state.pod
    )
    questions = (
        e.QuestionAnswered(pod=state.pod, question=question, text="", by="cancel")
        for pod, question in state.questions
        if pod == state.pod
    )
    return (*approvals, *questions)


def give_up_step(state: PodState, why: str) -> tuple[e.StepFailed, ...]:
    """Close the attempt that waits for its answer, if one does."""
    turn = state.turn
    if turn is None or turn.phase is not Phase.AWAITING_MODEL:
        return ()
    failed = e.StepFailed(
        turn=turn.turn,
        step=turn.step,
        attempt=turn.attempt,
        fault="interrupted",
        message=why,
    )
    return (failed,)


def cancel_outstanding(state: PodState) -> tuple[f.Effect, ...]:
    """Stop what was begun."""
    found: list[f.Effect] = []
    for outstanding in pending(state):
        match outstanding:
            case f.RequestModel():
                found.append(f.CancelModel())
            case f.RunTool(call=call):
                found.append(f.CancelTool(call=call))
            case f.RunCode():
                found.append(f.CancelCode())
            case f.SetDeadline():
                pass  # when it passes, nothing waits for it any more
            case _ as unreachable:
                assert_never(unreachable)
    return tuple(found)
