"""state + fact -> entries + effects: what happens now.

Rules of this file:
- Pure: it reads the state and the settings and changes neither.
- Consequences of a fact only. Whatever follows by itself (the next step, the end of the
  turn, the next turn) is decided in proceed.py when the driver says `Proceeded`, which
  it does after each fact and after a restore. So a crash between two entries needs no
  case of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import msgspec

from podd.core.context.conversation import ModelPart, ToolCallPart
from podd.core.pod.state import Answer, OpenTurn, Phase, PodState, turn_of
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.pending import pending
from podd.core.turn.proceed import proceed, result
from podd.core.turn.settings import Settings
from podd.core.turn.states import machine_state
from podd.core.turn.transitions import TRANSITIONS, Refusal, Verdict
from podd_protocol.values import Cancelled, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a fact leads to."""

    verdict: Verdict = "take"
    entries: tuple[e.AnyEntry, ...] = ()
    """To append and apply, in this order, before any effect is performed."""
    effects: tuple[f.Effect, ...] = ()
    answer: Answer | None = None
    """For who sent an input or a notification, once the entries are synced."""

    @property
    def refusal(self) -> Refusal | None:
        """The code for the sender, if the fact was refused."""
        match self.verdict:
            case "take" | "stale":
                return None
            case refusal:
                return refusal


def decide(settings: Settings, state: PodState, fact: i.Input) -> Decision:  # noqa: C901, PLR0911, PLR0912  # one arm a fact
    """Decide what follows from one fact."""
    if (known := _answered_before(state, fact)) is not None:
        return Decision(answer=known)
    verdict = TRANSITIONS[machine_state(state)][type(fact)]
    if verdict != "take":
        return Decision(verdict=verdict)
    match fact:
        case i.InputQueued() | i.InputOffered():
            return _queue(state, fact)
        case i.InputSteered():
            return _steer(state, fact)
        case i.NotificationSent():
            return _notify(settings, state, fact)
        case i.PauseRequested():
            return _pause(state, fact)
        case i.ResumeRequested():
            return Decision(entries=(e.TurnResumed(turn=_turn(state)),))
        case i.CancelRequested():
            return _cancel(settings, state, fact)
        case i.StopAsked():
            return _stop(settings, state, fact)
        case i.DeadlinePassed():
            return _interrupt(settings, state)
        case i.PodRestored():
            return _restore(settings, state, fact)
        case i.SurfaceRendered():
            entry = e.SurfaceSet(
                surface=fact.surface, cause=fact.cause, manifest=fact.manifest
            )
            return Decision(entries=(entry,))
        case i.ModelAnswered():
            return _model_answered(state, fact)
        case i.ModelFailed():
            return _model_failed(state, fact)
        case i.ToolFinished():
            return _tool_finished(state, fact)
        case i.Proceeded():
            entries, effects = proceed(settings, state)
            return Decision(entries=entries, effects=effects)
        case _ as unreachable:
            assert_never(unreachable)


def _answered_before(state: PodState, fact: i.Input) -> Answer | None:
    match fact:
        case (
            i.InputQueued(key=key)
            | i.InputSteered(key=key)
            | i.InputOffered(key=key)
            | i.NotificationSent(key=key)
        ) if key is not None:
            return state.answers.get(key)
        case _:
            return None


def _turn(state: PodState) -> str:
    assert state.turn is not None, "the table lets this fact through in a turn only"
    return state.turn.turn


def _next_cause(state: PodState) -> str:
    return f"c{state.causes + 1}"


def _queue(state: PodState, fact: i.InputQueued | i.InputOffered) -> Decision:
    cause = _next_cause(state)
    position = len(state.queue) + (state.turn is not None)
    answer = Answer(cause, turn_of(cause), position)
    return _accept(fact, answer, delivery="queue")


