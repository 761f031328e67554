"""Who is writing where, in this process.

A scope may narrow while the pod lives. Whoever narrows it must know that from then on
nobody writes there: nobody begins, because each beginning is checked against the scope
of that moment, and those who had begun are waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Write:
    path: str
    name: str


class WriteRegister:
    """The writes under way. All of it may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._writes: list[_Write] = []

    @contextmanager
    def write(self, path: str, name: str, admit: Callable[[], None]) -> Iterator[None]:
        """Be seen as writing at a straight path while the context is open.

        Args:
            path: absolute.
            name: who writes, for whoever has to wait.
            admit: raises where this may not be; nothing changes between its answer and
                the entry.
        """
        entry = _Write(path, name)
        with self._changed:
            admit()
            self._writes.append(entry)
        try:
            yield
        finally:
            with self._changed:
                self._writes.remove(entry)
                self._changed.notify_all()

    def between(self, change: Callable[[], None]) -> None:
        """Make a change while nobody begins: all who begin later are admitted anew."""
        with self._changed:
            change()

    def wait_until_quiet(
        self, roots: Sequence[str], limit_seconds: float
    ) -> tuple[str, ...]:
        """Wait until nobody writes at these paths or below; blocks its thread.

        Returns:
            Who still writes when the time is over; empty: nobody.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: not self._writers(roots), timeout=limit_seconds
            )
            return self._writers(roots)

    def _writers(self, roots: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            write.name
            for write in self._writes
            if any(_is_below(write.path, root) for root in roots)
        )


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
