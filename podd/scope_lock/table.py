"""The table of allocations: one sqlite file beside the lock, good for one boot.

Rules of this file. Every transaction runs inside the lock (sqlite alone starves its
waiters). Nothing is synced: the table need not outlive a boot, only the death of
processes. A table that this boot cannot believe is set aside, and said.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self, TypeVar

import msgspec

from podd.errors import PoddError, StorageError, TimedOutError
from podd.paths import Places, private_directory
from podd.scope_lock.identity import boot_id
from podd.scope_lock.life import is_locked
from podd.scope_lock.lock import LOCK_LIMIT_SECONDS, exclusively

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")

#: Of our tables below; another one is not read.
SCHEMA_VERSION: Final = 3

#: `root` holds the write rules that are arbitrated, for the search of candidates, and
#: `above` every directory on the way to one: a bind mount may be of any of them.
#: `lender` holds the sessions that lend an allocation; distance 0 lends directly.
_SCHEMA: Final = (
    "CREATE TABLE header (boot_id TEXT NOT NULL)",
    """CREATE TABLE allocation (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        token TEXT NOT NULL,
        session TEXT NOT NULL,
        since TEXT NOT NULL,
        stage TEXT NOT NULL,
        process BLOB NOT NULL,
        grounded BLOB NOT NULL,
        pods_limit INTEGER NOT NULL,
        depth_limit INTEGER NOT NULL,
        pods_spawned INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE lender (
        allocation TEXT NOT NULL,
        session TEXT NOT NULL,
        distance INTEGER NOT NULL,
        PRIMARY KEY (allocation, distance)
    ) WITHOUT ROWID""",
    """CREATE TABLE root (
        path TEXT NOT NULL,
        device INTEGER,
        inode INTEGER,
        allocation TEXT NOT NULL
    )""",
    """CREATE TABLE above (
        path TEXT NOT NULL,
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        allocation TEXT NOT NULL
    )""",
    "CREATE INDEX allocation_session ON allocation (session)",
    "CREATE INDEX lender_session ON lender (session, distance, allocation)",
    "CREATE INDEX root_path ON root (path, allocation)",
    "CREATE INDEX root_inode ON root (inode, device, path, allocation)",
    "CREATE INDEX root_allocation ON root (allocation)",
    "CREATE INDEX above_inode ON above (inode, device, path, allocation)",
    "CREATE INDEX above_allocation ON above (allocation)",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

#: Primary result codes of sqlite that say the file itself is bad: SQLITE_CORRUPT,
#: SQLITE_NOTADB.
_DAMAGE: Final = {11, 26}
#: SQLITE_IOERR_SHORT_READ: the file is cut off.
_CUT_OFF: Final = 522

SetAsideReason = Literal["foreign_boot", "damaged", "other_format"]


class SetAside(msgspec.Struct, frozen=True):
    """A table that was not believed."""

    reason: SetAsideReason
    kept_as: Path
    still_locked: tuple[str, ...]
    """Life files (their names) that somebody held then. Those pods lose their lease at
    the next check, but until then they may write what a new table lets others write.
    """


class Table:
    """The way to the table; opened when first used, reopened when replaced.

    For several threads, one at a time; not across a fork (it opens anew there).
    """

    def __init__(
        self, places: Places, *, limit_seconds: float = LOCK_LIMIT_SECONDS
    ) -> None:
        self.places = places
        self.set_aside: SetAside | None = None
        """What the last transactions found and put away; None: nothing."""
        self._limit_seconds = limit_seconds
        # What one thread has begun another one's work would end up in.
        self._mutex = threading.RLock()
        self._connection: Connection | None = None
        self._opened: tuple[int, int, int] | None = None
        self._forsaken: list[Connection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def exists(self) -> bool:
        """Whether there is a table; False: nobody has allocated anything."""
        return self.places.table_file.exists()

    def close(self) -> None:
        """Let go of the file; the next transaction opens it again."""
        with self._mutex:
            if self._connection is not None:
                if self._opened is not None and self._opened[0] == os.getpid():
                    self._connection.close()
                else:
                    # sqlite forbids even to close what a parent process opened.
                    self._forsaken.append(self._connection)
            self._connection = None

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, under the lock.

        `work` may run a second time, from the start, where the table turned out to be
        damaged and was set aside.

        Raises:
            TimedOutError: the lock was held too long.
            StorageError: the table cannot be read or written.
            UnsafeDirectoryError: the runtime directory is not ours alone.
        """
        import sqlite3

        private_directory(self.places.runtime, strict=True)
        with (
            self._alone(),
            exclusively(self.places.lock_file, limit_seconds=self._limit_seconds),
        ):
            try:
                try:
                    return self._attempt(work)
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
                    self._put_away("damaged")
                    return self._attempt(work)
            except sqlite3.Error as error:
                self.close()
                raise StorageError(
                    path=str(self.places.table_file), reason=str(error)
                ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._mutex.acquire(timeout=self._limit_seconds):
            raise TimedOutError(
                what=f"waiting for another thread's work on {self.places.table_file}",
                seconds=self._limit_seconds,
                hint="somebody holds the lock of the table: podctl scope list names it",
            )
        try:
            yield
        finally:
            self._mutex.release()

    def reader(self) -> Connection:
        """Open a connection of one's own, for reading what `transact` writes."""
        return _connect(self.places.table_file)

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        connection = self._current()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                _roll_back(connection, error)
            raise
        return result

    def _current(self) -> Connection:
        if self._connection is not None and self._opened == self._found():
            return self._connection
        self.close()
        connection = self._connection = self._open()
        reason = _disbelief(connection)
        if reason is not None:
            self._put_away(reason)
            connection = self._connection = self._open()
        self._opened = self._found()
        return connection

    def _open(self) -> Connection:
        path = self.places.table_file
        self._opened = (os.getpid(), 0, 0)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            os.close(os.open(path, flags, 0o600))
        except FileExistsError as error:
            # sqlite would follow a link; nothing of ours is one.
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise StorageError(path=str(path), reason="is not a file") from error
        except OSError as error:
            raise StorageError(
                path=str(path), reason=error.strerror or str(error)
            ) from error
        else:
            # What a deleted table left behind must not be taken for the new one's.
            _remove_companions(path)
        connection = _connect(path)
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and tables == 0:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO header VALUES (?)", (boot_id(),))
            connection.execute("COMMIT")
        return connection

    def _put_away(self, reason: SetAsideReason) -> None:
        """Rename the table, of which one is kept, so that the next opens a new one."""
        path = self.places.table_file
        kept = path.with_name(path.name + ".aside")
        self.close()
        path.replace(kept)
        _remove_companions(path)
        self.set_aside = SetAside(
            reason=reason,
            kept_as=kept,
            still_locked=tuple(
                sorted(
                    life.name
                    for life in _entries(self.places.life_directory)
                    if is_locked(life)
                )
            ),
        )

    def _found(self) -> tuple[int, int, int] | None:
        try:
            found = os.lstat(self.places.table_file)
        except FileNotFoundError:
            return None
        return os.getpid(), found.st_dev, found.st_ino


def _connect(path: Path) -> Connection:
    import sqlite3

    # isolation_level=None: transactions begin and end where we say so.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = OFF")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _disbelief(connection: Connection) -> SetAsideReason | None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        return "other_format"
    row = connection.execute("SELECT boot_id FROM header").fetchone()
    return None if row == (boot_id(),) else "foreign_boot"


def _is_damage(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF in _DAMAGE or code == _CUT_OFF)


def _roll_back(connection: Connection, cause: BaseException) -> None:
    import sqlite3

    try:
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        # The cause is what must be told; a damaged file cannot even roll back.
        if isinstance(cause, PoddError):
            cause.add_note(f"rolling back failed too: {error}")


def _remove_companions(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _entries(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except FileNotFoundError:
        return []
