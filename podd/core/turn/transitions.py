"""What is legal, as a table.

Theory of operation
-------------------
A pod is always in one `MachineState`. Each fact that reaches it is looked up in
`TRANSITIONS[state][type(fact)]`. The table says only whether the fact counts; what
follows from it is decided in decide.py, by a `match` that mypy knows to be whole.

- `take`: it counts.
- `stale`: it is about something that is over (a late result, an attempt given up).
- `duplicate`: what it says was said before (a second result of one call).
- `unknown`: it is about something that never was (a result for no call of ours).
  These three change nothing and are nobody's fault.
- anything else is the code with which the sender is refused.

Facts come in four kinds, and the rows are built from them: what people ask for, what
effects come back with, what comes from children and commands (it counts as long as the
pod is there), and what the process tells itself.

The states form three groups with the same shape: running, paused, draining. A model's
answer counts only where one is awaited; a tool's result, and what people say of a call
or to a question, only where tools are, or code that calls them; what code does, only
where code runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState as S

Refusal = Literal[
    "busy",
    "not_running",
    "not_paused",
    "stopping",
    "no_such_turn",
    "no_such_call",
    "no_such_question",
]
Verdict = Literal["take", "stale", "duplicate", "unknown"] | Refusal

Row = Mapping[type[i.Input], Verdict]


def _row(  # one column a kind of fact
    *,
    work: Verdict = "take",
    offered: Verdict = "busy",
    pause: Verdict = "not_running",
    resume: Verdict = "not_paused",
    cancel: Verdict = "take",
    rewind: Verdict = "busy",
    stop: Verdict = "take",
    deadline: Verdict = "stale",
    model: Verdict = "stale",
    tool: Verdict = "stale",
    code: Verdict = "stale",
    below: Verdict = "take",
    approval: Verdict = "no_such_call",
    reply: Verdict = "no_such_question",
    surface: Verdict = "take",
    proceed: Verdict = "take",
) -> Row:
    return {
        i.InputQueued: work,
        i.InputSteered: work,
        i.InputOffered: offered,
        i.NotificationSent: work,
        i.PauseRequested: pause,
        i.ResumeRequested: resume,
        i.CancelRequested: cancel,
        i.RewindRequested: rewind,
        i.StopAsked: stop,
        i.DeadlinePassed: deadline,
        i.PodRestored: "take",
        i.SurfaceRendered: surface,
        i.SurfaceConfigured: work,
        i.ModelAnswered: model,
        i.ModelFailed: model,
        i.ToolFinished: tool,
        i.CodeCalled: code,
        i.CodeFinished: code,
        i.LoanPlanned: tool,
        i.CommandBegan: tool,
        i.ChildReady: below,
        i.TaskAccepted: below,
        i.ChildrenRead: below,
        i.ChildGone: below,
        i.CommandOver: below,
        i.ApprovalGiven: approval,
        i.QuestionReplied: reply,
        i.Proceeded: proceed,
    }


def _draining(
    *,
    cancel: Verdict = "take",
    model: Verdict = "stale",
    tool: Verdict = "stale",
    code: Verdict = "stale",
    approval: Verdict = "no_such_call",
    reply: Verdict = "no_such_question",
) -> Row:
    return _row(
        work="stopping",
        offered="stopping",
        pause="stopping",
        resume="stopping",
        cancel=cancel,
        rewind="stopping",
        deadline="take",
        model=model,
        tool=tool,
        code=code,
        approval=approval,
        reply=reply,
    )


TRANSITIONS: Final[Mapping[S, Row]] = {
    S.IDLE: _row(offered="take", cancel="not_running", rewind="take"),
    S.WAKING: _row(cancel="not_running"),
    S.READY: _row(pause="take", deadline="take"),
    S.AWAITING_MODEL: _row(pause="take", deadline="take", model="take"),
    S.AWAITING_TOOLS: _row(
        pause="take", deadline="take", tool="take", approval="take", reply="take"
    ),
    S.AWAITING_CODE: _row(
        pause="take",
        deadline="take",
        tool="take",
        code="take",
        approval="take",
        reply="take",
    ),
    S.ANSWERED: _row(pause="take", deadline="take"),
    S.PAUSED: _row(resume="take"),
    S.PAUSED_AWAITING_TOOLS: _row(
        resume="take", deadline="take", tool="take", approval="take", reply="take"
    ),
    S.PAUSED_AWAITING_CODE: _row(
        resume="take",
        deadline="take",
        tool="take",
        code="take",
        approval="take",
        reply="take",
    ),
    S.DRAINING_IDLE: _draining(cancel="stopping"),
    S.DRAINING: _draining(),
    S.DRAINING_AWAITING_MODEL: _draining(model="take"),
    S.DRAINING_AWAITING_TOOLS: _draining(tool="take", approval="take", reply="take"),
    S.DRAINING_AWAITING_CODE: _draining(
        tool="take", code="take", approval="take", reply="take"
    ),
    S.CLOSED: _row(
        work="stopping",
        offered="stopping",
        pause="stopping",
        resume="stopping",
        cancel="stopping",
        rewind="stopping",
        stop="stale",
        below="stale",
        approval="stopping",
        reply="stopping",
        surface="stale",
        proceed="stale",
    ),
}
