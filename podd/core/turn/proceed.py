"""What follows by itself: the next step, the end of the turn, the next turn.

The driver asks again until nothing follows. Each answer is one small move, so that
every prefix of it in the journal is a state this file knows how to go on from.

Two checkpoints take in what arrived meanwhile: after work (before the next step) and
before completion.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from podd.core.context.arguments import ArgumentsFault, decode
from podd.core.pod.state import Cause, OpenCall, OpenTurn, Phase, PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn import permission
from podd.core.turn.asking import ASKING
from podd.core.turn.begin_waiting import (
    begin_waiting,
    go_on_waiting,
    why_not_waiting,
)
from podd.core.turn.drivers.contract import Finish, GoOn, Repair, RunCode
from podd.core.turn.driving import ask_after_answer, ask_after_work
from podd.core.turn.limits import notice, reached, spent
from podd.core.turn.pending import pending
from podd.core.turn.settings import Settings
from podd_protocol.values import Completed, Failed, Limited, Outcome, ToolStatus

Move = tuple[tuple[e.AnyEntry, ...], tuple[f.Effect, ...]]

_NOTHING: Move = ((), ())

#: What may be over by the time that a broken answer is asked for again.
_PASSING: Final = frozenset(
    {
        *("cut", "malformed", "timed_out", "unreachable"),
        *("overloaded", "server_error", "rate_limited"),
    }
)
#: Seconds before the first such attempt; twice as many before the next, up to a limit.
_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 8.0


def proceed(settings: Settings, state: PodState) -> Move:
    """The next move; nothing where the pod waits for the world."""
    turn = state.turn
    if turn is None:
        return _between_turns(state)
    if turn.phase is Phase.AWAITING_MODEL:
        return _NOTHING
    if turn.phase in {Phase.AWAITING_TOOLS, Phase.AWAITING_CODE}:
        return _begin_calls(settings, state, turn)
    if turn.paused:
        return _close(state) if state.stopping else _NOTHING
    if turn.phase is Phase.ANSWERED:
        return _after_answer(settings, state, turn)
    return _next_step(settings, state, turn)


def _between_turns(state: PodState) -> Move:
    if state.stopping:
        return _close(state)
    if state.first_steer is not None:
        return _start(state.waiting)
    if state.queue:
        return _start([*state.waiting, state.queue[0]])
    if any(cause.wakes for cause in state.waiting):
        return _start(state.waiting)
    return _NOTHING


def _start(causes: list[Cause]) -> Move:
    """A turn bears the name that its sender was told: that of its first input."""
    inputs = [cause for cause in causes if cause.kind == "input"]
    name = (inputs or causes)[0].turn
    started = e.TurnStarted(turn=name, causes=tuple(c.cause for c in causes))
    return (started,), ()


def _close(state: PodState) -> Move:
    turn = None if state.turn is None else state.turn.turn
    return (e.SessionClosed(open_turn=turn),), (f.EndPod(mode="drain"),)


def _begin_calls(settings: Settings, state: PodState, turn: OpenTurn) -> Move:
    """Announce each call that can be run; answer those that cannot."""
    entries: list[e.AnyEntry] = []
    effects: list[f.Effect] = []
    for call in turn.calls.values():
        if call.started_at is not None:
            if call.name in ASKING:
                more, deadlines = go_on_waiting(settings, state, turn, call)
                entries.extend(more)
                effects.extend(deadlines)
            continue
        if call.permission == "asked":
            continue
        refusal = _refusal(settings, state, turn, call)
        if refusal is not None:
            status, summary = refusal
            entries.append(result(turn, call, status, summary))
            continue
        if turn.paused:
            continue  # begun when the turn goes on
        if (asked := permission.ask(settings, state, call)) is not None:
            entry, deadline = asked
            entries.append(entry)
            effects.append(deadline)
            continue
        repeatable = call.name in settings.repeatable
        entries.append(
            e.ToolStarted(
                turn=turn.turn,
                step=turn.step,
                call=call.call,
                name=call.name,
                repeatable=repeatable,
            )
        )
        if call.name in ASKING:
            question, deadline = begin_waiting(settings, state, call)
            entries.extend(question)
            effects.append(deadline)
            continue
        effects.append(
            f.RunTool(
                turn=turn.turn,
                step=turn.step,
                call=call.call,
                name=call.name,
                arguments=call.arguments,
                repeatable=repeatable,
            )
        )
    if not entries and state.stopping is not None and not pending(state):
        return _close(state)  # paused before any call began: nobody would come back
    return tuple(entries), tuple(effects)


def _refusal(  # noqa: PLR0911  # one reason a line
    settings: Settings, state: PodState, turn: OpenTurn, call: OpenCall
) -> tuple[ToolStatus, str] | None:
    """Why a call is not to be run, if it is not."""
    if turn.stop_reason == "output_limit":
        return "error", settings.texts.cut_off
    if _cut(turn) is not None:
        return "error", f"{call.name} was not run: the answer it came in was cut"
    if turn.last_step:
        return "denied", settings.texts.no_tools_left
    if turn.phase is Phase.AWAITING_TOOLS and not settings.driver.offers_tools:
        return "error", f"{call.name} was not run: here tools are called by code"
    assert state.surface is not None, "no turn starts without a surface"
    names = [tool.name for tool in state.surface.tools]
    if call.name not in names:
        known = ", ".join(names) or "none"
        return "error", f"there is no tool {call.name!r}; the tools are: {known}"
    arguments = decode(call.arguments)
    if isinstance(arguments, ArgumentsFault):
        return "error", f"{call.name} was not run: its arguments {arguments.problem}"
    problem = why_not_waiting(settings, state, call)
    if problem is not None:
        return "error", problem
    return permission.forbidden(settings, state, call, arguments)


def result(
    turn: OpenTurn, call: OpenCall, status: ToolStatus, summary: str
) -> e.ToolResulted:
    """The result of a call that was not run to its end."""
    return e.ToolResulted(
        turn=turn.turn,
        step=turn.step,
        call=call.call,
        name=call.name,
        status=status,
        summary=summary,
    )


def _next_step(settings: Settings, state: PodState, turn: OpenTurn) -> Move:  # noqa: PLR0911  # one way on a line
    if turn.failure is not None and turn.failure[0] == "interrupted":
        return _step(settings, state, turn, attempt=turn.attempt + 1)
    if turn.failure is not None and _may_try_again(settings, turn):
        return _step(settings, state, turn, attempt=turn.attempt + 1)
    if (outcome := _end_after_step(turn)) is not None:
        return _end(state, turn, outcome)
    if turn.worked:
        said = ask_after_work(settings.driver, turn)
        if isinstance(said, Failed):
            return _end(state, turn, said)
        if isinstance(said, Finish):
            return _finish(settings, state, turn, said)
    if turn.limit is None and (limit := spent(settings, state)) is not None:
        return _end(state, turn, Limited(limit=limit))
    if state.waiting and turn.step > 0 and not state.stopping:
        return _take(state, turn, "after_work")
    if turn.limit is None and (over := reached(settings, state, turn)) is not None:
        return (notice(settings, turn, over),), ()
    return _step(settings, state, turn, attempt=1)


def _may_try_again(settings: Settings, turn: OpenTurn) -> bool:
    """Whether an answer that broke off is asked for again."""
    assert turn.failure is not None, "there is something to try again"
    is_passing = turn.failure[0] in _PASSING
    return is_passing and 0 < turn.broken <= settings.broken_streams


def _end_after_step(turn: OpenTurn) -> Outcome | None:
    """How the step that is over ends its turn, if it does."""
    if turn.failure is not None:
        fault, message = turn.failure
        return Failed(code=fault, message=message)
    if (cut := _cut(turn)) is not None:
        return cut
    if turn.limit is not None and turn.last_step:
        return Limited(limit=turn.limit)
    return None


def _step(settings: Settings, state: PodState, turn: OpenTurn, *, attempt: int) -> Move:
    """Ask the model; a first attempt is the next step's."""
    if state.surface is None:
        # The first step waits until there is something to show.
        return _close(state) if state.stopping else _NOTHING
    step = turn.step + (attempt == 1)
    last = turn.limit is not None
    offer_tools = settings.driver.offers_tools and not last
    started = e.StepStarted(
        turn=turn.turn,
        step=step,
        attempt=attempt,
        model=state.surface.model,
        request=state.request_digest(offer_tools=offer_tools),
        last=last,
        offer_tools=settings.driver.offers_tools,
    )
    request = f.RequestModel(
        turn=turn.turn,
        step=step,
        attempt=attempt,
        offer_tools=offer_tools,
    )
    if attempt > 1 and turn.broken and turn.fault is not None:
        request = msgspec.structs.replace(
            request,
            delay_seconds=min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (turn.broken - 1)),
            reason=turn.fault,
        )
    return (started,), (request,)


