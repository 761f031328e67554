"""What follows where people or a parent are asked, and where commands end."""

from __future__ import annotations

from typing import assert_never

from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.settings import Settings
from podd.core.turn.wait_pods import time_is_up

Entries = tuple[e.AnyEntry, ...]


def approve(state: PodState, fact: i.ApprovalGiven) -> Entries | None:
    """Note what people say of a call; None: none of ours waits under this name.

    What is to hold for the session holds for equal calls that wait already, too.
    """
    approval = state.approvals.get((state.pod, fact.call))
    if approval is None:
        return None
    calls = [fact.call]
    if fact.remember == "session":
        calls += [
            other.call
            for other in state.approvals.values()
            if other.pod == state.pod
            and other.call != fact.call
            and (other.name, other.subject) == (approval.name, approval.subject)
        ]
    return tuple(
        e.ApprovalResolved(
            pod=state.pod,
            call=call,
            verdict=fact.verdict,
            by="user",
            remember=fact.remember,
            reason=fact.reason,
        )
        for call in calls
    )


def answer(state: PodState, fact: i.QuestionReplied) -> Entries | None:
    """Note the answer; None: there is no such question of ours.

    The result of the call that asks follows by itself.
    """
    if (state.pod, fact.question) not in state.questions:
        return None
    answered = e.QuestionAnswered(
        pod=state.pod, question=fact.question, text=fact.text, by=fact.by
    )
    return (answered,)


def pass_deadline(
    settings: Settings, state: PodState, fact: i.DeadlinePassed
) -> Entries | None:
    """End what waited too long; None: it does not wait any more."""
    match fact.deadline:
        case "approval":
            return _undecided(settings, state, fact.call)
        case "question":
            return _unanswered(state, fact.call)
        case "wait":
            return _waited(settings, state, fact.call)
        case "drain" | "wall":
            raise AssertionError("these end the pod, or the turn")
        case _ as unreachable:
            assert_never(unreachable)


def _undecided(settings: Settings, state: PodState, call: str) -> Entries | None:
    approval = state.approvals.get((state.pod, call))
    if approval is None:
        return None
    resolved = e.ApprovalResolved(
        pod=state.pod,
        call=call,
        verdict="denied",
        by="limit",
        reason=settings.texts.not_decided(approval.wait_seconds),
    )
    return (resolved,)


def _unanswered(state: PodState, call: str) -> Entries | None:
    if (state.pod, call) not in state.questions:
        return None
    return (e.QuestionAnswered(pod=state.pod, question=call, text="", by="limit"),)


def _waited(settings: Settings, state: PodState, call: str) -> Entries | None:
    turn = state.turn
    waiting = None if turn is None else turn.calls.get(call)
    if turn is None or waiting is None or waiting.name != "wait_pods":
        return None
    return (time_is_up(settings, state, turn, waiting),)


def end_command(
    settings: Settings, state: PodState, fact: i.CommandOver
) -> Entries | None:
    """Note the end of a command; None: it is none of ours, or known."""
    command = state.commands.get(fact.command)
    if command is None:
        return None
    text = settings.texts.command_ended(command, fact.end, fact.status, fact.reason)
    ended = e.CommandEnded(
        command=command.command,
        end=fact.end,
        status=fact.status,
        reason=fact.reason,
        cause=None if fact.told else f"c{state.causes + 1}",
        rendered="" if fact.told else text,
    )
    return (ended,)


def begin_command(state: PodState, fact: i.CommandBegan) -> Entries | None:
    """Note a command of the background; None: no call of ours runs it."""
    turn = state.turn
    call = None if turn is None else turn.calls.get(fact.call)
    if turn is None or call is None or call.started_at is None:
        return None
    if fact.call in state.commands:
        return None
    started = e.CommandStarted(
        turn=turn.turn,
        call=fact.call,
        command=fact.call,
        text=fact.text,
        output=fact.output,
    )
    return (started,)
