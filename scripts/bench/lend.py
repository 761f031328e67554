"""Loans: lending and settling against bare transactions on the same table."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from ratio import compare, show

from podd.core.scope.rules import Rule, Scope
from podd.paths import Places
from podd.scope_lock.allocation import Allocation, Limits, Request, allocate
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.lending import lend, settle
from podd.scope_lock.table import Table

LOANS = 200
#: Other pods in the table, none of them in the way.
OTHERS = (0, 1_000)


def request(name: str, path: Path) -> Request:
    return Request(
        name=name,
        session=f"session-{name}",
        scope=Scope((Rule(str(path), "write"),)),
        since="2026-01-01T00:00:00.000Z",
        source="bench",
        limits=Limits(pods=10_000_000),
    )


def lender(table: Table, path: Path) -> Lease:
    got = allocate(table, request("bench", path))
    lease = adopt(
        table,
        allocation=got.id,
        token=got.token,
        descriptor=os.dup(got.life.descriptor),
    )
    got.life.close()
    return lease


def main() -> None:
    figures = []
    for others in OTHERS:
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            root = Path(os.path.realpath(directory))
            places = Places(root / "run", root / "state", root / "configuration")
            lent = root / "work" / "lent"
            lent.mkdir(parents=True)
            table = Table(places)
            lease = lender(table, root / "work")
            held = [
                allocate(table, request(f"other-{n}", root / "others" / str(n)))
                for n in range(others)
            ]
            wanted = request("bench.child", lent)

            def lend_and_settle(
                table: Table = table, lease: Lease = lease, wanted: Request = wanted
            ) -> float:
                before = time.perf_counter()
                for _ in range(LOANS):
                    got = lend(table, lease, wanted, counted=True)
                    assert isinstance(got, Allocation)
                    got.life.close()
                    assert settle(table, lease, wanted.session).state == "returned"
                return time.perf_counter() - before

            def bare(table: Table = table) -> float:
                """Two that write one row each."""
                before = time.perf_counter()
                for _ in range(LOANS):
                    for since in ("lent", "settled"):
                        table.transact(
                            lambda connection, since=since: connection.execute(
                                "UPDATE allocation SET since = ? WHERE name = 'bench'",
                                (since,),
                            )
                        )
                return time.perf_counter() - before

            figures.append(
                compare(
                    f"lend and settle, {others:,} others",
                    "",
                    lend_and_settle,
                    bare,
                    rounds=9,
                )
            )
            for one in held:
                one.life.close()
            lease.release()
    show(figures, unit=f"ms a {LOANS}")


main()
