"""What code that runs leads to: calls of tools, and its end."""

from __future__ import annotations

from podd.core.pod.state import OpenTurn, Phase, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.interruption import cancel_outstanding, withdraw
from podd.core.turn.proceed import Move, result
from podd.core.turn.settings import Settings

Entries = tuple[e.AnyEntry, ...]


def call_tool(state: PodState, fact: i.CodeCalled) -> Entries | None:
    """Note a call; None: it is of a block that has ended.

    Whether it may be run, and that it is, follows by itself as for any other call.
    """
    turn = _running(state, fact)
    if turn is None:
        return None
    called = e.ToolCalled(
        turn=turn.turn,
        step=turn.step,
        call=f"{turn.turn}.{turn.step}.{turn.code_calls + 1}",
        name=fact.name,
        arguments=fact.arguments,
    )
    return (called,)


def end_code(settings: Settings, state: PodState, fact: i.CodeFinished) -> Move | None:
    """Note the end; None: that block has ended already.

    Calls that a thread of it has left open are stopped, and what they ask is taken
    back: nobody takes their results.
    """
    turn = _running(state, fact)
    if turn is None:
        return None
    left = (
        result(turn, call, "interrupted", settings.texts.interrupted)
        for call in turn.calls.values()
    )
    stopped = (
        effect
        for effect in cancel_outstanding(state)
        if not isinstance(effect, f.CancelCode)
    )
    ended = e.CodeEnded(
        turn=turn.turn,
        step=turn.step,
        status=fact.status,
        summary=settings.texts.code_ended(fact.status, fact.summary),
        output=fact.output,
        spilled_to=fact.spilled_to,
        submitted=fact.submitted,
        value=fact.value,
        lost=fact.lost,
    )
    return (*withdraw(state, "the code that asked has ended"), *left, ended), (
        *stopped,
    )


def _running(state: PodState, fact: i.CodeCalled | i.CodeFinished) -> OpenTurn | None:
    turn = state.turn
    assert turn is not None, "the table lets these facts through in a turn only"
    assert turn.phase is Phase.AWAITING_CODE, "and only while code runs"
    return turn if (turn.turn, turn.step) == (fact.turn, fact.step) else None
