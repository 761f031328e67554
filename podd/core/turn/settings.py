"""What deciding depends on besides the state: limits, and texts that the model reads.

Nothing of this is stored. What a decision made of it stands in its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from podd_protocol.values import Limit

#: What a drain waits before it interrupts (the wire contract's `shutdown`).
DRAIN_SECONDS: Final = 10.0


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What podd itself says to the model. Pure functions, as decisions are."""

    notification: Callable[[str, str], str]
    """(origin, message) -> what the model reads."""
    limit: Callable[[Limit, int], str]
    """(limit, its value) -> the notice of the last step."""
    cut_off: str
    """Summary for a call that came in an answer cut by the output limit."""
    no_tools_left: str
    """Summary for a call made in the last step."""
    interrupted: str
    """Summary for a call that was ended by cancel or shutdown."""
    unknown: Callable[[str, str], str]
    """(tool, when it started) -> summary for a call that a crash left open."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and texts of one pod."""

    max_steps: int
    repeatable: Collection[str]
    """Names of the tools that may run again after a crash."""
    texts: Texts
    drain_seconds: float = DRAIN_SECONDS
