"""fdatasync in groups, on the one journal thread.

Whoever needs durability while a sync runs waits for the next one, together with all
others who came meanwhile: a hundred waiters cost two syncs, not a hundred.

Rules of this file:
- What a sync covers is noted before it starts. An entry that is appended while it runs
  may or may not be on the disk afterwards, so it is not claimed.
- The outcome is booked by the loop when the thread is done, not by the task that
  waited: that task may be gone.
- A failed sync is final. The kernel drops the pages it could not write and reports
  success the next time, so a second try would claim what is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import final

import anyio
import msgspec

from podd.core.session.chain import GENESIS


class Position(msgspec.Struct, frozen=True):
    """A place in a journal: up to and with entry `n`, whose digest this is."""

    n: int = 0
    digest: str = GENESIS


@final
class GroupSync:
    """Makes durable what was appended, and knows how far that is."""

    def __init__(
        self, datasync: Callable[[], None], appended: Callable[[], Position]
    ) -> None:
        """Prepare; the thread is made at the first sync.

        Args:
            datasync: blocks until everything written is durable, or raises OSError.
            appended: tells how far the journal has been written.
        """
        self._datasync = datasync
        self._appended = appended
        self._executor: Executor | None = None
        self._running: anyio.Event | None = None
        self.durable = Position()
        self.failure: BaseException | None = None

    async def reach(self, n: int) -> None:
        """Return when entry `n` is durable or `failure` is set. Not cancellable.

        A waiter that could be cancelled would leave its caller not knowing whether the
        entry counts.
        """
        with anyio.CancelScope(shield=True):
            while self.failure is None and self.durable.n < n:
                running = self._running or self._start()
                await running.wait()

    async def run(self, work: Callable[[], None]) -> None:
        """Do other blocking work of the journal on its thread, in turn."""
        loop = asyncio.get_running_loop()
        with anyio.CancelScope(shield=True):
            await loop.run_in_executor(self._thread(), work)

    def close(self) -> None:
        """End the thread, after what it is doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None

    def _start(self) -> anyio.Event:
        covered = self._appended()
        done = anyio.Event()

        def book(error: BaseException | None) -> None:
            self._running = None
            if error is None:
                self.durable = covered
            else:
                self.failure = error
            done.set()

        loop = asyncio.get_running_loop()

        def sync() -> None:
            error: BaseException | None = None
            try:
                self._datasync()
            except BaseException as raised:  # noqa: BLE001  # booked, whatever it is
                error = raised
            # Not by way of a future: its two turns of the loop are as long as a sync.
            loop.call_soon_threadsafe(book, error)

        self._thread().submit(sync)
        self._running = done
        return done

    def _thread(self) -> Executor:
        if self._executor is None:
            # Late: a process that is to be forked must not have a second thread.
            from concurrent.futures import ThreadPoolExecutor

            self._executor = ThreadPoolExecutor(1, thread_name_prefix="journal")
        return self._executor
