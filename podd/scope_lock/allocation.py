"""Taking a scope for a pod that is about to start, and nobody lends to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from podd.scope_lock import record as records
from podd.scope_lock.attempt import Allocation, Attempt, Request
from podd.scope_lock.grounding import unmake
from podd.scope_lock.record import Limits
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["Allocation", "Limits", "Request", "allocate", "give_back"]


def allocate(
    table: Table,
    request: Request,
    *,
    doing: Callable[[str], str] = lambda _: "",
) -> Allocation:
    """Take a scope, or nothing at all.

    What the dead hold is no obstacle: it is freed on the way, and what they left
    running is ended. What the session itself has lent is none either: a pod that is
    restored has its children in its scope.

    Args:
        table: where.
        request: what.
        doing: says in a few words what the pod of this name is at, for a refusal.

    Raises:
        NameTakenError: a live pod has the name; looked at first.
        ScopeConflictError: a live pod may write where this one wants to.
        ManifestError: a path of the scope cannot be used.
    """
    attempt = Attempt(table, request)
    return attempt.perform(attempt.take, doing=doing)


def give_back(table: Table, allocation: Allocation) -> None:
    """Undo an allocation or a loan that no pod has adopted or will.

    Where a pod has adopted it after all, nothing is taken from it. What was counted
    for it stays counted: a pod that cannot start has cost a process too.
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
