"""A session's entries as a conversation that a person reads."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from podd.cli.asking_words import approval_words, question_words
from podd.cli.child_words import child_words
from podd.cli.columns import fit
from podd.cli.event_words import event_words
from podd.cli.media_words import media_lines
from podd.cli.rendering import (
    RESULT_WORDS,
    call_words,
    first_line,
    outcome_words,
    rewound_words,
)
from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.media import media_of
from podd.core.session import entries as e
from podd.core.session.child_events import child_event
from podd.core.session.waiting_events import waiting_event
from podd_protocol.events import ApprovalRequested, DurableEvent, QuestionAsked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Characters of a tool call's arguments, or of a one-line summary, that are shown.
#: Two spaces, a sign and this fit into 80 columns.
LINE_WIDTH: Final = 74


def paragraphs(entries: Iterable[e.AnyEntry]) -> Iterator[str]:
    """Who said what, one paragraph an entry; entries that say nothing are left out.

    Prose is indented by two spaces and otherwise as it was written. A tool call and
    its result are one line each.
    """
    for entry in entries:
        if text := paragraph(entry):
            yield text


def paragraph(entry: e.AnyEntry) -> str:  # noqa: C901, PLR0911, PLR0912  # one arm an entry
    """One entry as text; empty where a conversation has nothing to show for it."""
    match entry:
        case e.InputAccepted():
            steering = " (while it ran)" if entry.delivery == "steer" else ""
            who = f"{_speaker(entry.origin)}{steering}"
            return _said(who, entry.at, shown_input(entry))
        case e.NotificationAccepted():
            return _said(f"note from {entry.origin}", entry.at, entry.text)
        case e.ModelResponded():
            return _answer(entry)
        case e.ToolResulted():
            words = RESULT_WORDS[entry.status]
            return f"  < {_line(f'{words}{entry.summary}', 0)}"
        case e.LimitReached():
            return f"  ! limit reached: {entry.limit}, one last step"
        case e.StepFailed():
            said = f", after {len(entry.partial)} characters" if entry.partial else ""
            why = _line(entry.message, 30)
            return f"  ! attempt {entry.attempt} failed: {entry.fault}{said}: {why}"
        case e.AnswerRefused():
            return f"  ! {_line(f'refused as an answer: {entry.problem}', 0)}"
        case e.CodeStarted():
            return ""  # it stands in the answer
        case e.ToolCalled():
            return f"  > {call_line(ToolCallPart('', entry.name, entry.arguments))}"
        case e.CodeEnded():
            words = RESULT_WORDS[entry.status]
            printed = f"\n{_indented(entry.output)}" if entry.output else ""
            return f"  < {_line(f'{words}{entry.summary}', 0)}{printed}"
        case e.InterpreterLost():
            return f"-- {_line(first_line(entry.rendered), 3)}"
        case e.TurnPaused():
            return f"-- paused at {_time(entry.at)}"
        case e.TurnResumed():
            return f"-- resumed at {_time(entry.at)}"
        case e.TurnEnded():
            return f"-- turn {entry.turn} {outcome_words(entry.outcome)}"
        case e.SurfaceSet():
            if entry.cause == "started":
                return ""
            return f"-- a new manifest applies from {_time(entry.at)}"
        case e.Forked():
            return f"-- forked from session {entry.session}"
        case e.Rewound():
            return f"-- rewound to {rewound_words(entry.to)} at {_time(entry.at)}"
        case e.StopRequested():
            return f"-- asked to stop ({entry.mode}, by {entry.by})"
        case (
            e.SessionStarted()
            | e.PodStarted()
            | e.SeqReserved()
            | e.TurnStarted()
            | e.CausesTaken()
            | e.StepStarted()
            | e.ToolStarted()
            | e.FileChanged()
            | e.TaskGiven()
            | e.SessionClosed()
        ):
            return ""
        case (
            e.LoanIntended()
            | e.LoanMade()
            | e.LoanAssumed()
            | e.LoanReturned()
            | e.ChildNews()
        ):
            return f"-- {_line(child_words(child_event(entry)), 3)}"
        case (
            e.ApprovalRequested()
            | e.ApprovalResolved()
            | e.QuestionAsked()
            | e.QuestionAnswered()
            | e.CommandStarted()
            | e.CommandEnded()
        ):
            return f"-- {_line(_about(waiting_event(entry)), 3)}"
        case _:
            assert_never(entry)


def _about(event: DurableEvent) -> str:
    """What waited for somebody: without the commands that are of no use any more."""
    match event:
        case ApprovalRequested():
            return approval_words(event)
        case QuestionAsked():
            return question_words(event)
        case _:
            return event_words(event) or ""


def shown_input(entry: e.InputAccepted) -> str:
    """What was asked, and a line for each picture and document."""
    return "\n".join(filter(None, (entry.text, *media_lines(media_of(entry.parts)))))


def call_line(call: ToolCallPart) -> str:
    """A tool call on one line: its name and the argument that says most."""
    try:
        arguments: object = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    # Malformed, cut off, or no object: never run. What arrived is shown as it is.
    shown = arguments if isinstance(arguments, dict) else call.arguments
    return _line(call_words(call.name, shown), 0)


def _answer(entry: e.ModelResponded) -> str:
    blocks: list[str] = []
    for part in entry.parts:
        match part:
            case TextPart():
                if part.text.strip():
                    blocks.append(_indented(part.text))
            case ReasoningPart():
                # Thought is not said. --json has it.
                pass
            case ToolCallPart():
                blocks.append(f"  > {call_line(part)}")
            case _:
                assert_never(part)
    if entry.stop_reason in {"output_limit", "context_overflow", "content_filter"}:
        blocks.append(f"  ! the answer was cut: {entry.stop_reason}")
    if not blocks:
        return ""
    return "\n".join([f"model  {_time(entry.at)}", *blocks])


def _speaker(origin: str) -> str:
    return "you" if origin == "user" else f"pod {origin}"


def _said(who: str, at: str, text: str) -> str:
    return f"{who}  {_time(at)}\n{_indented(text)}"


def _indented(text: str) -> str:
    return textwrap.indent(text.strip("\n"), "  ")


def _time(at: str) -> str:
    """RFC 3339 without its fraction: `2026-11-21 01:28:29Z`."""
    return f"{at[:10]} {at[11:19]}Z" if len(at) >= len("2026-11-21T01:28:29") else at


def _line(text: str, used: int) -> str:
    """The text on one line, cut to what `used` columns leave."""
    return fit(text, LINE_WIDTH - used)
