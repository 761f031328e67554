"""What is outstanding, from the state alone."""

from __future__ import annotations

from podd.core.pod.state import Phase, PodState
from podd.core.turn.effects import RequestModel, RunTool


def pending(state: PodState) -> tuple[RequestModel | RunTool, ...]:
    """The effects that were begun and have not come back."""
    turn = state.turn
    if turn is None:
        return ()
    if turn.phase is Phase.AWAITING_MODEL:
        request = RequestModel(
            turn=turn.turn,
            step=turn.step,
            attempt=turn.attempt,
            offer_tools=not turn.last_step,
        )
        return (request,)
    return tuple(
        RunTool(
            turn=turn.turn,
            step=turn.step,
            call=call.call,
            name=call.name,
            arguments=call.arguments,
            repeatable=call.repeatable,
        )
        for call in turn.calls.values()
        if call.started_at is not None
    )
