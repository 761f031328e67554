"""How long ago, in as few characters as say it."""

from __future__ import annotations

import datetime as dt
from typing import Final

_STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def since(at: str, now: dt.datetime | None = None) -> float:
    """Seconds from a time to now; never below zero, for clocks are set back.

    Args:
        at: RFC 3339.
        now: aware; None for the clock's.
    """
    current = now or dt.datetime.now(tz=dt.UTC)
    try:
        then = dt.datetime.fromisoformat(at)
    except ValueError:
        return 0.0
    if then.tzinfo is None:
        then = then.replace(tzinfo=dt.UTC)
    return max(0.0, (current - then).total_seconds())


def short(seconds: float) -> str:
    """`4 s`, `12 min`, `3 h`, `2 d`: the largest unit that is not below 1."""
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
