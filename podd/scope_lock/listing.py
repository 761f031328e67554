"""What podctl asks the table: who holds what."""

from __future__ import annotations

import os

import msgspec

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.lending import narrowed
from podd.core.scope.rules import Mode, Rule
from podd.paths import Places
from podd.scope_lock import record as records
from podd.scope_lock.record import Record
from podd.scope_lock.table import Table


class Lent(msgspec.Struct, frozen=True):
    """What another pod has of an allocation."""

    to: str
    """Name of the pod."""
    rules: tuple[Rule, ...]


class AllocationView(msgspec.Struct, frozen=True, kw_only=True):
    """One allocation, as `podctl scope list` shows it."""

    pod: str
    pid: int
    """The pod's, or its starter's until it has adopted."""
    since: str
    """RFC 3339."""
    parent: str | None
    """Name of the live pod that lends it; None: nobody does, or its lender is dead."""
    session: str
    mode: Mode
    rules: tuple[Rule, ...]
    lent: tuple[Lent, ...]
    """To pods that live, by their names: what they may write the lender may not."""
    alive: bool
    """False: free for whoever asks, `reclaim` clears it away."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A live pod that may access a path."""

    pod: str
    since: str
    """RFC 3339."""
    lent_by: str | None
    mode: Mode
    rule: Rule
    """What lets it."""


class Holders(msgspec.Struct, frozen=True, kw_only=True):
    """Who may write and read at a path."""

    path: str
    """Real."""
    writers: tuple[Holder, ...]
    """One, unless some do not arbitrate (`mode`); those that do come first."""
    readers: tuple[Holder, ...]
    """Those that may read and not write."""

    @property
    def writer(self) -> Holder | None:
        """The one who may write; None: nobody."""
        return self.writers[0] if self.writers else None


def allocations(table: Table) -> tuple[AllocationView, ...]:
    """List all, the dead too, by name of the pod."""
    found = _everything(table)
    lenders = _lenders(found)
    return tuple(
        AllocationView(
            pod=record.name,
            pid=record.process.pid,
            since=record.since,
            parent=lenders.get(record.lender or ""),
            session=record.session,
            mode=record.grounded.scope.mode,
            rules=record.grounded.scope.rules,
            lent=tuple(
                Lent(to=borrower.name, rules=borrower.grounded.scope.rules)
                for borrower in _borrowers(found, record)
            ),
            alive=alive,
        )
        for record, alive in found
    )


def live_pods(table: Table) -> tuple[str, ...]:
    """Name the pods whose allocation is held, in order."""
    return tuple(record.name for record, alive in _everything(table) if alive)


def holders_of(table: Table, path: str) -> Holders:
    """Find the live pods that may write or read `path` (absolute)."""
    real = os.path.realpath(path)
    found = _everything(table)
    lenders = _lenders(found)
    writers: list[Holder] = []
    readers: list[Holder] = []
    for record, alive in found:
        borrowed = [loan.grounded.scope for loan in _borrowers(found, record)]
        kept = narrowed(record.grounded.scope, borrowed)
        explanation = ScopeIndex(kept).explain(real)
        if not alive or not explanation.readable or explanation.rule is None:
            continue
        holder = Holder(
            pod=record.name,
            since=record.since,
            lent_by=lenders.get(record.lender or ""),
            mode=record.grounded.scope.mode,
            rule=explanation.rule,
        )
        (writers if explanation.writable else readers).append(holder)
    writers.sort(key=_binding_first)
    return Holders(path=real, writers=tuple(writers), readers=tuple(readers))


def _everything(table: Table) -> list[tuple[Record, bool]]:
    """Read all rows, each with whether it is alive; makes no table."""
    if not table.exists:
        return []
    rows = table.transact(records.everything)
    return [(record, _is_alive(table.places, record)) for record in rows]


def _lenders(found: list[tuple[Record, bool]]) -> dict[str, str]:
    """Map the session of each live pod to its name."""
    return {record.session: record.name for record, alive in found if alive}


def _borrowers(found: list[tuple[Record, bool]], lender: Record) -> list[Record]:
    return [
        record for record, alive in found if alive and record.lender == lender.session
    ]


def _is_alive(places: Places, record: Record) -> bool:
    return not records.is_free(places, record)


def _binding_first(holder: Holder) -> int:
    return ("enforce", "warn", "off").index(holder.mode)
