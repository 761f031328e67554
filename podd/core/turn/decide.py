"""state + fact -> entries + effects: what happens now.

Rules of this file:
- Pure: it reads the state and the settings and changes neither.
- Consequences of a fact only. Whatever follows by itself (the next step, the end of the
  turn, the next turn) is decided in proceed.py when the driver says `Proceeded`, which
  it does after each fact and after a restore. So a crash between two entries needs no
  case of its own.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from podd.core.context.conversation import ModelPart, ToolCallPart
from podd.core.pod.marks import changed_since, mark_of
from podd.core.pod.state import Answer, OpenTurn, PodState, turn_of
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import inputs as i
from podd.core.turn.asked import (
    answer,
    approve,
    begin_command,
    end_command,
    pass_deadline,
)
from podd.core.turn.asking import ASKING
from podd.core.turn.children import decide_child
from podd.core.turn.coding import call_tool, end_code
from podd.core.turn.interruption import cancel_outstanding, give_up_step, settle
from podd.core.turn.limits import Reached, notice, refined
from podd.core.turn.proceed import Move, proceed
from podd.core.turn.restore import restore
from podd.core.turn.settings import Settings
from podd.core.turn.states import machine_state
from podd.core.turn.transitions import TRANSITIONS, Refusal, Verdict
from podd_protocol.values import Cancelled


class Decision(msgspec.Struct, frozen=True, kw_only=True):
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
            case "take" | "stale" | "duplicate" | "unknown":
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
        case i.RewindRequested():
            return _rewind(state, fact)
        case i.StopAsked():
            return _stop(settings, state, fact)
        case i.DeadlinePassed(deadline="drain"):
            if state.stopping is None:
                return Decision(verdict="stale")
            return _interrupt(settings, state)
        case i.DeadlinePassed(deadline="wall"):
            return _pass_wall(settings, state, fact)
        case i.DeadlinePassed():
            return _entries(pass_deadline(settings, state, fact))
        case i.PodRestored():
            entries, effects = restore(settings, state, fact)
            return Decision(entries=entries, effects=effects)
        case i.SurfaceRendered():
            entry = e.SurfaceSet(
                surface=fact.surface, cause=fact.cause, manifest=fact.manifest
            )
            return Decision(entries=(entry,))
        case i.SurfaceConfigured(surface=surface, manifest=manifest):
            entry = e.SurfaceSet(surface=surface, cause="configured", manifest=manifest)
            return Decision(entries=(entry,))
        case i.ModelAnswered():
            return _model_answered(settings, state, fact)
        case i.ModelFailed():
            return _model_failed(state, fact)
        case i.ToolFinished():
            return _tool_finished(state, fact)
        case i.CodeCalled():
            return _entries(call_tool(state, fact))
        case i.CodeFinished():
            return _move(end_code(settings, state, fact))
        case (
            i.LoanPlanned()
            | i.ChildReady()
            | i.TaskAccepted()
            | i.ChildrenRead()
            | i.ChildGone()
        ):
            return _move(decide_child(settings, state, fact))
        case i.ApprovalGiven():
            return _entries(approve(state, fact), otherwise="no_such_call")
        case i.QuestionReplied():
            return _entries(answer(state, fact), otherwise="no_such_question")
        case i.CommandBegan():
            return _entries(begin_command(state, fact))
        case i.CommandOver():
            return _entries(end_command(settings, state, fact))
        case i.Proceeded():
            entries, effects = proceed(settings, state)
            return Decision(entries=entries, effects=effects)
        case _ as unreachable:
            assert_never(unreachable)


def _entries(
    entries: tuple[e.AnyEntry, ...] | None, *, otherwise: Verdict = "stale"
) -> Decision:
    return Decision(verdict=otherwise) if entries is None else Decision(entries=entries)


def _move(move: Move | None) -> Decision:
    if move is None:
        return Decision(verdict="stale")
    return Decision(entries=move[0], effects=move[1])


def _answered_before(state: PodState, fact: i.Input) -> Answer | None:
    match fact:
        case (
            i.InputQueued(key=key) | i.InputSteered(key=key) | i.InputOffered(key=key)
        ) if key is not None:
            return state.answers.get(key)
        case i.NotificationSent(key=key) if key is not None:
            return state.notified.get(key)
        case _:
            return None


def _turn(state: PodState) -> str:
    assert state.turn is not None, "the table lets this fact through in a turn only"
    return state.turn.turn


def _next_cause(state: PodState) -> str:
    return f"c{state.causes + 1}"


def _queue(state: PodState, fact: i.InputQueued | i.InputOffered) -> Decision:
    cause = _next_cause(state)
    # What was steered and no turn took in becomes the next turn, before the queue.
    ahead = state.turn is not None or state.first_steer is not None
    position = len(state.queue) + ahead
    answer = Answer(cause, turn_of(cause), position)
    return _accept(fact, answer, delivery="queue")


def _steer(state: PodState, fact: i.InputSteered) -> Decision:
    cause = _next_cause(state)
    if state.turn is not None:
        turn = state.turn.turn
    elif state.first_steer is not None:
        turn = state.first_steer.turn
    else:
        turn = turn_of(cause)
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
        parts=fact.parts,
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
    given_up = give_up_step(state, "the turn was paused")
    return Decision(
        entries=(*given_up, paused), effects=(f.CancelModel(),) if given_up else ()
    )


def _cancel(settings: Settings, state: PodState, fact: i.CancelRequested) -> Decision:
    turn = state.turn
    assert turn is not None, "the table refuses a cancel without a turn"
    ended = e.TurnEnded(
        turn=turn.turn,
        outcome=Cancelled(by=fact.by, reason=fact.reason),
        text=turn.text,
        usage=turn.usage,
        state="idle" if state.stopping is None else "stopping",
    )
    return Decision(
        entries=(*settle(settings, state, "the turn was cancelled"), ended),
        effects=cancel_outstanding(state),
    )


def _rewind(state: PodState, fact: i.RewindRequested) -> Decision:
    point = mark_of(state, fact.to)
    if point is None:
        return Decision(verdict="no_such_turn")
    rewound = e.Rewound(to=fact.to, files_changed_since=changed_since(state, point))
    return Decision(entries=(rewound,))


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
    turn = None if state.turn is None else state.turn.turn
    return Decision(
        entries=(
            *settle(settings, state, "the pod was stopped"),
            e.SessionClosed(open_turn=turn),
        ),
        effects=(*cancel_outstanding(state), f.EndPod(mode="now")),
    )


def _pass_wall(settings: Settings, state: PodState, fact: i.DeadlinePassed) -> Decision:
    """Interrupt what runs, and grant the last step."""
    turn, seconds = state.turn, settings.wall_seconds
    if (
        seconds is None
        or turn is None  # it ended, and the pod is about to
        or turn.limit is not None
        or not state.is_working
        or fact.call != str(state.stretch)
    ):
        return Decision(verdict="stale")
    why = f"the pod had worked for {seconds} s, which is its limit"
    granted = notice(settings, turn, Reached("wall_seconds", seconds))
    return Decision(
        entries=(*settle(settings, state, why), granted),
        effects=cancel_outstanding(state),
    )


def _model_answered(
    settings: Settings, state: PodState, fact: i.ModelAnswered
) -> Decision:
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
        stop_reason=refined(settings, fact.response),
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
        began=fact.began,
    )
    return Decision(entries=(entry,))


def _tool_finished(state: PodState, fact: i.ToolFinished) -> Decision:
    turn = state.turn
    assert turn is not None, "the table lets results through in a turn only"
    call = turn.calls.get(fact.call)
    if call is None:
        return Decision(verdict=_about_no_call(turn, fact.call))
    if call.started_at is None or call.name in ASKING:
        return Decision(verdict="unknown")
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
        images=fact.images,
    )
    return Decision(entries=(*changes, result))


def _about_no_call(turn: OpenTurn, call: str) -> Verdict:
    """What a result is that no open call waits for."""
    if call in turn.results or call in turn.returned:
        return "duplicate"
    return "stale" if call in turn.ended_calls else "unknown"