def _after_answer(settings: Settings, state: PodState, turn: OpenTurn) -> Move:  # noqa: PLR0911  # one way on a line
    """What an answer without tool calls leads to: its end, code, or another try."""
    if turn.stop_reason == "output_limit":
        return _end(state, turn, Limited(limit="output_tokens"))
    if (cut := _cut(turn)) is not None:
        return _end(state, turn, cut)
    if turn.limit is not None:
        return _end(state, turn, Limited(limit=turn.limit))
    if not turn.text.strip():
        message = "the answer had neither text nor a tool call"
        return _end(state, turn, Failed(code="empty_response", message=message))
    said = ask_after_answer(
        settings.driver, turn, wants_value=settings.output_problem is not None
    )
    match said:
        case Failed():
            return _end(state, turn, said)
        case RunCode(code):
            started = e.CodeStarted(turn=turn.turn, step=turn.step, code=code)
            run = f.RunCode(turn=turn.turn, step=turn.step, code=code)
            return (started,), (run,)
        case Finish() | Repair():
            return _finish(settings, state, turn, said)
        case GoOn():
            raise AssertionError(
                "who asks the driver lets this through after work only"
            )
        case _ as unreachable:
            assert_never(unreachable)


def _finish(
    settings: Settings, state: PodState, turn: OpenTurn, said: Finish | Repair
) -> Move:
    """End the turn, unless something arrived or the value is not what was asked for.

    That names are gone is for the next code to know: a crash right before the end must
    not undo it.
    """
    arrived = any(cause.kind != "code" for cause in state.waiting)
    if arrived and not state.stopping:
        return _take(state, turn, "before_completion")
    if isinstance(said, Repair):
        return _repair(settings, state, turn, said.problem)
    if settings.output_problem is None:
        return _end(state, turn, Completed(), value=said.value)
    if (problem := settings.output_problem(said.value)) is not None:
        return _repair(settings, state, turn, problem)
    return _end(state, turn, Completed(), value=said.value)


