"""The limits of a turn and of a pod's life, and what reaching one leads to.

Whatever limit is reached, the model gets one last step without tools to hand over. A
limit over the pod's life grants that once: the turns after it end before they cost
anything, until the limit is raised.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from podd.core.context.response import ModelResponse, StopReason
from podd.core.pod.state import OpenTurn, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.settings import Settings
from podd_protocol.values import Limit, Usage

#: A request that fills so much of the window and gets not one token back did not fit,
#: whatever its provider calls that.
FULL_SHARE: Final = 0.95


class Reached(NamedTuple):
    """A limit, and its value."""

    limit: Literal["steps", "tokens", "cost_usd", "wall_seconds"]
    value: float


def tokens(usage: Usage) -> int:
    """All tokens of a usage. Reasoning is part of the output and counts once."""
    return (
        usage.input_tokens
        + usage.output_tokens
        + usage.cache_read_tokens
        + usage.cache_write_tokens
    )


def spent(settings: Settings, state: PodState) -> Limit | None:
    """The limit over the pod's life that has had its last step, if one has."""
    granted = state.granted
    if settings.tokens is not None and granted.get("tokens", -1) >= settings.tokens:
        return "tokens"
    dollars = settings.cost_usd
    if dollars is not None and granted.get("cost_usd", -1) >= dollars:
        return "cost_usd"
    seconds = settings.wall_seconds
    if seconds is not None and granted.get("wall_seconds", -1) >= seconds:
        return "wall_seconds"
    return None


def reached(settings: Settings, state: PodState, turn: OpenTurn) -> Reached | None:
    """The limit that the next step would pass, if it would pass one."""
    for over in _over(settings, state):
        return over
    if turn.step >= settings.max_steps:
        return Reached("steps", settings.max_steps)
    return None


def _over(settings: Settings, state: PodState) -> Iterator[Reached]:
    if settings.tokens is not None and tokens(state.tree_usage) >= settings.tokens:
        yield Reached("tokens", settings.tokens)
    dollars = settings.cost_usd
    # What nobody has a price for cannot count; a start refuses it under such a limit.
    if dollars is not None and (state.tree_usage.cost_usd or 0) >= dollars:
        yield Reached("cost_usd", dollars)
    seconds = settings.wall_seconds
    if seconds is not None and state.worked_ms >= seconds * 1000:
        yield Reached("wall_seconds", seconds)


def notice(settings: Settings, turn: OpenTurn, over: Reached) -> e.LimitReached:
    """Grant the last step."""
    return e.LimitReached(
        turn=turn.turn,
        limit=over.limit,
        notice=settings.texts.limit(over.limit, over.value),
        value=over.value,
    )


def wall_deadline(settings: Settings, state: PodState) -> f.SetDeadline | None:
    """When the pod has worked as long as it may, counted from its present stretch.

    It stands as long as nothing changes in what it depends on; whoever performs it does
    so when it is another one than before.
    """
    turn = state.turn
    if settings.wall_seconds is None or turn is None or turn.limit is not None:
        return None
    if not state.is_working or state.stopping is not None:
        return None
    left = settings.wall_seconds - state.worked_before_ms / 1000
    return f.SetDeadline(
        deadline="wall", seconds=max(0.0, left), call=str(state.stretch)
    )


def refined(settings: Settings, response: ModelResponse) -> StopReason:
    """Why an answer really stopped: nothing said into a full window is an overflow."""
    usage, window = response.usage, settings.context_window
    if response.stop_reason != "output_limit" or usage.output_tokens or not window:
        return response.stop_reason
    if tokens(usage) < math.floor(window * FULL_SHARE):
        return response.stop_reason
    return "context_overflow"
