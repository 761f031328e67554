"""A pod in a process of its own: a real allocation, a real socket, and manners.

Run as a program: `python -m tests.cli.process_pod NAME DIRECTORY MANNERS`. It says
`ready` on stdout when it can be asked.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from podd.core.scope.rules import Rule, Scope
from podd.paths import places
from podd.scope_lock import record as records
from podd.scope_lock.allocation import Allocation, Request, allocate
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.lending import lend
from podd.scope_lock.life import LifeLock
from podd.scope_lock.record import life_file
from podd.scope_lock.table import Table
from podd_protocol.replies import Failure
from podd_protocol.requests import Shutdown
from tests.client.fake_pod import SESSION, FakePod

Manners = Literal["orderly", "crashing", "deaf", "refusing", "mute"]
"""What it does when it is asked to end: end; end and leave its allocation; say yes and
go on; say that it is ending already, and end. `mute` never says anything at all."""

ROOT = Path(__file__).parents[2]


class _Mortal(FakePod):
    """Closes when it has answered that it ends, and that ends the process."""

    def close(self):
        super().close()
        os.kill(os.getpid(), signal.SIGTERM)


def session_of(name: str) -> str:
    """A child's session is not its parent's."""
    return f"{SESSION}-{name}" if "." in name else SESSION


def _allocated(table: Table, name: str, directory: str) -> Allocation:
    """Its own scope; that of `p.x` is lent by `p`, if such a pod lives."""
    request = Request(
        name=name,
        session=session_of(name),
        scope=Scope((Rule(directory, "write"),)),
        since="2026-11-20T10:00:00.000Z",
        source="test",
    )
    lender = name.rpartition(".")[0]
    if not lender:
        return allocate(table, request)
    record = table.transact(lambda connection: records.by_name(connection, lender))
    assert record is not None, "parents are started first"
    file = life_file(table.places, record.id)
    # The lender holds its lock; to lend in its name the row is enough.
    life = LifeLock(file, os.open(file, os.O_RDWR))
    loan = lend(table, Lease(table, record, life), request)
    assert isinstance(loan, Allocation)
    return loan


def main(name: str, directory: str, manners: Manners) -> None:
    """Live until told to end."""
    where = places()
    table = Table(where)
    allocation = _allocated(table, name, directory)
    lease = adopt(
        table,
        allocation=allocation.id,
        token=allocation.token,
        descriptor=os.dup(allocation.life.descriptor),
    )
    allocation.life.close()

    def answer(_pod, request):
        if manners == "mute":
            return b""
        if manners == "refusing" and isinstance(request, Shutdown):
            return Failure(id=request.id, code="stopping", message="stopping already")
        return None

    ended = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ended)
    pod = _Mortal(where.socket(name), answer=answer)
    pod.session = session_of(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        signal.sigwait(ended)
        if manners != "deaf":
            break
    if manners == "crashing":
        os._exit(1)
    lease.release()
    pod.close()
    os._exit(0)


@contextmanager
def process_pod(
    name: str, directory: Path, manners: Manners = "orderly"
) -> Iterator[subprocess.Popen[str]]:
    """Run one for the time of a block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.process_pod", name, str(directory), manners],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


if __name__ == "__main__":
    assert sys.argv[3] in get_args(Manners)
    main(*sys.argv[1:])  # type: ignore[arg-type]
