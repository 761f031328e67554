"""A call that facts will answer, a question or a wait: how it begins and goes on."""

from __future__ import annotations

from typing import assert_never

import msgspec

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.state import OpenCall, OpenTurn, PodState
from podd.core.pod.waiting import Reply
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.asking import ASKING, AskArguments, WaitPodsArguments
from podd.core.turn.settings import Settings
from podd.core.turn.wait_pods import resolve, unknown_names
from podd_protocol.values import Asked, ToolStatus


def why_not_waiting(settings: Settings, state: PodState, call: OpenCall) -> str | None:
    """What is wrong with such a call, if anything is."""
    if call.name not in ASKING:
        return None
    try:
        arguments = _arguments(call)
    except msgspec.ValidationError as error:
        return f"{call.name}: {error}"
    if call.name == "ask_parent" and settings.parent is None:
        return "ask_parent: this pod has no parent; ask_user reaches people"
    if isinstance(arguments, WaitPodsArguments):
        unknown = unknown_names(state, arguments)
        if unknown:
            return f"wait_pods: there is no child {', '.join(unknown)}; see list_pods"
    return None


def begin_waiting(
    settings: Settings, state: PodState, call: OpenCall
) -> tuple[tuple[e.AnyEntry, ...], f.SetDeadline]:
    """What is asked, and how long an answer is waited for."""
    arguments = _arguments(call)
    if isinstance(arguments, WaitPodsArguments):
        deadline = f.SetDeadline(
            deadline="wait", seconds=arguments.timeout_seconds, call=call.call
        )
        return (), deadline
    asked = e.QuestionAsked(
        pod=state.pod,
        question=call.call,
        text=arguments.question,
        choices=arguments.choices,
        to=_asked(call),
        wait_seconds=settings.wait_seconds,
    )
    deadline = f.SetDeadline(
        deadline="question", seconds=settings.wait_seconds, call=call.call
    )
    return (asked,), deadline


def go_on_waiting(
    settings: Settings, state: PodState, turn: OpenTurn, call: OpenCall
) -> tuple[tuple[e.AnyEntry, ...], tuple[f.SetDeadline, ...]]:
    """The result of such a call, if it can be given; else nothing follows."""
    if call.name == "wait_pods":
        waited = resolve(settings, state, turn, call)
        return (() if waited is None else (waited,)), ()
    if call.reply is not None:
        return (_replied(settings, turn, call, call.reply),), ()
    if (state.pod, call.call) not in state.questions:
        # A crash came between the call's start and its question.
        question, deadline = begin_waiting(settings, state, call)
        return question, (deadline,)
    return (), ()


def _replied(
    settings: Settings, turn: OpenTurn, call: OpenCall, reply: Reply
) -> e.ToolResulted:
    status, summary = _said(settings, call, reply)
    return e.ToolResulted(
        turn=turn.turn,
        step=turn.step,
        call=call.call,
        name=call.name,
        status=status,
        summary=summary,
        output=reply.text,
    )


def _said(settings: Settings, call: OpenCall, reply: Reply) -> tuple[ToolStatus, str]:
    match reply.by:
        case "user":
            return "ok", "the user answered"
        case "parent":
            return "ok", "your parent answered"
        case "limit":
            asked = _asked(call)
            return "error", settings.texts.not_answered(asked, reply.wait_seconds)
        case "cancel":
            return "interrupted", settings.texts.interrupted
        case _ as unreachable:
            assert_never(unreachable)


def _asked(call: OpenCall) -> Asked:
    return "parent" if call.name == "ask_parent" else "user"


def _arguments(call: OpenCall) -> AskArguments | WaitPodsArguments:
    given = decode(call.arguments)
    assert not isinstance(given, ArgumentsFault), "who asks has looked"
    return msgspec.convert(given, ASKING[call.name])