def _steer(state: PodState, fact: i.InputSteered) -> Decision:
    cause = _next_cause(state)
    turn = turn_of(cause) if state.turn is None else state.turn.turn
    return _accept(fact, Answer(cause, turn, 0), delivery="steer")


def _accept(
    fact: i.InputQueued | i.InputOffered | i.InputSteered,
    answer: Answer,
    *,
    delivery: e.Delivery,
) -> Decision:
    assert answer.turn is not None, "an input is answered with its turn"
    assert answer.position is not None, "and with its place"
    entry = e.InputAccepted(
        turn=answer.turn,
        cause=answer.cause,
        origin=fact.origin,
        text=fact.text,
        delivery=delivery,
        position=answer.position,
        key=fact.key,
    )
    return Decision(entries=(entry,), answer=answer)


def _notify(settings: Settings, state: PodState, fact: i.NotificationSent) -> Decision:
    cause = _next_cause(state)
    entry = e.NotificationAccepted(
        cause=cause,
        origin=fact.origin,
        text=fact.message,
        rendered=settings.texts.notification(fact.origin, fact.message),
        wake=fact.wake,
        turn=turn_of(cause),
        key=fact.key,
    )
    return Decision(entries=(entry,), answer=Answer(cause, None, None))


def _pause(state: PodState, fact: i.PauseRequested) -> Decision:
    paused = e.TurnPaused(turn=_turn(state), reason=fact.reason)
    if _awaits_model(state):
        return Decision(
            entries=(_step_interrupted(state, "the turn was paused"), paused),
            effects=(f.CancelModel(),),
        )
    return Decision(entries=(paused,))


def _cancel(settings: Settings, state: PodState, fact: i.CancelRequested) -> Decision:
    turn = state.turn
    assert turn is not None, "the table refuses a cancel without a turn"
    ended = e.TurnEnded(
        turn=turn.turn,
        outcome=Cancelled(by=fact.by, reason=fact.reason),
        text=turn.text,
        usage=turn.usage,
    )
    return Decision(
        entries=(*_results_interrupted(settings, state), ended),
        effects=_cancel_outstanding(state),
    )


def _stop(settings: Settings, state: PodState, fact: i.StopAsked) -> Decision:
    asked = e.StopRequested(mode=fact.mode, by=fact.by)
    if fact.mode == "now":
        now = _interrupt(settings, state)
        return Decision(entries=(asked, *now.entries), effects=now.effects)
    if state.stopping is not None:
        return Decision()
    deadline = f.SetDeadline(deadline="drain", seconds=settings.drain_seconds)
    return Decision(entries=(asked,), effects=(deadline,))


def _interrupt(settings: Settings, state: PodState) -> Decision:
    """End the pod now; the open turn stays open, for a restore."""
    entries: list[e.AnyEntry] = list(_results_interrupted(settings, state))
    if _awaits_model(state):
        entries.append(_step_interrupted(state, "the pod was stopped"))
    turn = None if state.turn is None else state.turn.turn
    entries.append(e.SessionClosed(open_turn=turn))
    return Decision(
        entries=tuple(entries),
        effects=(*_cancel_outstanding(state), f.EndPod(mode="now")),
    )


def _model_answered(state: PodState, fact: i.ModelAnswered) -> Decision:
    turn = state.turn
    assert turn is not None, "the table lets answers through in a turn only"
    if (fact.turn, fact.step, fact.attempt) != (turn.turn, turn.step, turn.attempt):
        return Decision(verdict="stale")
    parts: list[ModelPart] = []
    for part in fact.response.parts:
        if isinstance(part, ToolCallPart):
            number = sum(isinstance(p, ToolCallPart) for p in parts) + 1
            name = f"{turn.turn}.{turn.step}.{number}"
            parts.append(msgspec.structs.replace(part, call=name))
        else:
            parts.append(part)
    entry = e.ModelResponded(
        turn=turn.turn,
        step=turn.step,
        attempt=turn.attempt,
        parts=tuple(parts),
        stop_reason=fact.response.stop_reason,
        usage=fact.response.usage,
    )
    return Decision(entries=(entry,))


