"""The one writer of a session.

Rules of this file:
- Memory follows the disk. What is known of the journal (its last entry, digest, size)
  advances after the write, never before.
- The file never holds a part of an entry for longer than a failed write takes to be cut
  back.
- After a failure that cannot pass, nothing is claimed any more.
"""

from __future__ import annotations

import os
from typing import Final, Literal, final

import msgspec
from msgspec.structs import replace

from podd.core.session import contents
from podd.core.session.chain import GENESIS, seal
from podd.core.session.entries import AnyEntry
from podd.errors import StorageError
from podd.journal import session_file
from podd.journal.disk import Disk, refusal, sync_directory
from podd.journal.group_sync import GroupSync, Position
from podd.journal.index import Index
from podd.journal.reserve import Reserve
from podd.journal.session_directory import SessionDirectory
from podd.journal.session_file import SessionFile
from podd_protocol.values import State

_encoder: Final = msgspec.json.Encoder()


@final
class Journal:
    """An open journal. `opening` makes them; closing it lets the next writer in."""

    def __init__(
        self,
        directory: SessionDirectory,
        descriptor: int,
        *,
        disk: Disk,
        index: Index,
        digest: str = GENESIS,
    ) -> None:
        """Take over a journal that stands at its end.

        Args:
            directory: where it lies.
            descriptor: of the journal file, reading and appending, locked. It belongs
                to the journal from here on, and the lock ends with it.
            disk: what writes and syncs.
            index: of the entries that are there.
            digest: of the last of them.
        """
        self.directory = directory
        self._descriptor = descriptor
        self._disk = disk
        self._index = index
        self._last_n = len(index)
        self._digest = digest
        self._sync = GroupSync(self._datasync, self._position)
        self._names_are_durable = False
        self._broken: StorageError | None = None
        self._reserve = Reserve(directory.reserve)
        self._full: StorageError | None = None

    # Writing

    @property
    def last_n(self) -> int:
        """The number of the newest entry; 0 before the first."""
        return self._last_n

    @property
    def digest(self) -> str:
        """The newest entry's."""
        return self._digest

    @property
    def durable_n(self) -> int:
        """The newest entry that is known to survive a power cut."""
        return self._sync.durable.n

    def append(self, entry: AnyEntry) -> AnyEntry:
        """Write an entry, and give it back with its `n`.

        It is in the hands of the kernel then: it survives the death of this process,
        and a power cut after the next `sync`. Strings over 64 KiB become blobs, which
        are durable before the entry that names them is written.

        Raises:
            StorageError: nothing of it was written. `full` can pass, `broken` cannot.
        """
        self._check_usable()
        numbered = replace(entry, n=self._last_n + 1)
        encoded = _encoder.encode(numbered)
        if contents.must_detach(encoded):
            encoded = self._detached(numbered)
        line, digest = seal(encoded, self._digest)
        self._write(line)
        self._index.add(len(line), numbered.seq)
        self._last_n = numbered.n
        self._digest = digest
        return numbered

    async def sync(self) -> None:
        """Return when everything appended before the call is durable.

        Cannot be cancelled. Calls that overlap share syncs.

        Raises:
            StorageError: it may not be durable. The journal takes nothing any more.
        """
        self._check_usable()
        await self._sync.reach(self._last_n)
        self._check_usable()

    async def record(
        self, *, pod: str, state: State | Literal["closed"], at: str, turns: int = 0
    ) -> None:
        """Make all entries durable and note in session.json how far they go.

        At the end of each turn and before closing; see `SessionFile` for the values.

        Raises:
            StorageError: it could not be noted. Where the entries themselves could not
                be made durable, the journal takes nothing any more.
        """
        await self.sync()
        durable = self._sync.durable
        content = SessionFile(
            session=self.directory.session,
            pod=pod,
            n=durable.n,
            digest=durable.digest,
            state=state,
            at=at,
            turns=turns,
        )
        path = self.directory.session_file
        try:
            await self._sync.run(lambda: session_file.write(path, content))
        except StorageError as error:
            self._noted(error)
            raise

    def close(self) -> None:
        """Let go of the session. Waits for a sync that runs; does not start one."""
        if self._descriptor < 0:
            return
        self._sync.close()
        self._reserve.give_back()
        os.close(self._descriptor)
        self._descriptor = -1

    # Reading

    def read(self, first_n: int, limit_bytes: int) -> list[bytes]:
        """Return whole lines from entry `first_n` on, with their newlines.

        As many as fit into the limit, and one at least if there is one.

        Raises:
            StorageError: the disk would not give them.
        """
        offset, length = self._index.span(first_n, limit_bytes)
        pieces = bytearray()
        try:
            while len(pieces) < length:
                piece = os.pread(
                    self._descriptor, length - len(pieces), offset + len(pieces)
                )
                if not piece:
                    raise StorageError(
                        path=str(self.directory.journal),
                        reason="it is shorter than what was written to it",
                    )
                pieces += piece
        except OSError as error:
            raise refusal(self.directory.journal, error) from error
        # JSON holds no raw line ends, so these split lines and nothing else.
        return bytes(pieces).splitlines(keepends=True)

    def first_n_after(self, seq: int) -> int | None:
        """Return the entry to read from for all events above `seq`.

        Events up to `seq` may come with it. None while there are no entries.
        """
        return self._index.first_after(seq)

    # A full disk

    @property
    def full(self) -> StorageError | None:
        """How it was found that the disk is full, or has no room for the reserve.

        From the first refused write until `restore_reserve` succeeds. Appending is
        tried all the same: results and the end are to go into the room of the reserve.
        """
        return self._full

    def release_reserve(self) -> None:
        """Give the reserve back to the disk, for results and the end."""
        self._reserve.give_back()

    def restore_reserve(self) -> None:
        """Set the reserve aside again; work can go on where that succeeds.

        Raises:
            StorageError: there is no room yet (`full`), or the disk is broken.
        """
        self._check_usable()
        try:
            self._reserve.take()
        except OSError as error:
            raise self._noted(refusal(self.directory.reserve, error)) from error
        self._full = None

    # The file

    def _detached(self, entry: AnyEntry) -> bytes:
        value = msgspec.to_builtins(entry, str_keys=True)
        try:
            return _encoder.encode(contents.detach(value, self.directory.blobs.put))
        except StorageError as error:
            self._noted(error)
            raise

    def _write(self, line: bytes) -> None:
        try:
            taken = self._disk.write(self._descriptor, line)
            if taken < len(line):
                rest = memoryview(line)[taken:]
                while rest:
                    rest = rest[self._disk.write(self._descriptor, rest) :]
        except OSError as error:
            raise self._write_failed(error) from error

    def _write_failed(self, error: OSError) -> StorageError:
        refused = refusal(self.directory.journal, error)
        try:
            os.ftruncate(self._descriptor, self._index.size)
        except OSError as worse:
            # Half an entry stands there now. One more append would make it damage.
            refused = refusal(self.directory.journal, worse)
            refused.kind = "broken"
        return self._noted(refused)

    def _noted(self, refused: StorageError) -> StorageError:
        """Remember that the disk is full, for now, or broken, for good."""
        if refused.kind == "full":
            self._full = refused
        else:
            self._broken = refused
        return refused

    def _check_usable(self) -> None:
        if self._descriptor < 0:
            raise StorageError(
                path=str(self.directory.journal), reason="the journal is closed"
            )
        failure = self._sync.failure
        if self._broken is None and failure is None:
            return
        if isinstance(failure, OSError):
            refused = refusal(self.directory.journal, failure)
        elif failure is not None:
            refused = StorageError(
                path=str(self.directory.journal), reason=repr(failure)
            )
        else:
            assert self._broken is not None, "checked above"
            refused = StorageError(path=self._broken.path, reason=self._broken.reason)
        # Also where the sync found the disk full: what it could not write is gone.
        refused.kind = "broken"
        raise refused from failure

    def _position(self) -> Position:
        return Position(self._last_n, self._digest)

    def _datasync(self) -> None:
        """Runs on the journal thread."""
        self._disk.datasync(self._descriptor)
        if not self._names_are_durable:
            sync_directory(self.directory.path)
            sync_directory(self.directory.path.parent)
            self._names_are_durable = True
