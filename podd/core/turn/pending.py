"""What is outstanding, from the state alone."""

from __future__ import annotations

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.state import OpenCall, OpenTurn, Phase, PodState
from podd.core.turn.asking import ASKING, WAIT_SECONDS
from podd.core.turn.effects import RequestModel, RunCode, RunTool, SetDeadline

Outstanding = RequestModel | RunTool | RunCode | SetDeadline


def pending(state: PodState) -> tuple[Outstanding, ...]:
    """The effects that were begun and have not come back."""
    turn = state.turn
    if turn is None:
        return ()
    if turn.phase is Phase.AWAITING_MODEL:
        request = RequestModel(
            turn=turn.turn,
            step=turn.step,
            attempt=turn.attempt,
            offer_tools=turn.offer_tools,
        )
        return (request,)
    found = (_outstanding(state, turn, call) for call in turn.calls.values())
    calls = tuple(effect for effect in found if effect is not None)
    if turn.phase is Phase.AWAITING_CODE:
        # Last: its calls are answered before it ends.
        return (*calls, RunCode(turn=turn.turn, step=turn.step, code=turn.code))
    return calls


def _outstanding(
    state: PodState, turn: OpenTurn, call: OpenCall
) -> RunTool | SetDeadline | None:
    if call.permission == "asked":
        approval = state.approvals[state.pod, call.call]
        return SetDeadline(
            deadline="approval", seconds=approval.wait_seconds, call=call.call
        )
    if call.started_at is None:
        return None
    if call.name in ASKING:
        return _awaited(state, call)
    return RunTool(
        turn=turn.turn,
        step=turn.step,
        call=call.call,
        name=call.name,
        arguments=call.arguments,
        repeatable=call.repeatable,
    )


def _awaited(state: PodState, call: OpenCall) -> SetDeadline | None:
    if call.name != "wait_pods":
        question = state.questions.get((state.pod, call.call))
        if question is None:
            return None  # it is answered, or about to be asked: both follow by itself
        return SetDeadline(
            deadline="question", seconds=question.wait_seconds, call=call.call
        )
    arguments = decode(call.arguments)
    assert not isinstance(arguments, ArgumentsFault), "it was read when it began"
    seconds = float(arguments.get("timeout_seconds", WAIT_SECONDS))
    return SetDeadline(deadline="wait", seconds=seconds, call=call.call)
