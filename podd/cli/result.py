"""What came of a turn: as a document, as text for a script, as words for a person."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import msgspec

from podd.cli.descendants import Descendant
from podd.cli.errors import INTERRUPTED
from podd.cli.output import Output, Tint
from podd.cli.rendering import duration_words, outcome_words, usage_words
from podd_protocol.values import Cancelled, Completed, Failed, Limited, Outcome, Usage


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The end of a turn, and whose it was."""

    pod: str
    session: str
    turn: str | None
    """None: the pod has never ended a turn; the fields below then say nothing."""
    outcome: Outcome | None
    text: str
    """Of the last model response."""
    value: Any
    usage: Usage
    duration_seconds: float | None
    children: tuple[Descendant, ...] = ()
    """That were heard of meanwhile."""

    @property
    def exit_code(self) -> int:
        return 0 if self.outcome is None else exit_code_of(self.outcome)

    def document(self) -> dict[str, Any]:
        """As `--json` has it."""
        seconds = self.duration_seconds
        return {
            "pod": self.pod,
            "session": self.session,
            "turn": self.turn,
            "outcome": msgspec.to_builtins(self.outcome),
            "text": self.text,
            "value": self.value,
            "usage": msgspec.to_builtins(self.usage),
            "duration_seconds": None if seconds is None else round(seconds, 3),
            "children": [child.document() for child in self.children],
        }


def exit_code_of(outcome: Outcome) -> int:
    """What podctl ends with."""
    match outcome:
        case Completed():
            return 0
        case Cancelled():
            return INTERRUPTED
        case Limited():
            return 6
        case Failed():
            return 1


def report(output: Output, result: TurnResult, *, how_to_go_on: str) -> None:
    """Print a turn that was followed here.

    A terminal has seen the text already; anything else gets it alone on stdout. Where
    the turn ended in a value, stdout gets that, as JSON on one line: it is what was
    asked for. The end, and how to go on, are talk.
    """
    if output.json:
        output.document({"result": result.document()})
        return
    if result.value is not None:
        output.text(msgspec.json.encode(result.value).decode())
    elif not sys.stdout.isatty() and result.text:
        output.text(result.text.removesuffix("\n"))
    if isinstance(result.outcome, Failed):
        # An error, which even those who want quiet want to read.
        Output().say(end_line(result), tint_of(result))
    else:
        output.say(end_line(result), tint_of(result))
    output.say(how_to_go_on, "dim")


def end_line(result: TurnResult) -> str:
    """Outcome, tokens and time in one line."""
    if result.outcome is None:
        return f"{result.pod} has not ended a turn yet"
    parts = [outcome_words(result.outcome), usage_words(result.usage)]
    if result.duration_seconds is not None:
        parts.append(duration_words(result.duration_seconds))
    return " · ".join(parts)


def tint_of(result: TurnResult) -> Tint:
    """The colour of an end."""
    match result.outcome:
        case Completed():
            return "green"
        case Failed():
            return "red"
        case _:
            return "yellow"
