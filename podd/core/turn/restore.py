"""What a new process makes of what was outstanding when the one before it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

import msgspec

from podd.core.pod.state import OpenCall, OpenTurn, Phase, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.interruption import code_ended, give_up_step, withdraw
from podd.core.turn.known import KnownOfCall
from podd.core.turn.pending import pending
from podd.core.turn.proceed import Move, result
from podd.core.turn.settings import Settings
from podd_protocol.values import CommandEnd, State


def restore(settings: Settings, state: PodState, fact: i.PodRestored) -> Move:
    """Take the session up.

    A request is given up, and goes out again as a higher attempt. A call that may run
    twice does; of any other the model is told that its end is unknown, and what is
    known of it.
    """
    turn = state.turn
    entries: list[e.AnyEntry] = []
    effects: list[f.Effect] = []
    known = {found.call: found for found in fact.known}
    for outstanding in pending(state):
        assert turn is not None, "only a turn has anything outstanding"
        match outstanding:
            case f.RequestModel(offer_tools=offer_tools):
                now = state.request_digest(offer_tools=offer_tools)
                if turn.request and turn.request != now:
                    effects.append(_request_changed(turn))
                entries.extend(give_up_step(state, "the pod ended while it waited"))
            case f.RunTool() | f.SetDeadline() if turn.phase is Phase.AWAITING_CODE:
                pass  # below: the code that waits for it is gone
            case f.RunTool(repeatable=True) | f.SetDeadline():
                effects.append(outstanding)
            case f.RunTool(call=call):
                entries.append(_unknown(settings, turn, turn.calls[call], known))
            case f.RunCode():
                entries.extend(_lost_code(settings, state, turn, known))
            case _ as unreachable:
                assert_never(unreachable)
    entries.extend(_lost_commands(settings, state))
    if state.has_names and (turn is None or turn.phase is not Phase.AWAITING_CODE):
        cause = f"c{state.causes + len(state.commands) + 1}"
        entries.append(
            e.InterpreterLost(cause=cause, rendered=settings.texts.interpreter_lost)
        )
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


def _unknown(
    settings: Settings,
    turn: OpenTurn,
    call: OpenCall,
    known: Mapping[str, KnownOfCall],
) -> e.ToolResulted:
    """The result of a call that was cut off and may not run again."""
    found = known.get(call.call) or KnownOfCall(call=call.call)
    summary = settings.texts.unknown(call.name, call.started_at or "", found)
    return msgspec.structs.replace(
        result(turn, call, "unknown", summary),
        output=found.output,
        spilled_to=found.spilled_to,
    )


def _lost_code(
    settings: Settings,
    state: PodState,
    turn: OpenTurn,
    known: Mapping[str, KnownOfCall],
) -> Iterator[e.AnyEntry]:
    """Code died with its pod, so nobody waits for its calls."""
    yield from withdraw(state, "the code that asked is gone")
    for call in turn.calls.values():
        if call.started_at is None or call.repeatable:
            summary = settings.texts.interrupted
            yield result(turn, call, "interrupted", summary)
        else:
            yield _unknown(settings, turn, call, known)
    why = "the pod that ran it died"
    yield from code_ended(settings, turn, "unknown", why, lost=True)


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
