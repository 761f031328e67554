"""The points at which a test ends the pod: between two steps that belong together.

Production reaches them all and does nothing there. Whatever a pod has done when it
reaches one must be enough for the next process to go on from.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

CrashPoint = Literal[
    "lend.intended",
    "lend.narrowed",
    "lend.quiet",
    "lend.lent",
    "lend.started",
    "lend.adopted",
    "lend.made",
    "lend.tasked",
    "return.dead",
    "return.settled",
    "return.journalled",
]
"""What is done when it is reached. Of lending: it is in the journal; we write there no
more; nor does anything of ours; it is in the table; the child's process runs; the child
holds it; that is in the journal; so is the child's task. Of returning: the child is
dead; its row is gone; that is in the journal."""


class CrashPoints(Protocol):
    """Whoever wants to know how far the pod has come."""

    def reach(self, point: CrashPoint) -> None:
        """The pod is here; may not return. Called from any thread."""


class NoCrashPoints:
    """Production."""

    def reach(self, point: CrashPoint) -> None:
        """Go on."""


NO_CRASH_POINTS: Final = NoCrashPoints()
