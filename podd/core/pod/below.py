"""What facts about children, approvals, questions and commands change.

A part of the fold, under its rules: total, decides nothing, in place.
"""

from __future__ import annotations

from typing import assert_never

from podd.core.pod.child import Child, Report
from podd.core.pod.state import Cause, CauseKind, OpenCall, PodState
from podd.core.pod.waiting import Approval, Command, Question, Reply
from podd.core.session import child_entries as c
from podd.core.session import waiting_entries as w
from podd_protocol.values import ChildEventKind, ChildState, Usage

ChildEntry = (
    c.LoanIntended
    | c.LoanMade
    | c.TaskGiven
    | c.LoanAssumed
    | c.LoanReturned
    | c.ChildNews
)
WaitingEntry = (
    w.ApprovalRequested
    | w.ApprovalResolved
    | w.QuestionAsked
    | w.QuestionAnswered
    | w.CommandStarted
    | w.CommandEnded
)

_STATES: dict[ChildEventKind, ChildState] = {
    "spawned": "starting",
    "started": "idle",
    "turn_ended": "idle",
    "paused": "paused",
    "resumed": "running",
    "ended": "ended",
}


def apply_child(state: PodState, entry: ChildEntry) -> None:
    """Advance by an entry about pods below."""
    children = state.children
    match entry:
        case c.LoanIntended():
            children[entry.session] = Child(
                pod=entry.pod,
                session=entry.session,
                parent=state.pod,
                stage="intended",
                call=entry.call,
                scope=entry.scope,
                token=entry.token,
                task=entry.task,
                lent=entry.scope.paths("write"),
            )
        case c.LoanMade():
            if (child := children.get(entry.session)) is not None:
                child.stage = "made"
                child.state = "idle"
        case c.TaskGiven():
            child = children.get(entry.session)
            if child is not None and entry.turn not in child.turns:
                child.turns.append(entry.turn)
                child.state = "running"
        case c.LoanAssumed():
            _assume(state, entry)
        case c.LoanReturned():
            _return(state, entry)
        case c.ChildNews():
            _read(state, entry)
        case _ as unreachable:
            assert_never(unreachable)


def apply_waiting(state: PodState, entry: WaitingEntry) -> None:
    """Advance by an entry about what waits."""
    match entry:
        case w.ApprovalRequested():
            state.approvals[entry.pod, entry.call] = Approval(
                pod=entry.pod,
                call=entry.call,
                name=entry.name,
                arguments=entry.arguments,
                reason=entry.reason,
                subject=entry.subject,
                since=entry.at,
                wait_seconds=entry.wait_seconds,
                via=entry.via,
            )
            if not entry.via and (call := _call(state, entry.call)) is not None:
                call.permission = "asked"
        case w.ApprovalResolved():
            asked = state.approvals.pop((entry.pod, entry.call), None)
            if not entry.via and asked is not None and entry.remember == "session":
                verdict = (entry.verdict, entry.reason)
                state.verdicts[asked.name, asked.subject] = verdict
            if not entry.via and (call := _call(state, entry.call)) is not None:
                call.permission = entry.verdict
                call.objection = entry.reason
        case w.QuestionAsked():
            state.questions[entry.pod, entry.question] = Question(
                pod=entry.pod,
                question=entry.question,
                text=entry.text,
                choices=entry.choices,
                to=entry.to,
                since=entry.at,
                wait_seconds=entry.wait_seconds,
                via=entry.via,
                cause=entry.cause,
            )
            _tell(state, entry, "child", origin=entry.pod, child=entry.via)
        case w.QuestionAnswered():
            _answer(state, entry)
        case w.CommandStarted():
            state.commands[entry.command] = Command(
                command=entry.command,
                call=entry.call,
                text=entry.text,
                output=entry.output,
                since=entry.at,
            )
        case w.CommandEnded():
            state.commands.pop(entry.command, None)
            _tell(state, entry, "command", origin=entry.command)
        case _ as unreachable:
            assert_never(unreachable)
    _note(state, entry)


