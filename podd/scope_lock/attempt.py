"""One try to take a scope: what it puts into the table and on the disk, and undoes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from podd.core.scope.rules import Scope
from podd.errors import NameTakenError, PoddError, ScopeConflictError, StorageError
from podd.paths import private_directory
from podd.scope_lock import record as records
from podd.scope_lock.conflict import Conflict, Contender, Kin, contenders
from podd.scope_lock.grounding import Grounded, ground, make_missing, unmake
from podd.scope_lock.identity import own_identity
from podd.scope_lock.life import LifeLock
from podd.scope_lock.record import Limits, Record, life_file
from podd.scope_lock.straggling import end_what_is_left
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a starter asks for."""

    name: str
    session: str
    scope: Scope
    """Absolute paths, links not yet resolved."""
    since: str
    """Now, RFC 3339."""
    source: str
    """The manifest, for errors."""
    limits: Limits = field(default_factory=Limits)
    pods_spawned: int = 0
    """What of `limits.pods` the session has used before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A scope that is ours to hand to a pod.

    The pod gets `id`, `token` and the descriptor of `life`, and adopts. Then, or when
    the start has failed and the pod is dead, the starter closes `life`.
    """

    id: str
    token: str
    name: str
    scope: Scope
    """With real paths."""
    life: LifeLock
    made: tuple[Path, ...] = ()
    """Directories that were missing; `give_back` removes them if still empty."""
    warnings: tuple[Conflict, ...] = ()
    """Whom we overlap with where both sides only want to be warned."""


class RefusedError(Exception):
    """Leaves the transaction: what comes next is not done under the lock."""

    def __init__(
        self, record: Record, conflict: Conflict | None = None, lent_by: str = ""
    ) -> None:
        super().__init__(record, conflict)
        self.record = record
        self.conflict = conflict
        """None: only the name is taken."""
        self.lent_by = lent_by

    def error(self, doing: Callable[[str], str]) -> PoddError:
        """Say it to whoever asked."""
        if self.conflict is None:
            return NameTakenError(
                name=self.record.name,
                pid=self.record.process.pid,
                since=self.record.since,
            )
        return ScopeConflictError(
            path=self.conflict.path,
            holder=self.conflict.holder,
            holder_path=self.conflict.holder_path,
            since=self.conflict.since,
            lent_by=self.lent_by,
            doing=doing(self.conflict.holder),
        )


class Attempt:
    """One try, and what it has put on the disk."""

    def __init__(self, table: Table, request: Request) -> None:
        self.grounded = ground(request.scope, source=request.source)
        self.request = request
        self._table = table
        self._life: LifeLock | None = None
        self._made: list[Path] = []

    def perform(
        self, work: Callable[[Connection], T], *, doing: Callable[[str], str]
    ) -> T:
        """Run `work`, which calls `take`, in a transaction; undo where it raises.

        Where a dead pod is in the way whose commands live, those are ended, and `work`
        is run again.
        """
        while True:
            try:
                return self._table.transact(work)
            except RefusedError as refusal:
                self.undo()
                if end_what_is_left(self._table.places, refusal.record):
                    continue
                error = refusal.error(doing)
            except BaseException:
                self.undo()
                raise
            raise error

    def take(
        self,
        connection: Connection,
        *,
        lenders: tuple[str, ...] = (),
        check: Callable[[], None] = lambda: None,
    ) -> Allocation:
        """Take the scope, or raise; what the dead hold is freed on the way.

        Args:
            connection: in a transaction.
            lenders: sessions of those who lend it, the direct one first.
            check: called when nobody is in the way, before anything is made.

        Raises:
            RefusedError: a live pod has the name, or the scope.
        """
        self.undo()
        used = self._free_session(connection)
        self._free_name(connection)
        warnings = self._clear_way(connection, Kin(self.request.session, lenders))
        check()
        grounded, self._made = make_missing(self.grounded, source=self.request.source)
        record = msgspec.structs.replace(
            self._record(grounded),
            lenders=lenders,
            pods_spawned=max(self.request.pods_spawned, used),
        )
        places = self._table.places
        # Before the row can be seen: a row whose life lock is free is a dead one.
        self._life = _new_life(life_file(places, record.id))
        records.insert(connection, record)
        return Allocation(
            id=record.id,
            token=record.token,
            name=record.name,
            scope=grounded.scope,
            life=self._life,
            made=tuple(self._made),
            warnings=warnings,
        )

    def undo(self) -> None:
        """Take away what is on the disk; the transaction did so with the row."""
        if self._life is not None:
            with suppress(OSError):
                self._life.path.unlink()
            self._life.close()
            self._life = None
        unmake(self._made)
        self._made = []

    def _free_session(self, connection: Connection) -> int:
        """Clear away what the session held before, and say what it had counted.

        A journal knows of its pods below only what it has read of them.
        """
        counted = 0
        for record in records.by_session(connection, self.request.session):
            if records.is_free(self._table.places, record):
                counted = max(counted, record.pods_spawned)
                records.remove(connection, self._table.places, record.id)
        return counted

    def _free_name(self, connection: Connection) -> None:
        holder = records.by_name(connection, self.request.name)
        if holder is None:
            return
        if not records.is_free(self._table.places, holder):
            raise RefusedError(holder)
        records.remove(connection, self._table.places, holder.id)

    def _clear_way(self, connection: Connection, kin: Kin) -> tuple[Conflict, ...]:
        binding: list[Contender] = []
        warnings: list[Conflict] = []
        for contender in contenders(connection, self.grounded, kin):
            if self._is_gone(connection, contender):
                continue
            if contender.is_binding:
                binding.append(contender)
            else:
                warnings.append(contender.conflict)
        if binding:
            # Of a lender and its borrower, the one that has the path now.
            worst = max(binding, key=lambda one: len(one.record.lenders))
            lender = self._lender_of(connection, worst.record)
            raise RefusedError(worst.record, worst.conflict, lender)
        return tuple(warnings)

    def _lender_of(self, connection: Connection, record: Record) -> str:
        """Name the live pod that lends it; empty: nobody does."""
        if record.lender is None:
            return ""
        lenders = records.by_session(connection, record.lender)
        places = self._table.places
        return next(
            (one.name for one in lenders if not records.is_free(places, one)), ""
        )

    def _is_gone(self, connection: Connection, contender: Contender) -> bool:
        if not records.is_free(self._table.places, contender.record):
            return False
        records.remove(connection, self._table.places, contender.record.id)
        return True

    def _record(self, grounded: Grounded) -> Record:
        return Record(
            id=os.urandom(16).hex(),
            token=os.urandom(16).hex(),
            name=self.request.name,
            session=self.request.session,
            since=self.request.since,
            stage="starting",
            process=own_identity(),
            grounded=grounded,
            limits=self.request.limits,
        )


def _new_life(path: Path) -> LifeLock:
    try:
        return LifeLock.create(path)
    except FileNotFoundError:
        private_directory(path.parent)
        return LifeLock.create(path)
    except OSError as error:
        raise StorageError(
            path=str(path), reason=error.strerror or str(error)
        ) from error
