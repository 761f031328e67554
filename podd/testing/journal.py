"""A journal in memory that fails when it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import anyio
import msgspec

from podd.core.session.chain import GENESIS, seal
from podd.core.session.entries import AnyEntry
from podd.errors import StorageError

#: What `StorageError.path` says.
PATH: Final = "memory"

_decode: Final = msgspec.json.Decoder(AnyEntry).decode


class MemoryJournal:
    """What `Storage` writes and `Replay` reads, without a disk.

    Attributes:
        room: bytes that it still takes; None: any number.
        reserve: bytes set aside; they become room when the reserve is released.
        is_broken: every sync from now on fails for good.
        may_sync: cleared by `hold_syncs`; a sync waits until it is set.
        syncs: how many there were.
        durable_n: the newest entry that a sync has covered.
    """

    def __init__(self, lines: Sequence[bytes] = (), *, reserve: int = 4096) -> None:
        """Go on after `lines`, which another one wrote."""
        self.lines: list[bytes] = list(lines)
        self.room: int | None = None
        self.reserve = reserve
        self.is_broken = False
        self.syncs = 0
        self.durable_n = len(self.lines)
        self.may_sync = anyio.Event()
        self.may_sync.set()
        self.syncing = anyio.Event()
        """Set while a sync is held, for who wants to wait for that."""
        self._digest = GENESIS if not lines else _digest(lines[-1])
        self._is_reserved = True

    # What the storage asks

    @property
    def full(self) -> StorageError | None:
        """A journal without its reserve is on a full disk."""
        if self._is_reserved:
            return None
        return StorageError(path=PATH, reason="no room", kind="full")

    def append(self, entry: AnyEntry) -> AnyEntry:
        """Keep an entry and give it back with its `n`.

        Raises:
            StorageError: `full`; nothing of it was kept.
        """
        numbered = msgspec.structs.replace(entry, n=len(self.lines) + 1)
        line, digest = seal(msgspec.json.encode(numbered), self._digest)
        if self.room is not None:
            if self.room < len(line):
                raise StorageError(path=PATH, reason="no room", kind="full")
            self.room -= len(line)
        self.lines.append(line)
        self._digest = digest
        return numbered

    async def sync(self) -> None:
        """Make durable what was appended before the call.

        Raises:
            StorageError: `broken`.
        """
        covered = len(self.lines)
        self.syncs += 1
        self.syncing.set()
        await self.may_sync.wait()
        self.syncing = anyio.Event()
        if self.is_broken:
            raise StorageError(path=PATH, reason="it is broken", kind="broken")
        self.durable_n = covered

    def release_reserve(self) -> None:
        """Turn the reserve into room."""
        if self._is_reserved and self.room is not None:
            self.room += self.reserve
        self._is_reserved = False

    def restore_reserve(self) -> None:
        """Set the reserve aside again.

        Raises:
            StorageError: `full`.
        """
        if self._is_reserved:
            return
        if self.room is not None:
            if self.room < self.reserve:
                raise StorageError(path=PATH, reason="no room", kind="full")
            self.room -= self.reserve
        self._is_reserved = True

    # What a replay asks

    @property
    def last_n(self) -> int:
        """The newest entry's number; 0 before the first."""
        return len(self.lines)

    def read(self, first_n: int, limit_bytes: int) -> list[bytes]:
        """Whole lines from `first_n` on; at least one if there is one."""
        found: list[bytes] = []
        size = 0
        for line in self.lines[first_n - 1 :]:
            size += len(line)
            if found and size > limit_bytes:
                break
            found.append(line)
        return found

    def read_events(self, seq: int, limit_bytes: int) -> list[AnyEntry]:
        """Entries from the one on that may hold the event `seq`; none past the end."""
        first = 1
        for entry in self.entries:
            if entry.seq > seq:
                break
            if entry.seq:
                first = entry.n
        return [_decode(line) for line in self.read(first, limit_bytes)]

    # What a test asks

    @property
    def entries(self) -> list[AnyEntry]:
        """All entries, as a reader of the file would have them."""
        return [_decode(line) for line in self.lines]

    @property
    def kinds(self) -> list[str]:
        """What each entry is called in the journal."""
        return [str(entry.__struct_config__.tag) for entry in self.entries]

    def hold_syncs(self) -> None:
        """Let no sync end until `may_sync` is set."""
        self.may_sync = anyio.Event()


def _digest(line: bytes) -> str:
    return str(msgspec.json.decode(line)["digest"])
