"""What the tests run as a process of its own; `conftest.Process` starts it."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from podd.core.scope.rules import Rule, Scope
from podd.errors import HeldError, PoddError, ScopeConflictError
from podd.paths import Places
from podd.scope_lock import record as records
from podd.scope_lock.allocation import Allocation, Request, allocate, give_back
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.lending import lend
from podd.scope_lock.life import LifeLock
from podd.scope_lock.lock import exclusively
from podd.scope_lock.record import life_file
from podd.scope_lock.table import Table


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _table(root: str) -> Table:
    base = Path(root)
    return Table(Places(base / "run", base / "state", base / "configuration"))


def _take(table: Table, name: str, path: str) -> Allocation:
    scope = Scope((Rule(path, "write"),))
    request = Request(
        name=name, session="s", scope=scope, since="2026-11-21T01:00:00.000Z", source=""
    )
    return allocate(table, request)


def hold(root: str, name: str, path: str) -> None:
    """Wait for the word, allocate, say who has it, hold it."""
    table = _table(root)
    _say("ready")
    sys.stdin.readline()
    try:
        _take(table, name, path)
    except ScopeConflictError as error:
        _say("conflict", error.holder)
    except HeldError as error:
        _say(error.code)
    else:
        _say("won", name)
    sys.stdin.read()


def churn(root: str, name: str, path: str) -> None:
    """Take and give back without an end."""
    table = _table(root)
    for count in itertools.count():
        allocation = _take(table, name, f"{path}/{count}")
        _say(count)
        give_back(table, allocation)


def be_pod(root: str, allocation: str, token: str, descriptor: str) -> None:
    """Adopt, verify whenever told, hold until killed."""
    try:
        lease = adopt(
            _table(root),
            allocation=allocation,
            token=token,
            descriptor=int(descriptor),
        )
    except PoddError as error:
        _say(error.code)
        return
    _say("adopted", os.get_inheritable(lease.life.descriptor))
    for line in sys.stdin:
        try:
            lease.verify()
        except PoddError as error:
            _say(line.strip(), error.code)
        else:
            _say(line.strip(), "ours")


def be_lender(root: str, allocation: str, token: str, descriptor: str) -> None:
    """Adopt, then lend what each line says: NAME PATH SESSION; keep all life locks."""
    table = _table(root)
    lease = adopt(table, allocation=allocation, token=token, descriptor=int(descriptor))
    _say("adopted")
    _lend(table, lease)


def be_lender_too(root: str, allocation: str, descriptor: str) -> None:
    """Lend on the lease of another process, as one that was forked from it could."""
    table = _table(root)
    record = table.transact(lambda connection: records.by_id(connection, allocation))
    assert record is not None
    life = LifeLock.inherited(life_file(table.places, allocation), int(descriptor))
    _say("ready")
    _lend(table, Lease(table, record, life))


def _lend(table: Table, lease: Lease) -> None:
    kept = []
    for line in sys.stdin:
        name, path, session = line.split()
        request = Request(
            name=name,
            session=session,
            scope=Scope((Rule(path, "write"),)),
            since="2026-11-21T01:00:00.000Z",
            source="",
        )
        try:
            got = lend(table, lease, request)
        except HeldError as error:
            _say(error.code)
        else:
            kept.append(got)
            _say("lent" if isinstance(got, Allocation) else f"there, {got.stage}")


def start_and_leave(root: str, name: str, path: str) -> None:
    """Allocate, start a pod that inherits the life lock, and exit."""
    allocation = _take(_table(root), name, path)
    allocation.life.let_inherit()
    descriptor = str(allocation.life.descriptor)
    arguments = [
        sys.executable, __file__, "be_pod", root, allocation.id, allocation.token,
        descriptor,
    ]  # fmt: skip
    pid = os.posix_spawn(sys.executable, arguments, os.environ)
    allocation.life.close()
    _say("started", pid)


def lock(root: str) -> None:
    """Hold the lock of the table."""
    table = _table(root)
    table.places.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    with exclusively(table.places.lock_file):
        _say("locked")
        sys.stdin.read()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
