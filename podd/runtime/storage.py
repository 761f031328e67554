"""The journal as the driver writes it: with its reserve, and what a full disk means.

Full: nothing new is taken or begun. What has happened is still written, into the room
that the journal set aside beforehand. When there is room again the reserve is set aside
anew, and work goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from podd.core.session.entries import AnyEntry
from podd.errors import StorageError


class ReservingJournal(Protocol):
    """A journal with room set aside."""

    @property
    def full(self) -> StorageError | None: ...
    def append(self, entry: AnyEntry) -> AnyEntry: ...
    async def sync(self) -> None: ...
    def release_reserve(self) -> None: ...
    def restore_reserve(self) -> None: ...


class Storage:
    """Appends, and knows whether there is room for more work."""

    def __init__(
        self,
        journal: ReservingJournal,
        on_change: Callable[[StorageError | None], None],
    ) -> None:
        """Write to `journal`; `on_change` is told when the disk is full, or no more."""
        self._journal = journal
        self._on_change = on_change
        # A session can be opened on a disk that has no room for the reserve.
        self._full = journal.full
        if self._full is not None:
            on_change(self._full)

    @property
    def full(self) -> StorageError | None:
        """How it was found that the disk is full; None: it is not."""
        return self._full

    def has_room(self) -> bool:
        """Whether new work may be taken; looks again if the disk was full."""
        if self._full is None:
            return True
        try:
            self._journal.restore_reserve()
        except StorageError as error:
            if error.kind != "full":
                raise
            return False
        self._full = None
        self._on_change(None)
        return True

    def append(self, entry: AnyEntry) -> AnyEntry:
        """Write one entry, into the reserve if it must be.

        Raises:
            StorageError: not even the reserve holds it (`full`), or the disk is broken.
        """
        try:
            return self._journal.append(entry)
        except StorageError as error:
            if error.kind != "full":
                raise
            if self._full is None:
                self._full = error
                self._journal.release_reserve()
                self._on_change(error)
            return self._journal.append(entry)

    async def sync(self) -> None:
        """Return when all of it is durable."""
        await self._journal.sync()
