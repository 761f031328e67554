"""What holds of every journal and of every conversation, whatever happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from podd.core.context.conversation import (
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.pod.state import Phase, PodState
from podd.core.session import entries as e
from podd.core.turn.drivers.chat import Chat
from podd.core.turn.drivers.code import Code
from podd.core.turn.settings import Settings
from podd_protocol.values import Completed, Usage


@dataclass(slots=True)
class _Turn:
    name: str
    step: int = 0
    attempt: int = 0
    asked: bool = False
    """An attempt is open."""
    limited: bool = False
    last: bool = False
    """The newest step is the one that a limit grants."""
    usage: Usage = field(default_factory=Usage)
    code: bool = False
    """Code runs."""
    submitted: bool = False
    worked: bool = False
    """The newest answer asked for work, and it has ended."""
    refused: int = 0
    broken: int = 0
    """Answers of this step that broke off."""
    failed: e.StepFailed | None = None
    open_calls: dict[str, bool] = field(default_factory=dict)
    """Without a result: whether it was begun."""
    newest: e.ModelResponded | None = None


def check_history(entries: Sequence[e.AnyEntry], settings: Settings) -> None:
    """One life of a pod, over all its processes, breaks no rule.

    One turn at a time, with one end and nothing of it afterwards; attempts and steps
    rise; one request at a time; one result a call before the next request; causes are
    taken once; usage adds up.
    """
    turn: _Turn | None = None
    seen_turns: set[str] = set()
    accepted: set[str] = set()
    taken: set[str] = set()
    told: dict[str, tuple[str, int]] = {}
    calls: set[str] = set()
    names = False
    spent: dict[str, int] = {}
    for entry in entries:
        for cause in _causes(entry):
            assert cause not in accepted, "two causes of one name"
            accepted.add(cause)
        names = _check_names(entry, names=names)
        if isinstance(entry, e.ToolResulted):
            _tell(entry, accepted, taken, told)
        match entry:
            case e.InputAccepted() | e.NotificationAccepted():
                pass
            case e.TurnStarted():
                assert turn is None, "two turns at once"
                assert entry.turn not in seen_turns, "a name is used twice"
                assert entry.causes, "a turn without a cause"
                seen_turns.add(entry.turn)
                turn = _Turn(entry.turn)
                _take(entry.causes, accepted, taken)
            case e.TurnEnded():
                assert turn is not None, "an end without a beginning"
                assert entry.turn == turn.name
                assert not turn.asked, "an attempt stayed open"
                assert turn.open_calls == {}, "a call stayed open"
                assert not turn.code, "code stayed open"
                assert entry.usage == turn.usage
                if isinstance(entry.outcome, Completed):
                    _check_completed(turn, settings)
                    _check_value(entry, settings)
                turn = None
            case e.PodStarted() if turn is not None:
                assert entry.state in {"running", "paused"}
            case _:
                if isinstance(entry, _OF_A_TURN):
                    assert turn is not None, "it came after the end of its turn"
                    assert entry.turn == turn.name
                    _check_entry(entry, turn, settings, calls)
                    _check_spent(entry, settings, spent)
                    if isinstance(entry, e.CausesTaken):
                        assert not turn.asked
                        assert not turn.code
                        assert turn.open_calls == {}
                        _take(entry.causes, accepted, taken)


_OF_A_TURN = (
    *(e.CausesTaken, e.LimitReached, e.StepStarted, e.StepFailed, e.ModelResponded),
    *(e.ToolStarted, e.ToolResulted, e.TurnPaused, e.TurnResumed, e.FileChanged),
    *(e.AnswerRefused, e.CodeStarted, e.ToolCalled, e.CodeEnded),
)


_OF_OTHERS = (
    e.ChildNews | e.LoanReturned | e.QuestionAsked | e.CommandEnded | e.InterpreterLost
)


def _take(causes: Sequence[str], accepted: set[str], taken: set[str]) -> None:
    assert accepted.issuperset(causes), "a cause that nobody sent"
    assert taken.isdisjoint(causes), "a cause was taken twice"
    assert len(set(causes)) == len(causes)
    taken.update(causes)


def _causes(entry: e.AnyEntry) -> tuple[str, ...]:
    """The cause that an entry makes, if it makes one."""
    if isinstance(entry, e.InputAccepted | e.NotificationAccepted | _OF_OTHERS):
        return () if entry.cause is None else (entry.cause,)
    return ()


def _tell(
    entry: e.ToolResulted,
    accepted: set[str],
    taken: set[str],
    told: dict[str, tuple[str, int]],
) -> None:
    """Two calls of one step may tell the same; after it nothing does."""
    here = (entry.turn, entry.step)
    again = {cause for cause in entry.causes if told.get(cause) == here}
    new = [cause for cause in entry.causes if cause not in again]
    _take(new, accepted, taken)
    told.update(dict.fromkeys(new, here))


def _check_names(entry: e.AnyEntry, *, names: bool) -> bool:
    """Names of code are told to be lost when, and only when, there were some."""
    match entry:
        case e.CodeStarted():
            return True
        case e.CodeEnded():
            return not entry.lost
        case e.InterpreterLost():
            assert names, "nothing was lost"
            return False
        case _:
            return names


def _check_spent(
    entry: e.AnyEntry, settings: Settings, spent: dict[str, float]
) -> None:
    """A limit over the pod's life grants one last step; afterwards nothing is asked."""
    match entry:
        case e.LimitReached(limit="tokens" | "cost_usd" | "wall_seconds"):
            assert entry.limit not in spent, "it was granted before"
            spent[entry.limit] = entry.value
        case e.StepStarted(step=1, attempt=1):
            of = {
                "tokens": settings.tokens,
                "cost_usd": settings.cost_usd,
                "wall_seconds": settings.wall_seconds,
            }
            assert entry.last or not any(spent.get(k) == of[k] for k in spent)
        case _:
            pass