def _model_failed(state: PodState, fact: i.ModelFailed) -> Decision:
    turn = state.turn
    assert turn is not None, "the table lets failures through in a turn only"
    if (fact.turn, fact.step, fact.attempt) != (turn.turn, turn.step, turn.attempt):
        return Decision(verdict="stale")
    entry = e.StepFailed(
        turn=turn.turn,
        step=turn.step,
        attempt=turn.attempt,
        fault=fact.fault,
        message=fact.message,
        partial=fact.partial,
    )
    return Decision(entries=(entry,))


def _tool_finished(state: PodState, fact: i.ToolFinished) -> Decision:
    turn = state.turn
    assert turn is not None, "the table lets results through in a turn only"
    call = turn.calls.get(fact.call)
    if call is None or call.started_at is None:
        return Decision(verdict="stale")
    changes = tuple(
        e.FileChanged(
            turn=turn.turn,
            call=call.call,
            path=change.path,
            change=change.change,
            before=change.before,
            after=change.after,
        )
        for change in fact.changes
    )
    result = e.ToolResulted(
        turn=turn.turn,
        step=turn.step,
        call=call.call,
        name=call.name,
        status=fact.status,
        summary=fact.summary,
        output=fact.output,
        spilled_to=fact.spilled_to,
    )
    return Decision(entries=(*changes, result))


def _results_interrupted(
    settings: Settings, state: PodState
) -> tuple[e.ToolResulted, ...]:
    turn = state.turn
    if turn is None:
        return ()
    return tuple(
        result(turn, call, "interrupted", settings.texts.interrupted)
        for call in turn.calls.values()
    )


def _cancel_outstanding(state: PodState) -> tuple[f.Effect, ...]:
    return tuple(
        f.CancelModel()
        if isinstance(outstanding, f.RequestModel)
        else f.CancelTool(call=outstanding.call)
        for outstanding in pending(state)
    )


def _awaits_model(state: PodState) -> bool:
    return state.turn is not None and state.turn.phase is Phase.AWAITING_MODEL


def _step_interrupted(state: PodState, why: str) -> e.StepFailed:
    turn = state.turn
    assert turn is not None, "a step belongs to a turn"
    return e.StepFailed(
        turn=turn.turn,
        step=turn.step,
        attempt=turn.attempt,
        fault="interrupted",
        message=why,
    )


def _restore(settings: Settings, state: PodState, fact: i.PodRestored) -> Decision:
    """Settle what was outstanding when the process before this one ended."""
    turn = state.turn
    entries: list[e.AnyEntry] = []
    effects: list[f.Effect] = []
    for outstanding in pending(state):
        assert turn is not None, "only a turn has anything outstanding"
        match outstanding:
            case f.RequestModel(offer_tools=offer_tools):
                if state.request_digest(offer_tools=offer_tools) != turn.request:
                    effects.append(_request_changed(turn))
                why = "the pod ended while it waited"
                entries.append(_step_interrupted(state, why))
            case f.RunTool(repeatable=True):
                effects.append(outstanding)
            case f.RunTool(call=call):
                open_call = turn.calls[call]
                began = open_call.started_at or ""
                summary = settings.texts.unknown(open_call.name, began)
                entries.append(result(turn, open_call, "unknown", summary))
    what: State = "idle"
    if turn is not None:
        what = "paused" if turn.paused else "running"
    started = e.PodStarted(pid=fact.pid, state=what, podd=fact.podd)
    return Decision(entries=(started, *entries), effects=tuple(effects))


def _request_changed(turn: OpenTurn) -> f.RaiseAlert:
    return f.RaiseAlert(
        level="warning",
        source="core",
        code="request_changed",
        message=f"step {turn.step} of {turn.turn} is sent again, but its request is "
        "not what it was",
    )
