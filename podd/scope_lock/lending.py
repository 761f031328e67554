"""Loans in the table: a pod's scope, or a part of it, in the hands of another.

A loan is a row of its own whose `lenders` begin with the lender's session. What is lent
is never taken out of the lender's row: what a lender may write is its scope, narrowed
by the loans that are there (core/scope/lending.py). So nothing is to be mended when one
of the two dies: a borrower whose lender is dead holds what it holds, and a lender who
is restored under its session has its loans again.

A loan is free when its borrower is proved dead, and `settle` alone gives it back: until
then the lender stays narrowed, even where a stranger's allocation has cleared the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from podd.core.scope.lending import excess
from podd.core.scope.rules import Scope
from podd.errors import (
    LimitReachedError,
    ManifestError,
    OutsideScopeError,
    ScopeConflictError,
    SessionHeldError,
)
from podd.scope_lock import record as records
from podd.scope_lock.attempt import Allocation, Attempt, Request
from podd.scope_lock.grounding import Grounded
from podd.scope_lock.lease import Lease
from podd.scope_lock.record import Record, Stage
from podd.scope_lock.straggling import end_what_is_left
from podd.scope_lock.table import Table

if TYPE_CHECKING:
    from sqlite3 import Connection


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """What a session has lent directly, as the table has it."""

    name: str
    """Of the borrower."""
    session: str
    """The borrower's."""
    scope: Scope
    """With real paths."""
    stage: Stage
    alive: bool
    """Whether anything lives that could write under it; False: to be settled."""
    pid: int
    """The borrower's, or its starter's until it has adopted."""
    since: str
    """RFC 3339."""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What `settle` found and did."""

    state: Literal["held", "returned", "absent"]
    """held: the borrower, or something it started, lives; nothing was done.
    returned: it is dead, and the row is gone. absent: there was no row: it was settled
    before, or somebody cleared it away; nobody writes there on its strength."""
    assumed: tuple[Loan, ...] = ()
    """What the dead borrower had lent to those who live: from now on we lend it."""


def lend(
    table: Table,
    lender: Lease,
    request: Request,
    *,
    counted: bool = False,
    doing: Callable[[str], str] = lambda _: "",
) -> Allocation | Loan:
    """Lend a part of our scope to a pod that is about to start. This commits the loan.

    Once for each session: where the loan is there and its borrower lives, it is
    returned as it stands; where the borrower is dead, it is lent anew.

    Args:
        table: where.
        lender: our own hold.
        request: what; `scope` has real paths, as core/scope/lending.py gives it.
        counted: this session is already in our `pods_spawned`.
        doing: says in a few words what the pod of this name is at, for a refusal.

    Returns:
        The allocation to hand down, or the loan that is there already.

    Raises:
        LeaseLostError: we have nothing to lend any more.
        NameTakenError: a live pod has the name.
        ScopeConflictError: somebody else may write there: a pod that we have lent it
            to, a stranger, or we ourselves, under another name of the same directory.
        OutsideScopeError: we may not do all of it either.
        LimitReachedError: a pod above has no more pods to start, or levels below it.
        SessionHeldError: the session runs, and not on a loan of ours.
        ManifestError: a path cannot be used, or has become a link.
    """
    lender.verify()
    attempt = Attempt(table, request)
    _refuse_moved(request, attempt.grounded)

    def work(connection: Connection) -> Allocation | Loan:
        ours = lender.current(connection)
        again = records.by_session(connection, request.session)
        for record in again:
            if not records.is_free(table.places, record):
                return _standing(table, record, ours)
        lenders = (ours.session, *ours.lenders)

        def check() -> None:
            _refuse_excess(connection, table, ours, attempt.grounded.scope)
            _count(connection, table, lenders, is_new=not (counted or again))

        return attempt.take(connection, lenders=lenders, check=check)

    got = attempt.perform(work, doing=doing)
    if isinstance(got, Loan) and _end_what_is_left(table, lender, request.session):
        got = attempt.perform(work, doing=doing)
    return got


def settle(table: Table, lender: Lease, session: str) -> Settled:
    """Take back what we lent to `session`, if its borrower is proved dead.

    What the dead borrower left running is ended first. What it had lent on to pods that
    live is lent by us from then on.

    Args:
        table: where.
        lender: our own hold.
        session: the borrower's.

    Raises:
        LeaseLostError: we hold nothing that could return.
    """

    def work(connection: Connection) -> Settled:
        ours = lender.current(connection)
        state: Literal["returned", "absent"] = "absent"
        for record in records.by_session(connection, session):
            if record.lender != ours.session:
                continue
            if not records.is_free(table.places, record):
                return Settled(state="held")
            records.remove(connection, table.places, record.id)
            state = "returned"
        return Settled(state=state, assumed=_assume(connection, table, ours, session))

    settled = table.transact(work)
    if settled.state == "held" and _end_what_is_left(table, lender, session):
        settled = table.transact(work)
    return settled


def loans(table: Table, session: str) -> tuple[Loan, ...]:
    """List what `session` has lent directly, by name; the dead too."""
    if not table.exists:
        return ()
    found = table.transact(lambda connection: records.lent_by(connection, session))
    return tuple(_loan(table, record) for record in found)


def _end_what_is_left(table: Table, lender: Lease, session: str) -> bool:
    """End what a dead borrower of ours has left running; False: it may live."""
    found = table.transact(lambda connection: records.by_session(connection, session))
    return any(
        end_what_is_left(table.places, record)
        for record in found
        if record.lender == lender.session
    )


def _loan(table: Table, record: Record) -> Loan:
    return Loan(
        name=record.name,
        session=record.session,
        scope=record.grounded.scope,
        stage=record.stage,
        alive=not records.is_free(table.places, record),
        pid=record.process.pid,
        since=record.since,
    )


def _standing(table: Table, record: Record, ours: Record) -> Loan:
    if record.lender != ours.session:
        raise SessionHeldError(session=record.session, pod=record.name)
    return _loan(table, record)


def _refuse_moved(request: Request, grounded: Grounded) -> None:
    """Refuse where a directory has become a link since the lender was narrowed.

    What the lender gave up is the path that was asked for, not where it leads now.
    """
    asked = set(request.scope.rules)
    for rule in grounded.scope.rules:
        if rule.access in {"read", "write"} and rule not in asked:
            raise ManifestError(
                path=request.source,
                key=f"scope.{rule.access}",
                reason=f"what was asked for leads to {rule.path} through a link",
                hint="ask for the real path",
            )


def _refuse_excess(
    connection: Connection, table: Table, ours: Record, scope: Scope
) -> None:
    others = {
        record.name: record
        for record in records.lent_by(connection, ours.session)
        if not records.is_free(table.places, record)
    }
    found = excess(
        ours.grounded.scope,
        scope,
        lent={name: record.grounded.scope for name, record in others.items()},
    )
    if found is None:
        return
    if found.borrower:
        raise ScopeConflictError(
            path=found.path,
            holder=found.borrower,
            holder_path=found.borrower_path,
            since=others[found.borrower].since,
            lent_by=ours.name,
        )
    raise OutsideScopeError(
        path=found.path,
        access=found.access,
        reason=f"pod {ours.name!r}, which lends it, may not either",
    )


def _count(
    connection: Connection, table: Table, lenders: tuple[str, ...], *, is_new: bool
) -> None:
    """Hold one more pod to the limits of all above it that live, and count it there."""
    above: list[str] = []
    for depth, session in enumerate(lenders, start=1):
        for record in records.by_session(connection, session):
            if records.is_free(table.places, record):
                continue
            limits = record.limits
            if depth > limits.depth:
                raise LimitReachedError(
                    limit="depth", value=limits.depth, holder=record.name
                )
            if is_new and record.pods_spawned >= limits.pods:
                raise LimitReachedError(
                    limit="pods", value=limits.pods, holder=record.name
                )
            above.append(record.id)
    if is_new:
        records.count_one(connection, above)


def _assume(
    connection: Connection, table: Table, ours: Record, dead: str
) -> tuple[Loan, ...]:
    """Lend what the dead has lent on, past all between us that are dead as well."""
    assumed: list[Loan] = []
    for record in records.lent_by(connection, dead, directly=False):
        above = record.lenders[record.lenders.index(dead) + 1 :]
        if above[:1] != (ours.session,):
            # The dead had it from somebody else: below us, or in another life.
            continue
        if records.is_free(table.places, record):
            records.remove(connection, table.places, record.id)
            continue
        until = record.lenders.index(ours.session)
        between = [
            session
            for session in record.lenders[:until]
            if session != dead and _lives(connection, table, session)
        ]
        lenders = (*between, ours.session, *ours.lenders)
        moved = records.lend_from(connection, record, lenders)
        if not between:
            assumed.append(_loan(table, moved))
    return tuple(assumed)


def _lives(connection: Connection, table: Table, session: str) -> bool:
    return any(
        not records.is_free(table.places, record)
        for record in records.by_session(connection, session)
    )
