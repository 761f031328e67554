"""A parent killed at each step of lending and returning, and restored."""

from __future__ import annotations

import pytest

from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from podd.launch.start import Started
from podd.scope_lock.lending import loans
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table
from podd.testing.crash_points import CRASH_POD, POINTS, VARIABLE
from podd_protocol.requests import Run
from podd_protocol.values import Completed
from tests.end_to_end.families import (
    SAID,
    Parent,
    call,
    named,
    of_kind,
    results,
    says,
    spawn,
    write_child,
)
from tests.launch.pods import OUTLIVES, Watched, entries, held, kill_all, subscribed

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.processes,
    pytest.mark.filterwarnings(OUTLIVES),
]

LENDING = [point for point in POINTS if point.startswith("lend.")]
RETURNING = [point for point in POINTS if point.startswith("return.")]


@pytest.fixture
def places(universe):
    yield universe
    kill_all(universe)


def _crash(parent: Parent, point: str, monkeypatch) -> Started:
    """Let the parent run into the point, and wait until it is dead."""
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, point)
        pod = parent.start(CRASH_POD)
    process = Watched(pod.pid)
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="go"))
        process.wait()
    return pod


def _journal(parent: Parent) -> list:
    assert verify(SessionDirectory(parent.places.session(parent.session)))
    return entries(parent.places, parent.session)


def _rows(places) -> list[str]:
    with Table(places) as table:
        return sorted(found.pod for found in allocations(table))


@pytest.mark.parametrize("point", LENDING)
def test_a_loan_cut_off_at_any_step_is_made_once_and_its_result_arrives_once(
    places, tmp_path, monkeypatch, point
):
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("wait_pods", names=["left"]),
        call("write_file", path="left/x", content="mine"),
        says("the parent is done"),
    )
    _crash(parent, point, monkeypatch)

    parent.start()
    events = parent.follow("turn_ended")

    journal = _journal(parent)
    (intended,) = of_kind(e.LoanIntended, journal)
    (made,) = of_kind(e.LoanMade, journal)
    (given,) = of_kind(e.TaskGiven, journal)
    assert intended.session == made.session == given.session
    assert of_kind(e.LoanReturned, journal) == []
    (news,) = [one for one in of_kind(e.ChildNews, journal) if one.news == "turn_ended"]
    assert (news.text, news.cause is not None) == (SAID, True)
    done = results(events)
    assert [done[name].status for name in done] == ["ok", "ok", "denied"]
    assert SAID in done["t1.2.1"].output
    assert named(events, "turn_ended")[-1].outcome == Completed()
    assert _rows(places) == ["demo", "demo.left"]
    with Table(places) as table:
        (loan,) = loans(table, parent.session)
    assert (loan.session, loan.alive) == (intended.session, True)
    child = entries(places, intended.session)
    assert len(of_kind(e.InputAccepted, child)) == 1
    assert len(of_kind(e.TurnEnded, child)) == 1
    assert not parent.path("left", "x").exists()


@pytest.mark.parametrize("point", RETURNING)
def test_a_return_cut_off_at_any_step_comes_about_once(
    places, tmp_path, monkeypatch, point
):
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("stop_pod", name="left"),
        call("write_file", path="left/x", content="mine"),
        says("the parent is done"),
    )
    _crash(parent, point, monkeypatch)

    parent.start()
    events = parent.follow("turn_ended")

    journal = _journal(parent)
    (returned,) = of_kind(e.LoanReturned, journal)
    assert returned.end == "stopped"
    assert [one.status for one in results(events).values()] == ["ok", "ok", "ok"]
    assert _rows(places) == ["demo"]
    assert held(places) == ["demo"]
    assert parent.path("left", "x").read_text(encoding="utf-8") == "mine"
    state = fold(journal)
    assert [child.stage for child in state.children.values()] == ["returned"]


@pytest.mark.parametrize("point", ["lend.lent", "lend.made"])
def test_a_parent_that_crashes_twice_at_one_point_goes_on_all_the_same(
    places, tmp_path, monkeypatch, point
):
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("wait_pods", names=["left"]),
        says("the parent is done"),
    )
    _crash(parent, point, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, point)
        process = Watched(parent.start(CRASH_POD).pid)
    process.wait()

    parent.start()
    events = parent.follow("turn_ended")

    assert len(of_kind(e.LoanMade, _journal(parent))) == 1
    assert SAID in results(events)["t1.2.1"].output
    assert _rows(places) == ["demo", "demo.left"]


@pytest.mark.parametrize("point", RETURNING)
def test_a_child_that_came_to_nothing_is_told_once_whenever_the_parent_crashes(
    places, tmp_path, monkeypatch, point
):
    write_child(tmp_path)
    parent = Parent(places, tmp_path, spawn("left", task=" "), says("so be it"))
    _crash(parent, point, monkeypatch)

    parent.start()
    events = parent.follow("turn_ended")

    (refused,) = results(events).values()
    assert refused.status == "error"
    assert "nothing in it" in refused.summary
    journal = _journal(parent)
    (intended,) = of_kind(e.LoanIntended, journal)
    (returned,) = of_kind(e.LoanReturned, journal)
    assert (returned.session, returned.end) == (intended.session, "not_started")
    assert _rows(places) == ["demo"]
