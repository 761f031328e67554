"""What a new process makes of what was outstanding when the one before it ended."""

from __future__ import annotations

from typing import assert_never

from podd.core.pod.state import OpenTurn, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.interruption import give_up_step
from podd.core.turn.pending import pending
from podd.core.turn.proceed import Move, result
from podd.core.turn.settings import Settings
from podd_protocol.values import CommandEnd, State


def restore(settings: Settings, state: PodState, fact: i.PodRestored) -> Move:
    """Take the session up.

    A request is given up, and goes out again as a higher attempt. A call that may run
    twice does; of any other the model is told that its end is unknown.
    """
    turn = state.turn
    entries: list[e.AnyEntry] = []
    effects: list[f.Effect] = []
    for outstanding in pending(state):
        assert turn is not None, "only a turn has anything outstanding"
        match outstanding:
            case f.RequestModel(offer_tools=offer_tools):
                if state.request_digest(offer_tools=offer_tools) != turn.request:
                    effects.append(_request_changed(turn))
                entries.extend(give_up_step(state, "the pod ended while it waited"))
            case f.RunTool(repeatable=True) | f.SetDeadline():
                effects.append(outstanding)
            case f.RunTool(call=call):
                open_call = turn.calls[call]
                began = open_call.started_at or ""
                summary = settings.texts.unknown(open_call.name, began)
                entries.append(result(turn, open_call, "unknown", summary))
            case _ as unreachable:
                assert_never(unreachable)
    entries.extend(_lost_commands(settings, state))
    effects.extend(
        f.WatchChild(session=child.session)
        for child in state.children.values()
        if child.is_lent_to
    )
    what: State = "idle"
    if turn is not None:
        what = "paused" if turn.paused else "running"
    started = e.PodStarted(pid=fact.pid, state=what, podd=fact.podd)
    return (started, *entries), tuple(effects)


def _lost_commands(settings: Settings, state: PodState) -> list[e.CommandEnded]:
    """A launcher ends with its pod, and what it runs with it.

    Where the pod was stopped in order that is no news that wakes anybody.
    """
    end: CommandEnd = "stopped" if state.closed else "lost"
    reason = "the pod that ran it ended"
    return [
        e.CommandEnded(
            command=command.command,
            end=end,
            status=0,
            reason=reason,
            cause=f"c{state.causes + number}",
            rendered=settings.texts.command_ended(command, end, 0, reason),
        )
        for number, command in enumerate(state.commands.values(), 1)
    ]


def _request_changed(turn: OpenTurn) -> f.RaiseAlert:
    return f.RaiseAlert(
        level="warning",
        source="core",
        code="request_changed",
        message=f"step {turn.step} of {turn.turn} is sent again, but its request is "
        "not what it was",
    )
