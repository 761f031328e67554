"""`wait_pods`: a call that facts about children answer.

What it tells the model is not told again as a cause: the result names the causes.
"""

from __future__ import annotations

import msgspec

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.child import Child, short_name
from podd.core.pod.state import OpenCall, OpenTurn, PodState
from podd.core.session import entries as e
from podd.core.turn.asking import WaitPodsArguments
from podd.core.turn.settings import Settings


def unknown_names(state: PodState, arguments: WaitPodsArguments) -> list[str]:
    """Names among the arguments that no child of ours has."""
    return [name for name in arguments.names if state.child_named(name) is None]


def resolve(
    settings: Settings, state: PodState, turn: OpenTurn, call: OpenCall
) -> e.ToolResulted | None:
    """The result, where what was waited for is there."""
    arguments = _arguments(call)
    children = _children(state, arguments)
    asking = [child for child in children if state.question_of(child.pod) is not None]
    done = [child for child in children if child.is_done]
    news = [child for child in done if state.causes_about(child.session)]
    if asking:
        names = ", ".join(short_name(state.pod, child.pod) for child in asking)
        verb = "asks" if len(asking) == 1 else "ask"
        return _result(
            settings, state, turn, call, f"{names} {verb} you; answer with send_to_pod"
        )
    if len(done) == len(children) or (arguments.until == "any" and news):
        return _result(settings, state, turn, call, _counted(children, done))
    return None


def time_is_up(
    settings: Settings, state: PodState, turn: OpenTurn, call: OpenCall
) -> e.ToolResulted:
    """The result, where the time is over."""
    arguments = _arguments(call)
    children = _children(state, arguments)
    done = [child for child in children if child.is_done]
    seconds = f"{arguments.timeout_seconds:g} s are over"
    return _result(
        settings, state, turn, call, f"{seconds}; {_counted(children, done)}"
    )


def _arguments(call: OpenCall) -> WaitPodsArguments:
    given = decode(call.arguments)
    assert not isinstance(given, ArgumentsFault), "it was read when the call began"
    return msgspec.convert(given, WaitPodsArguments)


def _children(state: PodState, arguments: WaitPodsArguments) -> list[Child]:
    found = (state.child_named(name) for name in arguments.names)
    unique = {child.session: child for child in found if child is not None}
    return list(unique.values())


def _counted(children: list[Child], done: list[Child]) -> str:
    pods = "pod" if len(children) == 1 else "pods"
    return f"{len(done)} of {len(children)} {pods} done"


def _result(
    settings: Settings, state: PodState, turn: OpenTurn, call: OpenCall, summary: str
) -> e.ToolResulted:
    children = _children(state, _arguments(call))
    causes = [c for child in children for c in state.causes_about(child.session)]
    told = [_tell(settings, state, child) for child in children]
    return e.ToolResulted(
        turn=turn.turn,
        step=turn.step,
        call=call.call,
        name=call.name,
        status="ok",
        summary=summary,
        output="\n\n".join(told),
        causes=tuple(cause.cause for cause in causes),
    )


def _tell(settings: Settings, state: PodState, child: Child) -> str:
    """What is new of a child; else how it last ended its work, or what it does."""
    causes = state.causes_about(child.session)
    new = [cause.text for cause in causes]
    question = state.question_of(child.pod)
    if question is not None:
        if all(cause.cause != question.cause for cause in causes):
            # It was told before, and still waits.
            name = short_name(state.pod, child.pod)
            asked = settings.texts.child_asks(name, question.text, question.choices)
            new.append(asked)
        return "\n\n".join(new)
    if not child.is_done:
        return "\n\n".join([*new, settings.texts.child_works(child)])
    if new:
        return "\n\n".join(new)
    if child.stage == "returned":
        name = short_name(state.pod, child.pod)
        ended = settings.texts.child_ended(name, child.end or "lost", child.message)
        return f"{child.told}\n\n{ended}" if child.told else ended
    return child.told or settings.texts.child_works(child)
