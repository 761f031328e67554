"""The conversation as records: the stable shape of `session export --format jsonl`.

Rules of this file: the shape is public (docs/guide.md). Fields may be added; none is
renamed or changes its meaning without another `schema_version`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from podd.cli.output import SCHEMA_VERSION
from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.media import media_of
from podd.core.session import entries as e
from podd_protocol.values import Limit, Media, Outcome, ToolStatus, Usage


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One line."""

    schema_version: int = SCHEMA_VERSION
    n: int
    """Of the entry it was made of."""
    at: str
    """RFC 3339, UTC, milliseconds."""


class Session(Record, frozen=True, kw_only=True, tag="session"):
    """The first record."""

    session: str
    pod: str
    origin: e.Origin
    podd: str
    """The version that began it."""


class Input(Record, frozen=True, kw_only=True, tag="input"):
    """Something that the model is shown, when a turn takes it in."""

    turn: str
    cause: str
    kind: Literal["input", "notification", "child", "command"]
    origin: str
    """`user`, or a pod or command."""
    text: str
    """As the model reads it."""
    media: list[Media] = msgspec.field(default_factory=list)
    """Pictures and documents that came with it, without their content."""


class Notice(Record, frozen=True, kw_only=True, tag="notice"):
    """A limit was reached, and the model is told."""

    turn: str
    limit: Limit
    text: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call."""

    call: str
    name: str
    arguments: str
    """JSON text, as the model wrote it."""


class Answer(Record, frozen=True, kw_only=True, tag="model"):
    """One whole answer of the model."""

    turn: str
    step: int
    attempt: int
    text: str
    reasoning: str
    calls: tuple[Call, ...]
    stop_reason: str
    usage: Usage


class Failure(Record, frozen=True, kw_only=True, tag="failed_attempt"):
    """A request that gave no answer; no part of the conversation."""

    turn: str
    step: int
    attempt: int
    fault: str
    message: str
    partial: str


class Result(Record, frozen=True, kw_only=True, tag="tool_result"):
    """The one result of a call."""

    turn: str
    step: int
    call: str
    name: str
    status: ToolStatus
    summary: str
    output: str
    spilled_to: str | None
    began: str | None
    """When the call began; null: it never did."""
    media: list[Media] = msgspec.field(default_factory=list)
    """Pictures that the model sees with it."""


class TurnEnd(Record, frozen=True, kw_only=True, tag="turn_ended"):
    """The one end of a turn."""

    turn: str
    outcome: Outcome
    text: str
    value: Any
    usage: Usage


class Rewound(Record, frozen=True, kw_only=True, tag="rewound"):
    """The conversation goes on from the end of an earlier turn."""

    to: str
    files_changed_since: tuple[str, ...]


class Forked(Record, frozen=True, kw_only=True, tag="forked"):
    """What stands before it was said in another session."""

    session: str
    causes: tuple[str, ...]
    """Waited, and were taken in by no turn."""


AnyRecord = (
    Session | Input | Notice | Answer | Failure | Result | TurnEnd | Rewound | Forked
)


class _Waiting(msgspec.Struct, frozen=True):
    kind: Literal["input", "notification", "child", "command"]
    origin: str
    text: str
    media: list[Media] = msgspec.field(default_factory=list)


def records(  # noqa: C901  # one arm an entry
    entries: Iterable[e.AnyEntry],
) -> Iterator[AnyRecord]:
    """Everything that was said and done, in the order of the conversation."""
    waiting: dict[str, _Waiting] = {}
    began: dict[str, str] = {}
    for entry in entries:
        if (cause := _cause(entry)) is not None:
            waiting[cause[0]] = cause[1]
        match entry:
            case e.TurnStarted() | e.CausesTaken():
                for name in entry.causes:
                    if (known := waiting.pop(name, None)) is not None:
                        yield Input(
                            n=entry.n,
                            at=entry.at,
                            turn=entry.turn,
                            cause=name,
                            kind=known.kind,
                            origin=known.origin,
                            text=known.text,
                            media=known.media,
                        )
            case e.ToolStarted():
                began[entry.call] = entry.at
            case e.ToolResulted():
                for name in entry.causes:
                    waiting.pop(name, None)
                yield _result(entry, began.pop(entry.call, None))
            case e.Forked():
                waiting.clear()
                began.clear()
                yield from _forked(entry)
            case _:
                if (record := _record(entry)) is not None:
                    yield record


def _cause(entry: e.AnyEntry) -> tuple[str, _Waiting] | None:
    """What will be taken in under a cause."""
    match entry:
        case e.InputAccepted():
            media = media_of(entry.parts)
            return entry.cause, _Waiting("input", entry.origin, entry.text, media)
        case e.NotificationAccepted():
            return entry.cause, _Waiting("notification", entry.origin, entry.rendered)
        case e.ChildNews() | e.LoanReturned() | e.QuestionAsked() if entry.cause:
            return entry.cause, _Waiting("child", entry.pod, entry.rendered)
        case e.CommandEnded() if entry.cause:
            return entry.cause, _Waiting("command", entry.command, entry.rendered)
        case _:
            return None


def _record(entry: e.AnyEntry) -> AnyRecord | None:  # noqa: PLR0911  # one arm an entry
    n, at = entry.n, entry.at
    match entry:
        case e.SessionStarted():
            return Session(
                n=n,
                at=at,
                session=entry.session,
                pod=entry.pod,
                origin=entry.origin,
                podd=entry.podd,
            )
        case e.LimitReached():
            return Notice(
                n=n, at=at, turn=entry.turn, limit=entry.limit, text=entry.notice
            )
        case e.ModelResponded():
            return _answer(entry)
        case e.StepFailed():
            return Failure(
                n=n,
                at=at,
                turn=entry.turn,
                step=entry.step,
                attempt=entry.attempt,
                fault=entry.fault,
                message=entry.message,
                partial=entry.partial,
            )
        case e.TurnEnded():
            return TurnEnd(
                n=n,
                at=at,
                turn=entry.turn,
                outcome=entry.outcome,
                text=entry.text,
                value=entry.value,
                usage=entry.usage,
            )
        case e.Rewound():
            return Rewound(
                n=n,
                at=at,
                to=entry.to,
                files_changed_since=entry.files_changed_since,
            )
        case _:
            return None


def _answer(entry: e.ModelResponded) -> Answer:
    texts = [part.text for part in entry.parts if isinstance(part, TextPart)]
    thoughts = [part.text for part in entry.parts if isinstance(part, ReasoningPart)]
    return Answer(
        n=entry.n,
        at=entry.at,
        turn=entry.turn,
        step=entry.step,
        attempt=entry.attempt,
        text="\n\n".join(texts),
        reasoning="\n\n".join(thoughts),
        calls=tuple(
            Call(call=part.call, name=part.name, arguments=part.arguments)
            for part in entry.parts
            if isinstance(part, ToolCallPart)
        ),
        stop_reason=entry.stop_reason,
        usage=entry.usage,
    )


def _result(entry: e.ToolResulted, began: str | None) -> Result:
    return Result(
        n=entry.n,
        at=entry.at,
        turn=entry.turn,
        step=entry.step,
        call=entry.call,
        name=entry.name,
        status=entry.status,
        summary=entry.summary,
        output=entry.output,
        spilled_to=entry.spilled_to,
        began=began,
        media=media_of(entry.images),
    )


def _forked(entry: e.Forked) -> Iterator[AnyRecord]:
    if entry.turn is not None and entry.outcome is not None:
        yield TurnEnd(
            n=entry.n,
            at=entry.at,
            turn=entry.turn,
            outcome=entry.outcome,
            text=entry.text,
            value=None,
            usage=entry.usage,
        )
    yield Forked(n=entry.n, at=entry.at, session=entry.session, causes=entry.causes)
