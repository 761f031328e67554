"""Giving up a start that another thread is at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from podd.errors import StartAbandonedError

if TYPE_CHECKING:
    from types import TracebackType


class Abandon:
    """Said once, from any thread; whoever waits in `poll` wakes up by it."""

    __slots__ = ("_descriptor", "_is_said")

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._is_said = False

    def say(self) -> None:
        """The start is not wanted any more."""
        self._is_said = True
        os.eventfd_write(self._descriptor, 1)

    def check(self, pod: str) -> None:
        """Raise where it was said.

        Raises:
            StartAbandonedError: it was.
        """
        if self._is_said:
            raise StartAbandonedError(pod=pod)

    def fileno(self) -> int:
        """For `poll`: readable as soon as it was said."""
        return self._descriptor

    def close(self) -> None:
        """Let go of the descriptor, when nobody waits any more."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()