def _note(state: PodState, entry: WaitingEntry) -> None:
    """Note how far the child's entries are read by now."""
    if isinstance(entry, w.CommandStarted | w.CommandEnded):
        return
    if (child := state.children.get(entry.via)) is not None:
        child.upto = max(child.upto, entry.upto)


def _call(state: PodState, name: str) -> OpenCall | None:
    return None if state.turn is None else state.turn.calls.get(name)


def _answer(state: PodState, entry: w.QuestionAnswered) -> None:
    question = state.questions.pop((entry.pod, entry.question), None)
    call = None if entry.via else _call(state, entry.question)
    if question is not None and call is not None:
        call.reply = Reply(entry.text, entry.by, question.wait_seconds)


def _assume(state: PodState, entry: c.LoanAssumed) -> None:
    child = state.children.get(entry.session)
    if child is None:
        child = state.children[entry.session] = Child(
            pod=entry.pod,
            session=entry.session,
            parent=state.pod,
            stage="made",
            state="idle",
        )
    child.parent = state.pod
    child.stage = "made"
    if child.end is not None:
        child.state, child.end = "idle", None
    child.scope = entry.scope
    child.lent = entry.scope.paths("write")


def _return(state: PodState, entry: c.LoanReturned) -> None:
    child = state.children.get(entry.session)
    if child is None:
        return
    child.stage = "returned"
    child.state = "ended"
    child.end = entry.end
    child.message = entry.message
    child.turns.clear()
    child.lent = ()
    _forget(state, child)
    _lose_below(state, child)
    _tell(state, entry, "child", origin=child.pod, child=child.session)


def _read(state: PodState, entry: c.ChildNews) -> None:
    if (via := state.children.get(entry.via)) is not None:
        via.upto = max(via.upto, entry.upto)
    child = state.children.get(entry.session)
    if child is None:
        child = state.children[entry.session] = Child(
            pod=entry.pod,
            session=entry.session,
            parent=entry.parent,
            stage="below",
            state="idle",
        )
    if entry.news == "assumed":
        child.parent = entry.parent
    else:
        child.state = _STATES[entry.news]
    if entry.news in {"spawned", "assumed"}:
        child.lent = entry.lent
        child.task = entry.task or child.task
    if entry.news == "ended" and child.stage == "below":
        child.end = entry.end
        child.message = entry.message
        child.lent = ()
        _forget(state, child)
        _lose_below(state, child)
    if entry.turn is not None and entry.outcome is not None:
        usage = Usage() if entry.usage is None else entry.usage
        child.report = Report(
            turn=entry.turn,
            outcome=entry.outcome,
            text=entry.text,
            value=entry.value,
            usage=usage,
            files=entry.files,
        )
        if entry.turn not in child.counted:
            child.counted.add(entry.turn)
            child.usage += usage
        child.told = entry.rendered or child.told
        if entry.turn in child.turns:
            child.turns.remove(entry.turn)
        if child.turns:
            child.state = "running"
    _tell(state, entry, "child", origin=child.pod, child=child.session)


def _lose_below(state: PodState, dead: Child) -> None:
    """Nobody tells of those below it any more; who lives is assumed by an entry."""
    for child in state.children.values():
        if child.stage == "below" and child.parent == dead.pod and child.end is None:
            child.state = "ended"
            child.end = "lost"
            child.lent = ()
            _forget(state, child)
            _lose_below(state, child)


def _forget(state: PodState, child: Child) -> None:
    """What a dead pod asked waits for nobody."""
    for key in [key for key in state.approvals if key[0] == child.pod]:
        del state.approvals[key]
    for key in [key for key in state.questions if key[0] == child.pod]:
        del state.questions[key]


def _tell(
    state: PodState,
    entry: c.LoanReturned | c.ChildNews | w.QuestionAsked | w.CommandEnded,
    kind: CauseKind,
    *,
    origin: str,
    child: str = "",
) -> None:
    if entry.cause is None:
        return
    state.causes += 1
    state.waiting.append(
        Cause(
            cause=entry.cause,
            kind=kind,
            origin=origin,
            text=entry.rendered,
            # What ended with a pod that was stopped is told when there is a turn.
            wakes=not (isinstance(entry, w.CommandEnded) and entry.end == "stopped"),
            child=child,
        )
    )
