"""Taking a scope for a pod that is about to start."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podd.core.scope.rules import Scope
from podd.errors import NameTakenError, ScopeConflictError, StorageError
from podd.paths import private_directory
from podd.scope_lock import record as records
from podd.scope_lock.conflict import Conflict, Contender, contenders
from podd.scope_lock.grounding import Grounded, ground, make_missing, unmake
from podd.scope_lock.identity import own_identity
from podd.scope_lock.life import LifeLock
from podd.scope_lock.record import Record, life_file
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from sqlite3 import Connection


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


def allocate(
    table: Table,
    request: Request,
    *,
    doing: Callable[[str], str] = lambda _: "",
) -> Allocation:
    """Take a scope, or nothing at all.

    What the dead hold is no obstacle: it is freed on the way.

    Args:
        table: where.
        request: what.
        doing: says in a few words what the pod of this name is at, for a refusal.

    Raises:
        NameTakenError: a live pod has the name; looked at first.
        ScopeConflictError: a live pod may write where this one wants to.
        ManifestError: a path of the scope cannot be used.
    """
    grounded = ground(request.scope, source=request.source)
    attempt = _Attempt(table, request, grounded)
    try:
        return table.transact(attempt.run)
    except _RefusedError as refusal:
        attempt.undo()
        conflict = refusal.conflict
        raise ScopeConflictError(
            path=conflict.path,
            holder=conflict.holder,
            holder_path=conflict.holder_path,
            since=conflict.since,
            doing=doing(conflict.holder),
        ) from None
    except BaseException:
        attempt.undo()
        raise


def give_back(table: Table, allocation: Allocation) -> None:
    """Undo an allocation that no pod has adopted or will.

    Where a pod has adopted it after all, nothing is taken from it.
    """

    def work(connection: Connection) -> None:
        found = records.by_id(connection, allocation.id)
        if found is not None and found.token == allocation.token:
            unmake(list(allocation.made))
            records.remove(connection, table.places, allocation.id)

    try:
        table.transact(work)
    finally:
        allocation.life.close()


class _RefusedError(Exception):
    """Leaves the transaction, so that nobody is asked what he does under the lock."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict)
        self.conflict = conflict


class _Attempt:
    """One try, and what it has put on the disk."""

    def __init__(self, table: Table, request: Request, grounded: Grounded) -> None:
        self._table = table
        self._request = request
        self._grounded = grounded
        self._life: LifeLock | None = None
        self._made: list[Path] = []

    def run(self, connection: Connection) -> Allocation:
        self.undo()
        self._free_name(connection)
        warnings = self._clear_way(connection)
        grounded, self._made = make_missing(self._grounded, source=self._request.source)
        record = self._record(grounded)
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
        if self._life is not None:
            with suppress(OSError):
                self._life.path.unlink()
            self._life.close()
            self._life = None
        unmake(self._made)
        self._made = []

    def _free_name(self, connection: Connection) -> None:
        holder = records.by_name(connection, self._request.name)
        if holder is None:
            return
        if not records.is_free(self._table.places, holder):
            raise NameTakenError(
                name=holder.name, pid=holder.process.pid, since=holder.since
            )
        records.remove(connection, self._table.places, holder.id)

    def _clear_way(self, connection: Connection) -> tuple[Conflict, ...]:
        warnings: list[Conflict] = []
        for contender in contenders(connection, self._grounded):
            if self._is_gone(connection, contender):
                continue
            if contender.is_binding:
                raise _RefusedError(contender.conflict)
            warnings.append(contender.conflict)
        return tuple(warnings)

    def _is_gone(self, connection: Connection, contender: Contender) -> bool:
        if not records.is_free(self._table.places, contender.record):
            return False
        records.remove(connection, self._table.places, contender.record.id)
        return True

    def _record(self, grounded: Grounded) -> Record:
        return Record(
            id=os.urandom(16).hex(),
            token=os.urandom(16).hex(),
            name=self._request.name,
            parent=None,
            session=self._request.session,
            since=self._request.since,
            stage="starting",
            process=own_identity(),
            grounded=grounded,
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
