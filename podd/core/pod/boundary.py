"""Where a fork begins: what is open there, and what it means that it is closed.

A part of the fold. `boundary` says what stands open, `close_open` folds the entry.
"""

from __future__ import annotations

from podd.core.pod.marks import mark
from podd.core.pod.state import Phase, PodState
from podd.core.session.branch_entries import Forked
from podd_protocol.values import Cancelled, Usage


def is_between_steps(state: PodState) -> bool:
    """Whether nothing is asked of a model, a tool or whatever else a step waits for.

    The conversation can be cut here: every call in it has its result.
    """
    return state.turn is None or state.turn.phase in {Phase.READY, Phase.ANSWERED}


def boundary(state: PodState) -> Forked:
    """The entry that closes what is open in a fork of this state."""
    turn = state.turn
    return Forked(
        session=state.session,
        turn=None if turn is None else turn.turn,
        outcome=(
            None
            if turn is None
            else Cancelled(by="user", reason="the session was forked here")
        ),
        text="" if turn is None else turn.text,
        usage=Usage() if turn is None else turn.usage,
        causes=tuple(cause.cause for cause in (*state.queue, *state.waiting)),
        children=tuple(
            child.session for child in state.children.values() if child.end is None
        ),
        approvals=tuple(state.approvals),
        questions=tuple(state.questions),
        commands=tuple(state.commands),
    )


def close_open(state: PodState, entry: Forked) -> None:
    """Leave to the original what is its own: all that is open, and its children.

    A verdict that people gave for the whole session was for that one.
    """
    if state.turn is not None:
        mark(state, state.turn.turn)
        state.turn = None
        state.turns_ended += 1
        state.last_outcome = entry.outcome
    for waiting in (state.queue, state.waiting):
        waiting.clear()
    for known in (
        state.children,
        state.approvals,
        state.questions,
        state.commands,
        state.verdicts,
    ):
        known.clear()
    state.stopping, state.closed = None, False
