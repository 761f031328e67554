"""Starting a pod on a loan, and giving a start up."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import (
    LimitReachedError,
    NameTakenError,
    OutsideScopeError,
    PodNotAnsweringError,
    SessionHeldError,
    StartAbandonedError,
)
from podd.launch.abandon import Abandon
from podd.launch.message import ParentMessage
from podd.launch.process import PodProcess
from podd.launch.request import Lender, StartRequest
from podd.launch.session import is_born, kept
from podd.launch.start import start, start_held
from podd.scope_lock.allocation import Limits, Request, allocate
from podd.scope_lock.lease import adopt
from podd.scope_lock.lending import loans
from podd.scope_lock.table import Table
from podd.testing.crash_points import CRASH_POD
from podd_protocol.requests import Status
from tests.launch.pods import (
    OUTLIVES,
    connected,
    held,
    kill,
    kinds,
    resolved,
    started,
    write_pod,
)

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]

SESSION = "0190a000-0000-7000-8000-00000000000c"
LENDER = "0190a000-0000-7000-8000-00000000000a"
POINTS = ["lend.lent", "lend.started", "lend.adopted"]


@pytest.fixture
def lender(places, tmp_path):
    """This process holds a scope, as a pod does, and lends."""
    with Table(places) as table:
        allocation = allocate(
            table,
            Request(
                name="boss",
                session=LENDER,
                scope=Scope((Rule(str(tmp_path.resolve()), "write"),)),
                since="2026-01-01T00:00:00.000Z",
                source="test",
                limits=Limits(pods=2, depth=1),
            ),
        )
        lease = adopt(
            Table(places),
            allocation=allocation.id,
            token=allocation.token,
            descriptor=allocation.life.descriptor,
        )
        yield Lender(
            lease=lease,
            table=table,
            parent=ParentMessage(
                name="boss", session=LENDER, token="t0k", socket="/nowhere"
            ),
        )
        lease.release()


def _request(places, tmp_path, lender, **more) -> StartRequest:
    given = resolved(places, write_pod(tmp_path, name="kid"))
    given = msgspec.structs.replace(
        given, scope=Scope((Rule(str((tmp_path / "work").resolve()), "write"),))
    )
    request = StartRequest(
        places=places, resolved=given, name="boss.kid", session=SESSION, lender=lender
    )
    return replace(request, **more)


def _assert_nothing_is_left(places, lender) -> None:
    assert held(places) == ["boss"]
    assert loans(lender.table, LENDER) == ()
    assert not places.session(SESSION).exists()
    assert not places.pod("boss.kid").exists()


def test_a_child_has_its_lenders_loan_and_knows_its_parent(places, tmp_path, lender):
    points: list[str] = []

    pod, process = start_held(_request(places, tmp_path, lender, reach=points.append))

    (loan,) = loans(lender.table, LENDER)
    assert (loan.name, loan.session, loan.stage, loan.alive) == (
        "boss.kid",
        SESSION,
        "adopted",
        True,
    )
    assert (pod.name, pod.session, pod.pid) == ("boss.kid", SESSION, loan.pid)
    assert points == POINTS
    with connected(pod) as connection:
        assert connection.ask(Status(id=0)).pod == "boss.kid"
    process.kill()
    assert process.reap() == -9


def test_the_life_lock_is_inherited_by_that_child_alone(places, tmp_path, lender):
    seen: list[bool] = []

    def reach(_point: str) -> None:
        seen.extend(
            os.get_inheritable(int(entry.name))
            for entry in Path("/proc/self/fd").iterdir()
            if "/life/" in _target(entry)
        )

    _, process = start_held(_request(places, tmp_path, lender, reach=reach))
    process.kill()
    process.reap()

    assert len(seen) >= 2 * len(POINTS)
    assert not any(seen)


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except FileNotFoundError:
        return ""


def test_a_child_that_dies_before_it_is_ready_is_told_and_its_loan_is_back(
    places, tmp_path, lender
):
    request = _request(places, tmp_path, lender, module=CRASH_POD)

    with pytest.raises(PodNotAnsweringError) as failed:
        start(request)

    assert "KeyError" in failed.value.reason
    _assert_nothing_is_left(places, lender)


def test_a_start_that_is_given_up_ends_what_was_begun(places, tmp_path, lender):
    pids: list[int] = []
    began = PodProcess.__init__

    def begin(self, *arguments, **more):
        began(self, *arguments, **more)
        pids.append(self.pid)

    with Abandon() as abandon, pytest.MonkeyPatch.context() as patch:
        patch.setattr(PodProcess, "__init__", begin)

        def reach(point: str) -> None:
            if point == "lend.started":
                threading.Thread(target=abandon.say).start()

        with pytest.raises(StartAbandonedError) as failed:
            start(_request(places, tmp_path, lender, abandon=abandon, reach=reach))

    assert failed.value.pod == "boss.kid"
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
    _assert_nothing_is_left(places, lender)


def test_a_start_that_was_given_up_before_starts_no_process(places, tmp_path, lender):
    points: list[str] = []
    with Abandon() as abandon:
        abandon.say()
        request = _request(
            places, tmp_path, lender, abandon=abandon, reach=points.append
        )
        with pytest.raises(StartAbandonedError):
            start(request)

    assert points == ["lend.lent"]
    _assert_nothing_is_left(places, lender)


def test_a_child_that_runs_is_not_started_twice(places, tmp_path, lender):
    _, process = start_held(_request(places, tmp_path, lender))

    with pytest.raises(SessionHeldError):
        start(_request(places, tmp_path, lender))

    assert held(places) == ["boss", "boss.kid"]
    process.kill()
    process.reap()


def test_a_child_that_is_dead_goes_on_with_its_session(places, tmp_path, lender):
    _, process = start_held(_request(places, tmp_path, lender))
    process.kill()
    process.reap()
    again = _request(
        places, tmp_path, lender, resolved=None, session=None, resume=SESSION
    )

    pod, process = start_held(again)

    assert pod.session == SESSION
    assert kinds(places, SESSION).count("pod_started") == 2
    process.kill()
    process.reap()


def test_what_the_lender_does_not_have_is_not_lent(places, tmp_path, lender):
    request = _request(places, tmp_path, lender)
    outside = msgspec.structs.replace(
        request.resolved, scope=Scope((Rule(str(places.runtime), "read"),))
    )

    with pytest.raises(OutsideScopeError):
        start(replace(request, resolved=outside))

    _assert_nothing_is_left(places, lender)


def test_the_limits_of_the_lender_hold(places, tmp_path, lender):
    for number in range(2):
        request = _request(places, tmp_path, lender, session=f"{SESSION[:-1]}{number}")
        _, process = start_held(request)
        process.kill()
        process.reap()

    with pytest.raises(LimitReachedError) as refused:
        start(_request(places, tmp_path, lender))

    assert (refused.value.limit, refused.value.value) == ("pods", 2)


def test_a_name_that_is_taken_is_refused(places, tmp_path, lender):
    with pytest.raises(NameTakenError):
        start(_request(places, tmp_path, lender, name="boss"))

    _assert_nothing_is_left(places, lender)


def test_a_manifest_that_fills_a_pipe_is_heard_whole(places, tmp_path):
    more = "".join(
        f'[[permissions.rules]]\ntool = "bash"\nmatch = "{number:06} {"x" * 200}"\n'
        'action = "deny"\n'
        for number in range(1000)
    )

    pod = started(places, write_pod(tmp_path, more=more))

    assert held(places) == ["demo"]
    kill(pod)


def test_what_a_session_says_of_pods_below_is_counted(places, tmp_path):
    pod = started(places, write_pod(tmp_path))

    assert is_born(places, pod.session)
    assert not is_born(places, SESSION)
    found = kept(places, pod.session)
    assert found.pods_below == 0
    assert found.manifest["manifest"]["pod"]["name"] == "demo"
    kill(pod)