def _check_entry(  # noqa: PLR0912  # one arm an entry
    entry: e.AnyEntry, turn: _Turn, settings: Settings, calls: set[str]
) -> None:
    match entry:
        case e.AnswerRefused():
            assert not turn.asked
            assert not turn.last, "the last step is not checked"
            turn.refused += 1
            assert turn.refused <= settings.max_repairs
            turn.submitted = False
        case e.CodeStarted():
            assert not turn.asked
            assert not turn.code, "two blocks at once"
            assert turn.open_calls == {}
            assert not turn.limited, "code in the last step"
            turn.code = True
        case e.ToolCalled():
            assert turn.code, "nothing runs that could call"
            assert entry.call not in calls, "a name is used twice"
            calls.add(entry.call)
            turn.open_calls[entry.call] = False
        case e.CodeEnded():
            assert turn.code, "an end without a beginning"
            assert turn.open_calls == {}, "a call of code stayed open"
            turn.code, turn.worked, turn.submitted = False, True, entry.submitted
        case e.LimitReached():
            assert not turn.limited, "one last step, once"
            turn.limited = True
        case e.StepStarted():
            assert not turn.asked, "two requests at once"
            assert turn.open_calls == {}, "a request before all results"
            assert not turn.code, "a request while code runs"
            if turn.failed is not None and turn.failed.fault != "interrupted":
                assert turn.failed.began, "its provider has tried it again already"
                assert turn.broken <= settings.broken_streams
            turn.failed, turn.worked = None, False
            turn.broken = 0 if entry.attempt == 1 else turn.broken
            again = (turn.step, turn.attempt + 1)
            assert (entry.step, entry.attempt) in {again, (turn.step + 1, 1)}
            assert entry.step <= settings.max_steps + 1
            assert entry.last is turn.limited
            assert entry.last or entry.step <= settings.max_steps
            turn.step, turn.attempt = entry.step, entry.attempt
            turn.asked, turn.last = True, entry.last
        case e.StepFailed() | e.ModelResponded():
            assert turn.asked, "nobody asked"
            assert (entry.step, entry.attempt) == (turn.step, turn.attempt)
            turn.asked = False
            if isinstance(entry, e.StepFailed):
                turn.failed = entry
                turn.broken += entry.began
            if isinstance(entry, e.ModelResponded):
                turn.usage += entry.usage
                turn.newest = entry
                for part in entry.parts:
                    if isinstance(part, ToolCallPart):
                        assert part.call not in calls, "a name is used twice"
                        calls.add(part.call)
                        turn.open_calls[part.call] = False
        case e.ToolStarted():
            assert turn.open_calls[entry.call] is False, "it was begun twice"
            assert not turn.limited, "tools in the last step"
            turn.open_calls[entry.call] = True
        case e.ToolResulted():
            begun = turn.open_calls.pop(entry.call)
            turn.worked = not turn.open_calls
            assert begun or entry.status != "ok", "a result of nothing"


