"""What waits for people, in words, and what they may type about it. Pure."""

from __future__ import annotations

from typing import Any, Final

from podd.cli.rendering import call_words, duration_words, first_line
from podd_protocol.events import (
    ApprovalRequested,
    ApprovalResolved,
    QuestionAnswered,
    QuestionAsked,
)
from podd_protocol.replies import ApprovalStatus, QuestionStatus
from podd_protocol.values import ResolvedBy

_BY_WORDS: Final[dict[ResolvedBy, str]] = {
    "user": "by user",
    "parent": "by its parent",
    "limit": "because nobody answered in time",
    "cancel": "because the turn ended",
}


def approval_words(asked: ApprovalRequested | ApprovalStatus) -> str:
    """What a pod wants to do, and which rule wants people asked."""
    why = f" ({asked.reason})" if asked.reason else ""
    return f"{asked.pod} asks to run {_call(asked.name, asked.arguments)}{why}"


def question_words(asked: QuestionAsked | QuestionStatus) -> str:
    """The question on one line, with its choices by number."""
    whom = " its parent" if asked.to == "parent" else ""
    choices = choice_words(asked.choices)
    return f"{asked.pod} asks{whom}: {first_line(asked.text)}" + (
        f" [{choices}]" if choices else ""
    )


def choice_words(choices: list[str]) -> str:
    """Each with the number by which it may be chosen."""
    return ", ".join(f"{n} {first_line(c)}" for n, c in enumerate(choices, start=1))


def chosen(text: str, choices: list[str]) -> str:
    """The choice whose number was typed; else the text as it is."""
    typed = text.strip()
    if typed in choices or not typed.isascii() or not typed.isdigit():
        return text
    number = int(typed)
    return choices[number - 1] if 1 <= number <= len(choices) else text


def how_to_decide(asked: ApprovalRequested | ApprovalStatus) -> str:
    """The command that answers it."""
    return f"podctl approve {asked.pod} {asked.call}, or podctl deny"


def how_to_answer(asked: QuestionAsked | QuestionStatus) -> str:
    """The command that answers it."""
    return f"podctl answer {asked.pod} {asked.question} TEXT"


def asked_words(event: ApprovalRequested | QuestionAsked) -> str:
    """That something waits, for how long, and what to type elsewhere."""
    if isinstance(event, ApprovalRequested):
        words, command = approval_words(event), how_to_decide(event)
    else:
        words, command = question_words(event), how_to_answer(event)
    return f"{words}; waits {duration_words(event.wait_seconds)} for: {command}"


def resolved_words(event: ApprovalResolved) -> str:
    """What was decided, by whom and why."""
    session = " for the session" if event.remember == "session" else ""
    why = f": {first_line(event.reason)}" if event.reason else ""
    by = _BY_WORDS[event.by]
    return f"{event.pod}: call {event.call} {event.verdict}{session} {by}{why}"


def answered_words(event: QuestionAnswered) -> str:
    """What was answered, and by whom."""
    by = _BY_WORDS[event.by]
    if not event.text:
        return f"{event.pod}: question {event.question} is closed {by}"
    return f"{event.pod}: question answered {by}: {first_line(event.text)}"


def _call(name: str, arguments: Any) -> str:  # noqa: ANN401  # whatever a model wrote
    words = call_words(name, arguments)
    return first_line(words) or name
