"""A pod's live hold on its allocation; it can be lost, with a reason."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Literal, NoReturn

import msgspec

from podd.core.scope.rules import Scope
from podd.errors import LeaseLoss, LeaseLostError
from podd.scope_lock import record as records
from podd.scope_lock.grounding import replaced
from podd.scope_lock.identity import own_identity
from podd.scope_lock.life import LifeLock, has_stragglers
from podd.scope_lock.record import Limits, Record, life_file
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from sqlite3 import Connection

Release = Literal["freed", "left", "already"]
"""freed: others may have the scope now. left: something that the pod started lives, so
the allocation stays until that is dead. already: it was released before."""


def adopt(table: Table, *, allocation: str, token: str, descriptor: int) -> Lease:
    """Make this process the holder of what its starter allocated.

    Args:
        table: where; the lease keeps it.
        allocation: the id.
        token: good for one adoption.
        descriptor: of the life file, locked, as it was inherited.

    Raises:
        DeniedError: the descriptor is not this allocation's life lock.
        LeaseLostError: the row is gone or another's, or a directory of the scope is no
            longer the one that was allocated.
    """
    life = LifeLock.inherited(life_file(table.places, allocation), descriptor)
    us = own_identity()

    def work(connection: Connection) -> Record:
        found = records.by_id(connection, allocation)
        if found is None:
            raise LeaseLostError(loss="allocation_gone", detail="it was never adopted")
        if found.token != token or found.stage != "starting":
            raise LeaseLostError(
                loss="allocation_changed", detail="the token is used up, or another's"
            )
        changed = replaced(found.grounded, "write", "read", "read_only", "hidden")
        if changed is not None:
            raise LeaseLostError(
                loss="allocation_changed", detail=f"{changed} is not what it was"
            )
        return records.hand_over(
            connection, found, token=os.urandom(16).hex(), process=us
        )

    record = table.transact(work)
    life.write_down("pod", us)
    return Lease(table, record, life)


class Lease:
    """What a pod holds while it lives. Safe to use from several threads."""

    def __init__(self, table: Table, record: Record, life: LifeLock) -> None:
        """Watch `record`; made by `adopt`."""
        self._table = table
        self._record = record
        self._life = life
        self._reader = table.reader()
        self._mutex = threading.Lock()
        self._version = -1
        self._lost: LeaseLostError | None = None
        self._is_released = False
        self._lock_file = os.fspath(table.places.lock_file)
        self._table_file = os.fspath(table.places.table_file)
        self._files = self._look()

    @property
    def allocation(self) -> str:
        """The id."""
        return self._record.id

    @property
    def name(self) -> str:
        """Of the pod."""
        return self._record.name

    @property
    def scope(self) -> Scope:
        """What is held, with real paths."""
        return self._record.grounded.scope

    @property
    def session(self) -> str:
        """What the pod writes; its loans are bound to it."""
        return self._record.session

    @property
    def life(self) -> LifeLock:
        """For the launcher of commands, which holds a copy, and its lines."""
        return self._life

    def limit(self, *, pods: int, depth: int) -> None:
        """Let there be so many pods below this one from now on.

        Raises:
            TimedOutError: the lock was held too long.
            StorageError: the table cannot be written.
        """
        limits = Limits(pods=pods, depth=depth)
        self._table.transact(
            lambda connection: records.limit(connection, self.allocation, limits)
        )

    def verify(self) -> None:
        """Make sure that the scope is still ours; cheap enough for every write.

        Raises:
            LeaseLostError: it is not, and never will be again.
        """
        with self._mutex:
            if self._lost is not None:
                raise self._lost
            if self._is_released:
                self._lose("allocation_gone", "released")
            if self._look() != self._files:
                self._lose("table_gone", "the table or its lock was replaced")
            if not self._life.is_named:
                self._lose("allocation_gone", f"{self._life.path} was removed")
            changed = replaced(self._record.grounded, "write")
            if changed is not None:
                self._lose("allocation_changed", f"{changed} is not what it was")
            self._read_again()

    def current(self, connection: Connection) -> Record:
        """Read our row inside a transaction, for who changes the table on its strength.

        Raises:
            LeaseLostError: it is not ours any more.
        """
        found = records.by_id(connection, self._record.id)
        if found is None or not found.is_held_as(self._record):
            loss, detail = _loss(found)
            raise LeaseLostError(loss=loss, detail=detail)
        return found

    def release(self) -> Release:
        """Give the scope back. Again: nothing.

        Whatever fails, the life lock is let go of, so the next who needs the scope can
        prove that it is free.
        """
        with self._mutex:
            if self._is_released:
                return "already"
            self._is_released = True
            self._reader.close()
            try:
                return self._settle()
            finally:
                self._life.close()
                self._table.close()

    def _settle(self) -> Release:
        if has_stragglers(self._life.path):
            return "left"
        if self._look() != self._files:
            # Not our table: nothing of ours is in it.
            self._life.path.unlink(missing_ok=True)
            return "freed"
        self._table.transact(self._remove)
        return "freed"

    def _remove(self, connection: Connection) -> None:
        found = records.by_id(connection, self._record.id)
        if found is not None and found.token == self._record.token:
            records.remove(connection, self._table.places, self._record.id)

    def _look(self) -> tuple[int, int, int, int] | None:
        """Identify the files that make the lease mean something; None: one is gone."""
        try:
            lock = os.lstat(self._lock_file)
            table = os.lstat(self._table_file)
        except OSError:
            return None
        return lock.st_ino, lock.st_dev, table.st_ino, table.st_dev

    def _read_again(self) -> None:
        """Read our row where anybody has committed since."""
        import sqlite3

        try:
            (version,) = self._reader.execute("PRAGMA data_version").fetchone()
            if version == self._version:
                return
            found = records.by_id(self._reader, self._record.id)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            self._lose("table_gone", str(error))
        if found is None or not found.is_held_as(self._record):
            self._lose(*_loss(found))
        self._version = version

    def _lose(self, loss: LeaseLoss, detail: str) -> NoReturn:
        self._lost = LeaseLostError(loss=loss, detail=detail)
        raise self._lost


def _loss(found: Record | None) -> tuple[LeaseLoss, str]:
    """Say what became of a row that is not as it was."""
    if found is None:
        return "allocation_gone", "its row was removed"
    return "allocation_changed", "its row was changed"