def _check_completed(turn: _Turn, settings: Settings) -> None:
    answer = turn.newest
    assert answer is not None
    if turn.worked and not isinstance(settings.driver, Chat | Code):
        return  # a driver may finish after any work
    assert answer.stop_reason in {"stop", "tool_use", "unknown"}
    assert not turn.limited
    assert any(isinstance(p, TextPart) and p.text.strip() for p in answer.parts)
    assert not any(isinstance(part, ToolCallPart) for part in answer.parts)
    assert turn.submitted or not turn.worked


def _check_value(entry: e.TurnEnded, settings: Settings) -> None:
    if settings.output_problem is not None:
        assert settings.output_problem(entry.value) is None, "a value of another kind"


def check_conversation(state: PodState) -> None:
    """It can be sent as it is: each result follows its call, and none is missing."""
    open_calls: set[str] = set()
    for item in state.conversation:
        match item:
            case ModelItem(parts):
                assert parts
                assert open_calls == set(), "the model spoke before all results"
                open_calls = {p.call for p in parts if isinstance(p, ToolCallPart)}
            case ToolResultItem(call=call):
                assert call in open_calls, "a result without its call"
                open_calls.remove(call)
            case UserItem():
                assert open_calls == set(), "somebody spoke before all results"
    turn = state.turn
    of_code = turn is None or turn.phase is Phase.AWAITING_CODE
    expected = set() if of_code else set(turn.calls) | set(turn.results)
    assert open_calls == expected
    if turn is not None and turn.phase is Phase.AWAITING_MODEL:
        assert open_calls == set()


def check_inputs(state: PodState, accepted: Sequence[str]) -> None:
    """Each accepted text is in the conversation once, or still waits."""
    said = [
        item.text
        for item in state.conversation
        if isinstance(item, UserItem) and item.origin not in {"notice", "code"}
    ]
    waiting = [cause.text for cause in (*state.queue, *state.waiting)]
    assert sorted(said + waiting) == sorted(accepted)


def accepted_texts(entries: Sequence[e.AnyEntry]) -> list[str]:
    """What the model is to be told sooner or later, as it reads it."""
    offered = [
        entry.text if isinstance(entry, e.InputAccepted) else entry.rendered
        for entry in entries
        if isinstance(entry, e.InputAccepted | e.NotificationAccepted)
    ]
    return [*offered, *told_texts(entries)]


def told_texts(entries: Sequence[e.AnyEntry]) -> list[str]:
    """Those of children and commands, but for what results have told."""
    by_results = {
        cause
        for entry in entries
        if isinstance(entry, e.ToolResulted)
        for cause in entry.causes
    }
    return [
        entry.rendered
        for entry in entries
        if isinstance(entry, _OF_OTHERS)
        and entry.cause is not None
        and entry.cause not in by_results
    ]
