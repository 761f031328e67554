"""What became of pods below one's own, in a person's words. Pure."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from podd.cli.rendering import first_line, outcome_words
from podd_protocol.events import ChildEvent, CommandEnded
from podd_protocol.values import ChildEnd, CommandEnd

END_WORDS: Final[dict[ChildEnd, str]] = {
    "stopped": "has ended",
    "crashed": "crashed",
    "not_started": "never became ready",
    "lost": "is gone, and nobody can tell how",
}

#: Parts of a path, its root among them, that are shown without an ellipsis.
_SHORT_PARTS: Final = 3

_COMMAND_WORDS: Final[dict[CommandEnd, str]] = {
    "exited": "has ended",
    "signalled": "was killed",
    "timed_out": "took too long and was ended",
    "stopped": "was stopped",
    "lost": "ended with its pod",
}


def child_words(event: ChildEvent) -> str:
    """What became of a child, on one line."""
    return f"{event.pod} {_became(event)}"


def _became(event: ChildEvent) -> str:  # noqa: PLR0911  # a table
    match event.kind:
        case "spawned":
            # Its task stands in the call, all that is lent in `podctl status`.
            return f"is spawned{_writes(event.lent)}"
        case "started":
            return "started"
        case "turn_ended":
            how = "ended a turn"
            if event.outcome is not None:
                how = outcome_words(event.outcome)
            return f"{how}{_after(event.text)}"
        case "paused":
            return "is paused"
        case "resumed":
            return "goes on"
        case "ended":
            how = "has ended" if event.end is None else END_WORDS[event.end]
            return how if event.end == "stopped" else how + _after(event.message)
        case "assumed":
            return f"is lent to by {event.parent} now"


def _writes(lent: list[str]) -> str:
    """What was lent, as the first path's last two names and a number."""
    if not lent:
        return ""
    parts = PurePath(lent[0]).parts
    known = lent[0] if len(parts) <= _SHORT_PARTS else "/".join(("…", *parts[-2:]))
    more = f" and {len(lent) - 1} more" if len(lent) > 1 else ""
    return f", may write {known}{more}"


def command_end_words(event: CommandEnded) -> str:
    """How a command of the background ended."""
    how = _COMMAND_WORDS[event.end]
    return f"command {event.command} {how}{_after(event.reason)}"


def _after(text: str) -> str:
    line = first_line(text)
    return f": {line}" if line else ""
