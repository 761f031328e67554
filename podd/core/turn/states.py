"""The states of the turn machine, derived from a pod's state."""

from __future__ import annotations

from enum import Enum

from podd.core.pod.state import Phase, PodState
from podd_protocol.values import State


class MachineState(Enum):
    """Everything that makes a difference to what may happen next."""

    IDLE = "idle"
    WAKING = "waking"
    """Work waits, and its turn starts as soon as the driver lets it go on."""
    READY = "ready"
    AWAITING_MODEL = "awaiting_model"
    AWAITING_TOOLS = "awaiting_tools"
    AWAITING_CODE = "awaiting_code"
    ANSWERED = "answered"
    PAUSED = "paused"
    """Nothing is outstanding."""
    PAUSED_AWAITING_TOOLS = "paused_awaiting_tools"
    """What was begun runs to its end; nothing new is begun."""
    PAUSED_AWAITING_CODE = "paused_awaiting_code"
    DRAINING_IDLE = "draining_idle"
    """A stop was asked for and no turn is open; closing follows."""
    DRAINING = "draining"
    """A stop was asked for; nothing is outstanding, the end is to be decided."""
    DRAINING_AWAITING_MODEL = "draining_awaiting_model"
    DRAINING_AWAITING_TOOLS = "draining_awaiting_tools"
    DRAINING_AWAITING_CODE = "draining_awaiting_code"
    CLOSED = "closed"


_BY_PHASE = {
    Phase.READY: MachineState.READY,
    Phase.AWAITING_MODEL: MachineState.AWAITING_MODEL,
    Phase.AWAITING_TOOLS: MachineState.AWAITING_TOOLS,
    Phase.AWAITING_CODE: MachineState.AWAITING_CODE,
    Phase.ANSWERED: MachineState.ANSWERED,
}
_PAUSED_BY_PHASE = {
    Phase.READY: MachineState.PAUSED,
    Phase.AWAITING_MODEL: MachineState.PAUSED,  # never: a pause gives the request up
    Phase.AWAITING_TOOLS: MachineState.PAUSED_AWAITING_TOOLS,
    Phase.AWAITING_CODE: MachineState.PAUSED_AWAITING_CODE,
    Phase.ANSWERED: MachineState.PAUSED,
}
_DRAINING_BY_PHASE = {
    Phase.READY: MachineState.DRAINING,
    Phase.AWAITING_MODEL: MachineState.DRAINING_AWAITING_MODEL,
    Phase.AWAITING_TOOLS: MachineState.DRAINING_AWAITING_TOOLS,
    Phase.AWAITING_CODE: MachineState.DRAINING_AWAITING_CODE,
    Phase.ANSWERED: MachineState.DRAINING,
}


def machine_state(state: PodState) -> MachineState:
    """Where the machine stands."""
    if state.closed:
        return MachineState.CLOSED
    turn = state.turn
    if state.stopping is not None:
        if turn is None:
            return MachineState.DRAINING_IDLE
        return _DRAINING_BY_PHASE[turn.phase]
    if turn is None:
        woken = state.queue or any(cause.wakes for cause in state.waiting)
        return MachineState.WAKING if woken else MachineState.IDLE
    return (_PAUSED_BY_PHASE if turn.paused else _BY_PHASE)[turn.phase]


def public_state(state: PodState) -> State:
    """What clients are told."""
    if state.closed or state.stopping is not None:
        return "stopping"
    if state.turn is None:
        return "idle"
    return "paused" if state.turn.paused else "running"
