"""What a killed and restored run must have in common with one that nobody disturbed.

Everything that counts is the same: inputs, turns, what was taken in and where, every
answer of the model with its usage, approvals, questions, pauses, loans, ends, the
conversation. A kill may change this, and nothing else:

- A call that it cut off and that may not run twice has the result `unknown`.
- A call that it cut off and that may run twice has run again, and tells what it found
  then. Its status is the same.
- A step may have more attempts than one. Each but the last was given up because its pod
  ended, and none counts in the usage.
- How long a command took, and the directory of the run, where a result tells them.
- What a pod notes about its own processes: starts, blocks of event numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from podd.core.context.conversation import ToolCallPart, ToolResultItem
from podd.core.pod.fold import fold
from podd.core.session import entries as e

#: What no two runs have in common: a command's own time, and where the run lies.
_OWN: Final = (
    (re.compile(r"\bafter \d+\.\d s"), "after a while"),
    (re.compile(r"(/[^/\s]+)+/kill-[^/\s]+"), "/somewhere"),
)

_Outline = dict[str, Any]
_CutOff = Mapping[str, Literal["lost", "again"]]

#: How many of call, name, status and text a kill leaves as they are.
_KEPT: Final[Mapping[str | None, int | None]] = {None: None, "again": 3, "lost": 2}


def differences(
    undisturbed: Sequence[e.AnyEntry], killed: Sequence[e.AnyEntry]
) -> list[str]:
    """Say what is not as it must be; nothing if all is."""
    cut_off = _cut_off(killed)
    found = [*_one_result_per_call(killed), *_attempts(killed)]
    found += [
        f"{x.call} is unknown, and no process ended while it ran"
        for x in killed
        if isinstance(x, e.ToolResulted)
        and x.status == "unknown"
        and cut_off.get(x.call) != "lost"
    ]
    wanted, got = _outline(undisturbed, cut_off), _outline(killed, cut_off)
    found += [
        f"{name}: {_first_difference(wanted[name], got[name])}"
        for name in wanted
        if wanted[name] != got[name]
    ]
    return found


def _first_difference(wanted: Sequence[Any], got: Sequence[Any]) -> str:
    for one, other in zip(wanted, got, strict=False):
        if one != other:
            return f"{one!r} became {other!r}"
    return f"{len(wanted)} became {len(got)}: {got!r}"


def _outline(entries: Sequence[e.AnyEntry], cut_off: _CutOff) -> _Outline:
    """The facts of a journal that no kill may change, by what they are about."""
    state = fold(entries)
    outline: _Outline = {
        "conversation": [_item(item, cut_off) for item in state.conversation],
        "results": sorted(
            _result(x, cut_off) for x in entries if isinstance(x, e.ToolResulted)
        ),
        "usage": [state.usage],
        "reports": [
            (x.pod, x.turn, x.outcome, x.usage, x.cause)
            for x in entries
            if isinstance(x, e.ChildNews) and x.news == "turn_ended"
        ],
        **{kind.__name__: [] for kind in _FACTS},
    }
    for entry in entries:
        if (fact := _fact(entry)) is not None:
            outline[type(entry).__name__].append(fact)
    return outline


#: What an entry of these kinds says that no kill may change.
_FACTS: Final[Mapping[type[e.AnyEntry], tuple[str, ...]]] = {
    e.InputAccepted: ("cause", "turn", "text", "parts", "delivery", "position", "key"),
    e.TurnStarted: ("turn", "causes"),
    e.CausesTaken: ("turn", "causes", "checkpoint"),
    e.ModelResponded: ("turn", "step", "parts", "stop_reason", "usage"),
    e.ApprovalRequested: ("pod", "call", "subject"),
    e.ApprovalResolved: ("pod", "call", "verdict"),
    e.QuestionAsked: ("pod", "question", "text"),
    e.QuestionAnswered: ("pod", "question", "text"),
    e.TurnPaused: ("turn", "reason"),
    e.TurnResumed: ("turn",),
    e.TurnEnded: ("turn", "outcome", "text", "usage"),
    e.LoanIntended: ("pod", "task"),
    e.LoanMade: ("pod",),
    e.TaskGiven: ("call", "turn"),
    e.LoanReturned: ("pod", "end"),
}


def _fact(entry: e.AnyEntry) -> tuple[Any, ...] | None:
    fields = _FACTS.get(type(entry))
    if fields is None:
        return None
    return tuple(getattr(entry, field) for field in fields)


def _item(item: object, cut_off: _CutOff) -> object:
    if not isinstance(item, ToolResultItem):
        return item
    known = (item.call, item.name, item.status, _common(item.text))
    return known[: _KEPT[cut_off.get(item.call)]]


def _result(entry: e.ToolResulted, cut_off: _CutOff) -> tuple[str, ...]:
    said = (_common(entry.summary), _common(entry.output))
    known = (entry.call, entry.name, entry.status, *said)
    return known[: _KEPT[cut_off.get(entry.call)]]


def _common(text: str) -> str:
    for own, instead in _OWN:
        text = own.sub(instead, text)
    return text


def _cut_off(entries: Iterable[e.AnyEntry]) -> _CutOff:
    """The calls that had begun when a process ended, and had no result."""
    running: dict[str, e.ToolStarted] = {}
    found: dict[str, Literal["lost", "again"]] = {}
    for entry in entries:
        match entry:
            case e.ToolStarted():
                running[entry.call] = entry
            case e.ToolResulted():
                running.pop(entry.call, None)
            case e.PodStarted():
                for call, started in running.items():
                    found[call] = "again" if started.repeatable else "lost"
            case _:
                pass
    return found


def _one_result_per_call(entries: Sequence[e.AnyEntry]) -> list[str]:
    asked = Counter(
        part.call
        for x in entries
        if isinstance(x, e.ModelResponded)
        for part in x.parts
        if isinstance(part, ToolCallPart)
    )
    results = Counter(x.call for x in entries if isinstance(x, e.ToolResulted))
    begun = Counter(
        x.call for x in entries if isinstance(x, e.ToolStarted) and not x.repeatable
    )
    found = [f"{call} was begun {n} times" for call, n in begun.items() if n > 1]
    if results != asked:
        found.append(f"results {results} for calls {asked}")
    return found


def _attempts(entries: Sequence[e.AnyEntry]) -> list[str]:
    """Attempts of a step count up from 1, and only an end of the pod makes one more."""
    found = []
    latest: dict[tuple[str, int], int] = {}
    processes = 0
    for entry in entries:
        if isinstance(entry, e.PodStarted):
            processes += 1
        elif isinstance(entry, e.StepStarted):
            step = (entry.turn, entry.step)
            if entry.attempt != latest.get(step, 0) + 1 or entry.attempt > processes:
                found.append(f"attempt {entry.attempt} of {step}")
            latest[step] = entry.attempt
        elif isinstance(entry, e.StepFailed) and entry.fault != "interrupted":
            found.append(f"an attempt failed: {entry.fault}, {entry.message}")
    return found
