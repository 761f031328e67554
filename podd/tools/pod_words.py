"""What several tools say of other pods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from podd.tools.scoped_files import ScopedFiles
from podd.tools.tool import ToolOutcome
from podd_protocol.values import (
    Cancelled,
    ChildEnd,
    Completed,
    Failed,
    Limited,
    Outcome,
)

#: Paths that are named in a line.
_NAMED_PATHS: Final = 8

_ENDINGS: Final[dict[ChildEnd, str]] = {
    "stopped": "has ended",
    "crashed": "has crashed",
    "not_started": "never started",
    "lost": "is gone, nobody knows how",
}


def no_pods() -> ToolOutcome:
    """Answer where this pod was given no way to have children."""
    return ToolOutcome(status="error", summary="this pod can have no children")


def shown_paths(paths: Sequence[str], files: ScopedFiles) -> str:
    """Name paths in a line, as the model knows them."""
    shown = [files.shown(path) for path in paths[:_NAMED_PATHS]]
    more = len(paths) - _NAMED_PATHS
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def ending(end: ChildEnd, message: str) -> str:
    """Say how a pod ended, to follow its name."""
    return f"{_ENDINGS[end]} ({message})" if message else _ENDINGS[end]


def outcome_told(outcome: Outcome) -> str:
    """Say how a turn ended, to follow it."""
    match outcome:
        case Completed():
            return "was completed"
        case Cancelled(by=by):
            return f"was cancelled by {by}"
        case Limited(limit=limit):
            return f"was ended by its limit of {limit}"
        case Failed(message=message):
            return f"failed: {message}"
        case _ as unreachable:
            assert_never(unreachable)
