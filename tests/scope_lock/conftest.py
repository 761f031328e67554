"""A universe of its own for each test, and real processes that end with it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podd.core.scope.rules import Access, Mode, Rule, Scope
from podd.paths import Places
from podd.scope_lock import record as records
from podd.scope_lock.allocation import Allocation, Limits, Request, allocate
from podd.scope_lock.lease import Lease, adopt
from podd.scope_lock.lending import Loan, lend
from podd.scope_lock.table import Table

_PROGRAM = Path(__file__).with_name("contender.py")
_LIMIT_SECONDS = 20


class Process:
    """One run of `contender.py`: says lines, ends when its stdin closes."""

    def __init__(self, *words: str, pass_fds: tuple[int, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=pass_fds,
            bufsize=0,
        )
        self.pid = self._process.pid

    def hear(self) -> str:
        """Wait for its next line."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _LIMIT_SECONDS)
        assert ready, "it says nothing"
        return self._process.stdout.readline().decode().strip()

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    def send(self, signal: int) -> None:
        self._process.send_signal(signal)

    def wait(self) -> int:
        """Wait for its end, and say how it ended."""
        return self._process.wait(_LIMIT_SECONDS)

    def kill(self) -> None:
        """kill -9, and reap."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_LIMIT_SECONDS)
        self._process.stdout.close()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "run", tmp_path / "state", tmp_path / "configuration")


@pytest.fixture
def table(places: Places) -> Iterator[Table]:
    with Table(places) as table:
        yield table


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path.resolve()


@pytest.fixture
def process() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*words: object, pass_fds: tuple[int, ...] = ()) -> Process:
        started.append(Process(*map(str, words), pass_fds=pass_fds))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def _request(
    name: str,
    *rules: tuple[Access, Path | str],
    mode: Mode = "enforce",
    session: str = "",
    limits: Limits | None = None,
    pods_spawned: int = 0,
) -> Request:
    return Request(
        name=name,
        session=session or f"session-{name}",
        scope=Scope(tuple(Rule(str(path), access) for access, path in rules), mode),
        since="2026-11-21T01:00:00.000Z",
        source="test.toml",
        limits=limits or Limits(),
        pods_spawned=pods_spawned,
    )


@pytest.fixture
def take(table: Table) -> Iterator[Callable[..., Allocation]]:
    """Allocate; what was taken is let go of at the end."""
    taken: list[Allocation] = []

    def allocate_one(
        *words: object, doing: Callable[[str], str] = lambda _: "", **more: object
    ) -> Allocation:
        taken.append(allocate(table, _request(*words, **more), doing=doing))
        return taken[-1]

    yield allocate_one
    for one in taken:
        one.life.close()


@pytest.fixture
def adopted(table: Table) -> Iterator[Callable[[Allocation], Lease]]:
    """Play the pod of an allocation: `die` is closing the lease's life lock."""
    leases: list[Lease] = []

    def adopt_it(allocation: Allocation) -> Lease:
        leases.append(
            adopt(
                table,
                allocation=allocation.id,
                token=allocation.token,
                descriptor=os.dup(allocation.life.descriptor),
            )
        )
        allocation.life.close()
        return leases[-1]

    yield adopt_it
    for lease in leases:
        lease.life.close()
        lease.release()


@pytest.fixture
def pod(take, adopted) -> Callable[..., Lease]:
    """Start a pod at the top level, in this process."""
    return lambda *words, **more: adopted(take(*words, **more))


@pytest.fixture
def lend_to(table: Table) -> Iterator[Callable[..., Allocation | Loan]]:
    """Lend; what was handed out is let go of at the end."""
    lent: list[Allocation] = []

    def lend_one(
        lender: Lease, *words: object, counted: bool = False, **more: object
    ) -> Allocation | Loan:
        got = lend(table, lender, _request(*words, **more), counted=counted)
        if isinstance(got, Allocation):
            lent.append(got)
        return got

    yield lend_one
    for one in lent:
        one.life.close()


@pytest.fixture
def child(lend_to, adopted) -> Callable[..., Lease]:
    """Lend to a pod and start it, in this process."""
    return lambda *words, **more: adopted(lend_to(*words, **more))


@pytest.fixture
def spawned(table: Table) -> Callable[[], dict[str, int]]:
    """Say what each pod has used of its limit, by name."""
    return lambda: {
        record.name: record.pods_spawned
        for record in table.transact(records.everything)
    }
