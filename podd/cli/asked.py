"""What waits for people in one pod or in all, and the answer to one of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from podd.cli.asking_words import approval_words, question_words
from podd.cli.reaching import reach
from podd.client import discovery
from podd.errors import UsageError
from podd_protocol.requests import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from podd.cli.output import Output
    from podd.client.connection import PodConnection
    from podd.paths import Places
    from podd_protocol.replies import ApprovalStatus, QuestionStatus, StatusReply

Asked = TypeVar("Asked", "ApprovalStatus", "QuestionStatus")


def waiting_in(places: Places, name: str | None, output: Output) -> list[StatusReply]:
    """The status of one live pod, or of all that answer.

    Raises:
        NoSuchError, PodNotAnsweringError: of the one that is named.
    """
    if name is not None:
        with reach(places, name, output) as connection:
            return [connection.ask(Status(id=0))]
    limit = output.timeout_seconds or discovery.STATUS_SECONDS
    found = discovery.pods(places, timeout_seconds=limit)
    mute = [pod.name for pod in found if pod.status is None]
    if mute:
        output.say(f"these do not answer: {', '.join(mute)}")
    return [pod.status for pod in found if pod.status is not None]


def approvals(statuses: Iterable[StatusReply]) -> list[ApprovalStatus]:
    """Calls that wait, each once: a parent tells of those of its children too."""
    return _once(statuses, lambda s: s.approvals, lambda one: (one.pod, one.call))


def questions(statuses: Iterable[StatusReply]) -> list[QuestionStatus]:
    """Questions that wait, each once."""
    return _once(statuses, lambda s: s.questions, lambda one: (one.pod, one.question))


def _once(
    statuses: Iterable[StatusReply],
    lists: Callable[[StatusReply], list[Asked]],
    key: Callable[[Asked], tuple[str, str]],
) -> list[Asked]:
    found: dict[tuple[str, str], Asked] = {}
    for status in statuses:
        for one in lists(status):
            found.setdefault(key(one), one)
    return sorted(found.values(), key=lambda one: one.since)


def document(asked: Iterable[Asked]) -> list[dict[str, Any]]:
    """As `--json` has them."""
    rows: list[dict[str, Any]] = msgspec.to_builtins(list(asked))
    return rows


def the_approval(connection: PodConnection, call: str | None) -> ApprovalStatus | None:
    """The call that is meant; None: the pod knows none that is called so.

    Args:
        connection: to the pod that asks, or to one above it.
        call: absent, if only one waits.

    Raises:
        UsageError: several may be meant, or nothing waits and none was named.
    """
    waiting = connection.ask(Status(id=0)).approvals
    named = [one for one in waiting if call in {None, one.call}]
    lines = [f"{one.pod} {one.call}: {approval_words(one)}" for one in named]
    return _the_one(named, lines, connection.pod, call, "call")


def the_question(
    connection: PodConnection, question: str | None
) -> QuestionStatus | None:
    """The question that is meant, as `the_approval`.

    Without a name, those that a parent's model is asked count only where people are
    asked nothing.
    """
    waiting = connection.ask(Status(id=0)).questions
    named = [one for one in waiting if question in {None, one.question}]
    if question is None:
        named = [one for one in named if one.to == "user"] or named
    lines = [f"{one.pod} {one.question}: {question_words(one)}" for one in named]
    return _the_one(named, lines, connection.pod, question, "question")


def _the_one(
    found: Sequence[Asked], lines: list[str], pod: str, name: str | None, what: str
) -> Asked | None:
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            reason=f"{len(found)} {what}s wait in pod {pod!r}"
            + (f" under the name {name!r}" if name is not None else "")
            + "".join(f"\n  {line}" for line in lines),
            hint=f"name the pod that asks, and the {what}, as they stand there",
        )
    if name is None:
        raise UsageError(
            reason=f"no {what} waits in pod {pod!r}",
            hint="podctl approvals and podctl questions show what waits anywhere",
        )
    return None