def _repair(settings: Settings, state: PodState, turn: OpenTurn, problem: str) -> Move:
    if turn.refused >= settings.max_repairs:
        tries = "one try" if turn.refused == 0 else f"{turn.refused + 1} tries"
        message = f"after {tries} there is no value of the output schema: {problem}"
        return _end(state, turn, Failed(code="output_schema", message=message))
    left = settings.max_repairs - turn.refused - 1
    refused = e.AnswerRefused(
        turn=turn.turn,
        problem=problem,
        notice=settings.texts.answer_refused(problem, left),
    )
    return (refused,), ()


def _cut(turn: OpenTurn) -> Failed | None:
    """How a turn ends whose answer was cut by more than its length, if it was."""
    match turn.stop_reason:
        case "content_filter":
            message = "the provider's content filter cut the answer"
            return Failed(code="content_filter", message=message)
        case "context_overflow":
            message = "the conversation no longer fits into the model's context"
            return Failed(code="context_overflow", message=message)
        case "stop" | "tool_use" | "output_limit" | "unknown":
            return None
        case _ as unreachable:
            assert_never(unreachable)


def _take(state: PodState, turn: OpenTurn, checkpoint: e.Checkpoint) -> Move:
    causes = tuple(cause.cause for cause in state.waiting)
    return (e.CausesTaken(turn=turn.turn, causes=causes, checkpoint=checkpoint),), ()


def _end(
    state: PodState, turn: OpenTurn, outcome: Outcome, *, value: object = None
) -> Move:
    ended = e.TurnEnded(
        turn=turn.turn,
        outcome=outcome,
        text=turn.text,
        usage=turn.usage,
        value=value,
        state="idle" if state.stopping is None else "stopping",
    )
    return (ended,), ()
