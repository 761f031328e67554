"""The process of a pod, for who waits for its end or brings it about.

Rules of this file:
- A process is held by a descriptor (pidfd), not by its number: a number is used again.
- A signal is sent through that descriptor, and only after the process was seen to be
  the one that was meant.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

#: Seconds that the kernel may take to end a process that was killed. It needs
#: milliseconds, unless a disk or a network file system holds the process.
KILL_SECONDS: Final = 5.0


class Process:
    """One process, for good, as far as it is ours to see.

    Attributes:
        pid: its number while it lived.
    """

    __slots__ = ("_descriptor", "pid")

    def __init__(self, pid: int, descriptor: int | None) -> None:
        self.pid = pid
        self._descriptor = descriptor

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this number now; one that has ended if none has."""
        try:
            return cls(pid, os.pidfd_open(pid))
        except ProcessLookupError:
            return cls(pid, None)

    @property
    def has_ended(self) -> bool:
        """It ended; nobody need have collected its exit status."""
        return self.wait(0.0)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False if it has not come within `seconds`."""
        if self._descriptor is None:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(max(0.0, seconds) * 1000))

    def kill(self) -> None:
        """End it at once. Nothing happens to one that has ended."""
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()
