"""The drawings and tables of docs/turn-machine.md, from the machine itself.

    turn_diagram.py            write them
    turn_diagram.py --check    compare

The table of what is legal is `TRANSITIONS`. Where a fact leads to is found by trying:
from a new pod on, each fact that the table takes is decided and applied in each
situation that can be told apart, until nothing new turns up. So an arrow that is drawn
is an arrow that is taken, and a state that no way leads to is an error.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from podd.core.context.conversation import ModelPart, TextPart, ToolCallPart
from podd.core.context.request import Surface, ToolSpec
from podd.core.context.response import ModelResponse
from podd.core.permission import Permission
from podd.core.pod.fold import apply
from podd.core.pod.state import OpenTurn, Phase, PodState
from podd.core.scope.rules import Scope
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.decide import decide
from podd.core.turn.drivers.registry import DRIVERS
from podd.core.turn.settings import Settings, Texts
from podd.core.turn.states import MachineState as S
from podd.core.turn.states import machine_state
from podd.core.turn.transitions import TRANSITIONS
from podd_protocol.values import Completed, Usage

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENT: Final = ROOT / "docs" / "turn-machine.md"
BEGIN: Final = "<!-- drawn by scripts/turn_diagram: do not edit -->\n"
END: Final = "<!-- end of what is drawn -->\n"

#: Enough to tell every situation apart that the machine tells apart.
SETTINGS: Final = Settings(
    max_steps=1,
    repeatable={"again"},
    texts=Texts(
        notification=lambda _origin, message: message,
        limit=lambda _limit, _value: "",
        cut_off="",
        no_tools_left="",
        interrupted="",
        unknown=lambda _tool, _since, _known: "",
        child_reported=lambda _child, _report: "",
        child_ended=lambda _child, _end, _message: "",
        child_asks=lambda _child, _question, _choices: "",
        child_works=lambda _child: "",
        command_ended=lambda _command, _end, _status, _reason: "",
        denied=lambda _tool, _why: "",
        not_decided=lambda _seconds: "",
        not_answered=lambda _asked, _seconds: "",
        answer_refused=lambda _problem, _left: "",
        code_ended=lambda _status, _known: "",
        interpreter_lost="",
    ),
    wall_seconds=1,
    broken_streams=0,
    permission=lambda tool, _arguments: Permission(
        "ask" if tool == "approved" else "allow"
    ),
)


#: What a model asks for, or its code.
CALLS: Final = (
    ToolCallPart("", "again", ""),
    ToolCallPart("", "once", ""),
    ToolCallPart("", "approved", ""),
    ToolCallPart("", "ask_user", '{"question":"?"}'),
    ToolCallPart("", "lend", ""),
    ToolCallPart("", "command", ""),
)
CODE: Final = (TextPart("```python\n.\n```"),)


class World(NamedTuple):
    """A pod, and what its model answers when it does not just talk."""

    answer: tuple[ModelPart, ...]
    called: ToolCallPart | None = None
    """What its code calls, once a step; None: there is no code."""
    most_causes: int = 2
    """More lead to no new situation, or to none that another world has not."""

    @property
    def settings(self) -> Settings:
        """Those of its driver."""
        driver = DRIVERS["chat" if self.called is None else "code"]
        return msgspec.structs.replace(SETTINGS, driver=driver)


#: All of it at once would lead to the same states by more ways than can be tried, so
#: each is a world of its own; what else people do is tried in the first.
WORLDS: Final = (
    World(CALLS[:2]),
    *(World((call,), most_causes=1) for call in CALLS[2:4]),
    *(World((call,)) for call in CALLS[4:]),
    World(CODE, CALLS[1]),
    *(World(CODE, call, most_causes=1) for call in CALLS[2:]),
)
TOOLS: Final = sorted(call.name for call in CALLS)
SURFACE: Final = Surface("m", "", tuple(ToolSpec(name, "", {}) for name in TOOLS))

STOPPED: Final = frozenset(
    {
        S.DRAINING_IDLE,
        S.DRAINING,
        S.DRAINING_AWAITING_MODEL,
        S.DRAINING_AWAITING_TOOLS,
        S.DRAINING_AWAITING_CODE,
        S.CLOSED,
    }
)
Arrows = Mapping[tuple[S, S], list[str]]


def facts(state: PodState, world: World) -> Iterator[i.Input]:  # noqa: C901  # one fact a line
    """Yield every fact that can make a difference here."""
    if state.causes < world.most_causes:
        yield i.InputQueued(text="")
    codes = world.called is CALLS[1] and state.turn and state.turn.code_calls
    if world is WORLDS[0] or codes:
        yield from _facts_of_few_worlds(state, world)
    yield i.PauseRequested()
    yield i.ResumeRequested()
    yield i.CancelRequested(by="user")
    yield i.RewindRequested(to="start")
    yield i.StopAsked(mode="drain", by="user")
    yield i.StopAsked(mode="now", by="user")
    yield i.DeadlinePassed(deadline="drain")
    if CALLS[2] in {world.called, *world.answer}:
        yield i.DeadlinePassed(deadline="wall", call=str(state.stretch))
    yield i.PodRestored(pid=1, podd="")
    yield i.Proceeded()
    yield from _facts_about_others(state, world)
    turn = state.turn
    if turn is None:
        return
    asked = {"turn": turn.turn, "step": turn.step, "attempt": turn.attempt}
    for parts in ((TextPart("."),), world.answer):
        response = ModelResponse(parts=parts, stop_reason="stop", usage=Usage())
        yield i.ModelAnswered(**asked, response=response)
    if world.called is not None:
        yield from _facts_about_code(turn, world.called)
    for call in turn.calls.values():
        yield i.ToolFinished(call=call.call, status="ok", summary="")
        yield i.ApprovalGiven(call=call.call, verdict="approved")
        yield i.ApprovalGiven(call=call.call, verdict="denied")
        yield i.QuestionReplied(question=call.call, text="")
        for deadline in ("approval", "question", "wait"):
            yield i.DeadlinePassed(deadline=deadline, call=call.call)
        if call.name == "lend" and not state.children:
            yield i.LoanPlanned(
                call=call.call,
                pod=".x",
                session="x",
                scope=Scope(()),
                token="",
                task="",
            )
        if call.name == "command" and not state.commands:
            yield i.CommandBegan(call=call.call, text="", output="")


def _facts_about_code(turn: OpenTurn, called: ToolCallPart) -> Iterator[i.Input]:
    """Yield what code does."""
    if turn.code_calls == 0:
        yield i.CodeCalled(
            turn=turn.turn,
            step=turn.step,
            name=called.name,
            arguments=called.arguments,
        )
    for submitted in (True, False):
        yield i.CodeFinished(
            turn=turn.turn,
            step=turn.step,
            status="ok",
            summary="",
            submitted=submitted,
        )


def _facts_of_few_worlds(state: PodState, world: World) -> Iterator[i.Input]:
    """Yield what need not be tried in every world."""
    if state.causes < world.most_causes:
        yield i.InputOffered(text="")
        yield i.InputSteered(text="")
        yield i.NotificationSent(message="", wake=False)
        yield i.NotificationSent(message="", wake=True)
    yield i.SurfaceRendered(surface=SURFACE, cause="started")
    yield i.SurfaceConfigured(surface=SURFACE, manifest={})
    if (turn := state.turn) is not None:
        yield i.ModelFailed(
            turn=turn.turn,
            step=turn.step,
            attempt=turn.attempt,
            fault="cut",
            message="",
            began=True,
        )


def _facts_about_others(state: PodState, world: World) -> Iterator[i.Input]:
    """Yield what children and commands do."""
    told = state.causes >= world.most_causes
    for child in state.children.values():
        yield i.ChildReady(session=child.session)
        if not child.counted:
            yield i.TaskAccepted(session=child.session, call="", turn="t1")
        # A turn that we asked for makes a cause, so where there are enough causes only
        # news are read that make none.
        for kind in ("paused",) if told else ("paused", "turn_ended"):
            news = i.BelowNews(
                news=kind,
                pod=child.pod,
                session=child.session,
                parent="",
                turn="t1",
                outcome=Completed(),
            )
            read = i.ChildRead(via=child.session, upto=child.upto + 1, fact=news)
            yield i.ChildrenRead(read=(read,))
        yield i.ChildGone(session=child.session, end="stopped", told=told)
    for command in state.commands:
        yield i.CommandOver(command=command, end="exited", status=0, told=told)


def situation(state: PodState) -> object:
    """All that tells one state of a pod from another, for the machine."""
    turn = state.turn
    return (
        machine_state(state),
        state.surface is None,
        len(state.queue),
        [(cause.kind, cause.wakes) for cause in state.waiting],
        state.stopping,
        turn is not None
        and (
            (turn.phase, turn.paused, min(turn.step, 2), turn.limit, turn.last_step),
            (turn.failure and turn.failure[0], turn.worked),
            turn.phase is Phase.ANSWERED and turn.text,
            (turn.submitted is not None, turn.code_calls, len(turn.returned)),
            [
                (call.name, call.started_at is None, call.permission, call.reply)
                for call in turn.calls.values()
            ],
        ),
        [(one.stage, len(one.turns)) for one in state.children.values()],
        len(state.commands),
        len(state.questions),
        state.has_names,
        sorted(state.granted),
    )


def ways(world: World) -> Iterator[tuple[S, i.Input, S]]:
    """Go every way through a world."""
    new = PodState()
    if world is not WORLDS[0]:
        apply(new, e.SurfaceSet(surface=SURFACE, cause="started"))
    seen = {repr(situation(new))}
    ahead = deque([new])
    while ahead:
        state = ahead.popleft()
        here = machine_state(state)
        for fact in facts(state, world):
            decision = decide(world.settings, state, fact)
            if decision.verdict != "take":
                continue
            if not decision.entries:
                yield here, fact, here
                continue
            after = copy.deepcopy(state)
            for entry in decision.entries:
                apply(after, entry)
            yield here, fact, machine_state(after)
            if (key := repr(situation(after))) not in seen:
                seen.add(key)
                ahead.append(after)


def explore() -> tuple[Arrows, Mapping[S, set[S]]]:
    """Find every arrow, and apart from them where a restore leads to.

    Raises:
        SystemExit: a fact that the table takes was tried nowhere.
    """
    arrows: dict[tuple[S, S], list[str]] = defaultdict(list)
    restored: dict[S, set[S]] = defaultdict(set)
    tried: set[tuple[S, type[i.Input]]] = set()
    for here, fact, there in (way for world in WORLDS for way in ways(world)):
        tried.add((here, type(fact)))
        if isinstance(fact, i.PodRestored):
            restored[here].add(there)
        elif here is not there and name(fact) not in arrows[here, there]:
            arrows[here, there].append(name(fact))
    legal = {
        (state, kind)
        for state, row in TRANSITIONS.items()
        for kind, verdict in row.items()
        if verdict == "take"
    }
    if untried := legal - tried:
        words = sorted(f"{kind.__name__} in {state.value}" for state, kind in untried)
        sys.exit(f"turn_diagram: no way leads to {', '.join(words)}")
    return arrows, restored


def name(fact: i.Input) -> str:
    """Say a fact as the drawing does."""
    mode = f" ({fact.mode})" if isinstance(fact, i.StopAsked) else ""
    return f"{type(fact).__name__}{mode}"


def diagram(arrows: Arrows, first: S) -> Iterator[str]:
    """Draw some arrows."""
    yield "```mermaid\n"
    yield "stateDiagram-v2\n"
    yield f"    [*] --> {first.value}\n"
    order = list(S)
    for (here, there), names in sorted(
        arrows.items(), key=lambda item: [order.index(state) for state in item[0]]
    ):
        yield f"    {here.value} --> {there.value}: {', '.join(sorted(names))}\n"
    yield "```\n"


def verdicts() -> Iterator[str]:
    """Write out `TRANSITIONS`, a line a fact."""
    kinds = list(TRANSITIONS[S.IDLE])
    yield "| state | " + " | ".join(kind.__name__ for kind in kinds) + " |\n"
    yield "|" + "---|" * (len(kinds) + 1) + "\n"
    for state in S:
        row = [TRANSITIONS[state][kind] for kind in kinds]
        yield f"| `{state.value}` | " + " | ".join(row) + " |\n"


def restores(restored: Mapping[S, set[S]]) -> Iterator[str]:
    """Write out where each state is taken up again."""
    yield "| the process ended in | the next one begins in |\n|---|---|\n"
    order = list(S)
    for state in order:
        there = sorted(restored[state], key=order.index)
        yield f"| `{state.value}` | {', '.join(f'`{s.value}`' for s in there)} |\n"


@functools.cache
def drawn() -> str:
    """Everything that stands between the marks."""
    arrows, restored = explore()
    working = {k: v for k, v in arrows.items() if STOPPED.isdisjoint(k)}
    stopping = {k: v for k, v in arrows.items() if k not in working}
    return "".join(
        [
            "### At work\n\n",
            *diagram(working, S.IDLE),
            "\n### On the way out\n\n",
            *diagram(stopping, S.IDLE),
            "\n### What is legal\n\n",
            *verdicts(),
            "\n### After a restore\n\n",
            *restores(restored),
        ]
    )


def main(arguments: list[str]) -> None:
    """Write, or compare."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"turn_diagram: {DOCUMENT} has lost the marks to draw between")
    fresh = f"{before}{BEGIN}\n{drawn()}\n{END}{after}"
    match arguments:
        case []:
            DOCUMENT.write_text(fresh, encoding="utf-8")
        case ["--check"]:
            if fresh != text:
                sys.exit("docs/turn-machine.md is stale: run scripts/turn_diagram")
        case _:
            sys.exit("usage: scripts/turn_diagram [--check]")


if __name__ == "__main__":
    main(sys.argv[1:])
