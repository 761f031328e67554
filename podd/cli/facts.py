"""What one pod is doing, a fact a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from podd.cli.asking_words import (
    approval_words,
    how_to_answer,
    how_to_decide,
    question_words,
)
from podd.cli.child_words import END_WORDS
from podd.cli.duration import short, since
from podd.cli.rendering import first_line, outcome_words, usage_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podd_protocol.replies import ChildStatus, Limits, StatusReply

#: Columns of the longest label and a blank.
LABEL_WIDTH: Final = 10


def facts(status: StatusReply) -> Iterator[tuple[str, str]]:
    """Label and text of each line; what there is none of is left out."""
    age = short(since(status.started_at))
    yield "pod", f"{status.pod}, pid {status.pid}, up for {age}"
    doing: str = status.state
    if status.turn is not None:
        doing += f", turn {status.turn}"
    if status.step:  # 0: the turn is open, and nothing was asked yet
        doing += f", step {status.step}"
    yield "state", doing
    yield from _work(status)
    yield "model", status.model
    if status.tools:
        yield "tools", " ".join(status.tools)
    if status.limits is not None:
        yield "limits", _limits(status.limits)
    yield "session", status.session
    yield "workdir", status.workdir
    scope = status.scope
    for label, paths in (
        ("reads", scope.read),
        ("writes", scope.write),
        ("read-only", scope.read_only),
        ("hidden", scope.hidden),
        ("lent", scope.lent),
    ):
        if paths:
            yield label, " ".join(paths)
    if scope.mode != "enforce":
        yield "mode", f"{scope.mode}: the scope is not enforced"
    yield from _sandbox(status)
    requests = status.usage.requests
    times = "request" if requests == 1 else "requests"
    yield "used", f"{usage_words(status.usage)}, {requests} {times}"
    if status.storage != "ok":
        yield "storage", "the disk is full: it takes no work until there is room"


def _limits(limits: Limits) -> str:
    """What is bounded, without what is not."""
    import msgspec

    bounds: dict[str, object] = msgspec.to_builtins(limits)
    del bounds["line_bytes"]
    return ", ".join(f"{key} {v}" for key, v in bounds.items() if v is not None)


def _work(status: StatusReply) -> Iterator[tuple[str, str]]:
    """What runs and what waits."""
    for call in status.tool_calls:
        yield "tool", f"{call.name} for {short(since(call.since))}"
    for waiting in status.queue:
        yield "queued", f"{waiting.turn}: {waiting.text}"
    yield from _what_waits(status)
    for command_ in status.commands:
        age = short(since(command_.since))
        yield "command", f"{command_.command} for {age}: {first_line(command_.text)}"
    for child in status.children:
        yield "child", _child_words(child)


def _what_waits(status: StatusReply) -> Iterator[tuple[str, str]]:
    """What waits for people, with how to answer it."""
    for asked in status.approvals:
        age = short(since(asked.since))
        yield "approval", f"{approval_words(asked)}, for {age}"
        yield "", how_to_decide(asked)
    for question in status.questions:
        age = short(since(question.since))
        yield "question", f"{question_words(question)}, for {age}"
        yield "", how_to_answer(question)


def _sandbox(status: StatusReply) -> Iterator[tuple[str, str]]:
    """What holds commands to the scope, once it is known."""
    if status.sandbox is None:
        return
    means = status.sandbox.means
    yield "commands", f"held by {means}" if means else "nothing holds them to the scope"
    for gap in status.sandbox.gaps:
        yield "gap", gap


def _child_words(child: ChildStatus) -> str:
    parts = [child.pod, child.state if child.ended is None else END_WORDS[child.ended]]
    if child.turn is not None:
        parts.append(f"turn {child.turn}")
    if child.waiting_for is not None:
        whom = "people" if child.waiting_for == "user" else "its parent"
        parts.append(f"waits for {whom}")
    if child.outcome is not None and child.turn is None:
        parts.append(f"last turn {outcome_words(child.outcome)}")
    if child.lent:
        parts.append(f"has {' '.join(child.lent)}")
    return ", ".join(parts)
