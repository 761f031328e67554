"""entries -> state. All that restoring, auditing and testing a pod runs.

Rules of this file:
- `apply` is total and decides nothing: it knows no limits, settings or drivers. An
  entry that cannot have happened (a result for no open call) changes nothing.
- It changes the state in place: the conversation is appended to and never copied, so
  an entry costs the same whatever the history. `decide` only reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from podd.core.context import digest
from podd.core.context.conversation import (
    ConversationItem,
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.pod import below, boundary, marks
from podd.core.pod.state import (
    Answer,
    Cause,
    OpenCall,
    OpenTurn,
    Phase,
    PodState,
    Returned,
    Submitted,
)
from podd.core.session import entries as e


def fold(entries: Iterable[e.AnyEntry]) -> PodState:
    """The state after these entries."""
    state = PodState()
    for entry in entries:
        apply(state, entry)
    return state


def apply(state: PodState, entry: e.AnyEntry) -> None:
    """Advance the state by one entry."""
    was_working = state.is_working
    if was_working:
        state.worked_ms += entry.elapsed
    _apply(state, entry)
    if state.is_working and (
        not was_working or isinstance(entry, e.PodStarted | e.SurfaceSet)
    ):
        state.stretch, state.worked_before_ms = entry.n, state.worked_ms


def _apply(state: PodState, entry: e.AnyEntry) -> None:  # noqa: C901, PLR0912, PLR0915  # one arm an entry
    state.n = entry.n
    turn = state.turn
    match entry:  # tried in order: what a journal is full of comes first
        case e.StepStarted():
            if turn is not None:
                turn.phase = Phase.AWAITING_MODEL
                turn.step, turn.attempt = entry.step, entry.attempt
                turn.request, turn.last_step = entry.request, entry.last
                turn.offer_tools = entry.offer_tools and not entry.last
                turn.failure = None
                turn.worked = False
                if entry.attempt == 1:
                    turn.broken = 0
        case e.ModelResponded():
            if turn is not None:
                _respond(state, turn, entry)
        case e.ToolStarted():
            if turn is not None and entry.call in turn.calls:
                open_call = turn.calls[entry.call]
                open_call.started_at = entry.at
                open_call.repeatable = entry.repeatable
        case e.ToolResulted():
            if turn is not None and entry.call in turn.calls:
                _resolve(state, turn, entry)
        case e.FileChanged():
            marks.note_change(state, entry.path)
        case e.SessionStarted():
            state.session, state.pod = entry.session, entry.pod
            state.manifest = entry.manifest
        case e.PodStarted():
            state.stopping, state.closed = None, False
        case e.SurfaceSet():
            state.surface = entry.surface
            state.surface_digest = digest.of_surface(entry.surface)
            if entry.manifest is not None:
                state.manifest = entry.manifest
            if turn is not None:
                turn.request = ""
        case e.SeqReserved():
            state.seq_reserved = entry.upto
        case e.InputAccepted():
            _accept_input(state, entry)
        case e.NotificationAccepted():
            state.causes += 1
            state.waiting.append(
                Cause(
                    cause=entry.cause,
                    kind="notification",
                    origin=entry.origin,
                    text=entry.rendered,
                    wakes=entry.wake,
                )
            )
            if entry.key is not None:
                state.notified[entry.key] = Answer(entry.cause, None, None)
        case e.TurnStarted():
            if turn is None:
                state.turn = OpenTurn(entry.turn)
                _take(state, entry.causes)
        case e.CausesTaken():
            if turn is not None:
                _take(state, entry.causes)
                turn.phase = Phase.READY
                turn.worked, turn.submitted = False, None
        case e.LimitReached():
            if turn is not None:
                _append(state, UserItem(entry.notice, "notice"))
                turn.limit = entry.limit
                turn.phase = Phase.READY
                state.granted[entry.limit] = entry.value
        case e.StepFailed():
            if turn is not None:
                turn.phase = Phase.READY
                turn.failure = (entry.fault, entry.message)
                if entry.fault != "interrupted":
                    turn.broken = turn.broken + 1 if entry.began else 0
        case e.AnswerRefused():
            if turn is not None:
                _append(state, UserItem(entry.notice, "notice"))
                turn.phase = Phase.READY
                turn.refused += 1
                turn.worked, turn.submitted = False, None
        case e.TurnPaused():
            if turn is not None:
                turn.paused = True
        case e.TurnResumed():
            if turn is not None:
                turn.paused = False
        case e.TurnEnded():
            if turn is not None:
                state.turn = None
                state.turns_ended += 1
                state.last_outcome = entry.outcome
                marks.mark(state, turn.turn)
        case e.StopRequested():
            state.stopping = entry.mode
        case e.SessionClosed():
            state.closed = True
        case (
            e.LoanIntended()
            | e.LoanMade()
            | e.TaskGiven()
            | e.LoanAssumed()
            | e.LoanReturned()
            | e.ChildNews()
        ):
            below.apply_child(state, entry)
        case (
            e.ApprovalRequested()
            | e.ApprovalResolved()
            | e.QuestionAsked()
            | e.QuestionAnswered()
            | e.CommandStarted()
            | e.CommandEnded()
        ):
            below.apply_waiting(state, entry)
        case e.CodeStarted():
            if turn is not None:
                turn.phase = Phase.AWAITING_CODE
                turn.code, turn.code_calls = entry.code, 0
                state.has_names = True
        case e.ToolCalled():
            if turn is not None and turn.phase is Phase.AWAITING_CODE:
                call = OpenCall(entry.call, entry.name, entry.arguments, "")
                turn.calls[entry.call] = call
                turn.code_calls += 1
        case e.CodeEnded():
            if turn is not None:
                _end_code(state, turn, entry)
        case e.InterpreterLost():
            state.has_names = False
            state.causes += 1
            state.waiting.append(
                Cause(
                    cause=entry.cause,
                    kind="code",
                    origin="podd",
                    text=entry.rendered,
                    wakes=False,
                )
            )
        case e.Forked():
            boundary.close_open(state, entry)
        case e.Rewound():
            marks.rewind(state, entry.to)
        case _ as unreachable:
            assert_never(unreachable)


def result_text(summary: str, output: str) -> str:
    """A tool result as the model reads it: what was done, then the content."""
    return f"{summary}\n{output}" if output else summary


def _append(state: PodState, item: ConversationItem) -> None:
    state.conversation.append(item)
    state.conversation_digest = digest.extend(state.conversation_digest, item)


def _accept_input(state: PodState, entry: e.InputAccepted) -> None:
    state.causes += 1
    cause = Cause(
        cause=entry.cause,
        kind="input",
        origin=entry.origin,
        text=entry.text,
        wakes=True,
        parts=entry.parts,
    )
    (state.waiting if entry.delivery == "steer" else state.queue).append(cause)
    if entry.key is not None:
        answer = Answer(entry.cause, entry.turn, entry.position)
        state.answers[entry.key] = answer


def _take(state: PodState, causes: tuple[str, ...]) -> None:
    """Move causes into the conversation, in the order the entry names them."""
    known = {cause.cause: cause for cause in (*state.queue, *state.waiting)}
    taken = set(causes)
    for name in causes:
        if (cause := known.get(name)) is not None:
            _append(
                state,
                UserItem(cause.text, parts=cause.parts)
                if cause.kind == "input"
                else UserItem(cause.text, "notification"),
            )
    state.queue = [cause for cause in state.queue if cause.cause not in taken]
    state.waiting = [cause for cause in state.waiting if cause.cause not in taken]


def _respond(state: PodState, turn: OpenTurn, entry: e.ModelResponded) -> None:
    if entry.parts:  # nothing said is nothing to show again, and servers refuse it
        _append(state, ModelItem(entry.parts))
    turn.text = "\n\n".join(p.text for p in entry.parts if isinstance(p, TextPart))
    turn.stop_reason = entry.stop_reason
    turn.usage += entry.usage
    state.usage += entry.usage
    turn.calls = {
        part.call: OpenCall(part.call, part.name, part.arguments, part.provider_call)
        for part in entry.parts
        if isinstance(part, ToolCallPart)
    }
    turn.asked = tuple(turn.calls)
    turn.phase = Phase.AWAITING_TOOLS if turn.calls else Phase.ANSWERED


def _resolve(state: PodState, turn: OpenTurn, entry: e.ToolResulted) -> None:
    """Note a result; the last one moves all into the conversation.

    In the order of the calls, whichever ended first: the next request must not depend
    on which tool was quicker, and some servers insist on it.
    """
    open_call = turn.calls.pop(entry.call)
    state.waiting = [c for c in state.waiting if c.cause not in entry.causes]
    if turn.phase is Phase.AWAITING_CODE:
        returned = Returned(entry.status, entry.summary, entry.output)
        turn.returned[entry.call] = returned
        return
    turn.results[entry.call] = ToolResultItem(
        call=entry.call,
        name=entry.name,
        status=entry.status,
        text=result_text(entry.summary, entry.output),
        provider_call=open_call.provider_call,
        images=entry.images,
    )
    if not turn.calls:
        for call in turn.asked:
            _append(state, turn.results.pop(call))
        turn.ended_calls.update(turn.asked)
        turn.phase, turn.worked = Phase.READY, True


def _end_code(state: PodState, turn: OpenTurn, entry: e.CodeEnded) -> None:
    """Note what became of code. What its calls brought is the code's to tell."""
    _append(state, UserItem(result_text(entry.summary, entry.output), "code"))
    turn.ended_calls.update(turn.returned)
    turn.returned.clear()
    turn.submitted = Submitted(entry.value) if entry.submitted else None
    turn.phase, turn.worked = Phase.READY, True
    state.has_names = not entry.lost
