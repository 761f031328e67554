"""What becomes of the things that are outstanding when somebody wants them to end."""

from __future__ import annotations

from podd.core.pod.state import Phase, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.pending import pending
from podd.core.turn.proceed import result
from podd.core.turn.settings import Settings


def settle(settings: Settings, state: PodState, why: str) -> tuple[e.AnyEntry, ...]:
    """Close what is open in the turn: its calls, and the attempt that has no answer.

    `why` is what a person reads of an attempt that was given up.
    """
    turn = state.turn
    if turn is None:
        return ()
    summary = settings.texts.interrupted
    results = (
        result(turn, call, "interrupted", summary) for call in turn.calls.values()
    )
    return (*results, *give_up_step(state, why))


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
    return tuple(
        f.CancelModel()
        if isinstance(outstanding, f.RequestModel)
        else f.CancelTool(call=outstanding.call)
        for outstanding in pending(state)
    )
