"""A limit for work that cannot be trusted to end, and does not wait for anything.

Our own thread does it, so nothing else goes on meanwhile: it is for what takes a moment
unless somebody meant harm, or wrote a regular expression without thinking.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from podd.errors import TimedOutError

_T = TypeVar("_T")


def within(seconds: float, what: str, work: Callable[[], _T]) -> _T:
    """Do `work`, in so many seconds of our processor's time at most.

    A busy machine takes nothing off them. The kernel's signal ends the work wherever it
    is, in a regular expression too (Python looks for signals there). Only the main
    thread gets signals, and a pod's loop runs there; elsewhere there is no limit.

    Raises:
        TimedOutError: the time was used up; says that `what` did.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    before = signal.signal(signal.SIGVTALRM, _stop)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _UsedUp:
        raise TimedOutError(what=what, seconds=seconds) from None
    finally:
        signal.signal(signal.SIGVTALRM, before)


class _UsedUp(BaseException):
    """Passes through whatever catches errors inside of the work."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _UsedUp
