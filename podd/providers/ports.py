"""Time and chance, as this room asks for them; the runtime fills them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podd.providers.tape import Recorder


@dataclass(frozen=True, slots=True)
class Ports:
    """What a provider needs of the world besides a network."""

    wait: Callable[[float], Awaitable[None]]
    """Return after so many seconds; may be cancelled."""
    monotonic: Callable[[], float]
    """Seconds from some point; never goes back. Limits are measured on it."""
    wall: Callable[[], float]
    """Unix time in seconds. Only an HTTP date is held against it."""
    random: Callable[[], float]
    """From 0 up to, not including, 1."""
    recorder: Recorder | None = None
    """Takes what servers said, as it came; None: it is not kept."""
