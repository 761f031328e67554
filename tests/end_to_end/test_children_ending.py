"""Children and parents that end: in order, killed, given up, outlived."""

from __future__ import annotations

import os
import signal

import pytest

from podd.core.session import entries as e
from podd.launch.ending import end
from podd.scope_lock.lock import exclusively
from podd.testing.crash_points import CRASH_POD, VARIABLE
from podd_protocol.requests import Answer, Cancel, Run, Shutdown, Status
from podd_protocol.values import Completed
from tests.end_to_end.families import (
    ENDLESS,
    SAID,
    SLOW,
    Parent,
    call,
    followed,
    is_child_event,
    named,
    of_kind,
    pid_of,
    results,
    says,
    spawn,
    wait_event,
    write_child,
    zombies,
)
from tests.launch.pods import (
    LIMIT_SECONDS,
    OUTLIVES,
    Watched,
    connected,
    entries,
    held,
    kill_all,
    started,
    subscribed,
    until,
    write_pod,
)

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.processes,
    pytest.mark.filterwarnings(OUTLIVES),
]


@pytest.fixture
def places(universe):
    yield universe
    kill_all(universe)


def test_a_child_that_is_killed_at_work_is_told_and_gives_everything_back(
    places, tmp_path
):
    write_child(tmp_path, ENDLESS)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        says("it is at work"),
        call("write_file", path="left/x", content="mine"),
        says("heard of its end"),
    )
    pod = parent.start()
    parent.run()
    child = Watched(pid_of(places, "demo.left"))

    child.send(signal.SIGKILL)

    events = wait_event(
        parent, lambda event: getattr(event, "text", "") == "heard of its end"
    )
    (ended,) = [
        event for event in named(events, "child_event") if event.kind == "ended"
    ]
    assert ended.end == "crashed"
    assert "SIGKILL" in ended.message
    assert ended.cause is not None
    assert [one.status for one in results(events).values()] == ["ok", "ok"]
    assert held(places) == ["demo"]
    assert zombies(pod.pid) == []


def test_a_spawn_that_is_cancelled_leaves_nothing(places, tmp_path):
    write_child(tmp_path)
    parent = Parent(places, tmp_path, spawn("left"), says("never"))
    pod = parent.start()
    with subscribed(pod) as connection, connected(pod) as control:
        with exclusively(places.lock_file):
            control.ask(Run(id=0, input="go"))
            until(connection, "child_event")
            control.ask(Cancel(id=0))
        events = wait_event(parent, is_child_event("ended"))

    (ended,) = [
        event for event in named(events, "child_event") if event.kind == "ended"
    ]
    assert (ended.end, ended.cause) == ("not_started", None)
    assert held(places) == ["demo"]
    assert len(list(places.sessions.iterdir())) == 1
    assert zombies(pod.pid) == []


def _grandparent(places, tmp_path) -> Parent:
    """Whose child `kid` has a child `grand`, once it runs; both are at work."""
    write_child(
        tmp_path,
        spawn("grand", manifest="grand.toml"),
        ENDLESS,
        more='[tools]\nallow = ["spawn_pod", "read_file"]\n',
    )
    write_child(tmp_path, ENDLESS, name="grand")
    # What the child names as its manifest lies in what it may read.
    parent = Parent(
        places,
        tmp_path,
        spawn("kid", scope={"write": ["kid"], "read": ["."]}),
        says("at work"),
        says("heard"),
    )
    for name in ("grand.toml", "grand.script.toml"):
        kid = tmp_path / "work" / "kid"
        kid.mkdir(exist_ok=True)
        (kid / name).write_bytes((tmp_path / "work" / name).read_bytes())
    return parent


def test_grandchildren_are_known_at_the_root_and_outlive_their_parent(places, tmp_path):
    parent = _grandparent(places, tmp_path)
    parent.start()
    parent.run()
    wait_event(parent, is_child_event("started", "demo.kid.grand"))
    assert held(places) == ["demo", "demo.kid", "demo.kid.grand"]

    os.kill(pid_of(places, "demo.kid"), signal.SIGKILL)

    events = wait_event(parent, is_child_event("assumed", "demo.kid.grand"))
    assert held(places) == ["demo", "demo.kid.grand"]
    assumed = named(events, "child_event")[-1]
    assert assumed.parent == "demo"
    with connected(parent.pod) as connection:
        status = connection.ask(Status(id=0))
    assert {child.pod: child.ended for child in status.children} == {
        "demo.kid": "crashed",
        "demo.kid.grand": None,
    }


@pytest.mark.parametrize("point", ["return.dead", "return.settled"])
def test_a_grandchild_is_assumed_also_where_the_root_dies_over_it(
    places, tmp_path, monkeypatch, point
):
    parent = _grandparent(places, tmp_path)
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, point)
        root = Watched(parent.start(CRASH_POD).pid)
    parent.run()
    wait_event(parent, is_child_event("started", "demo.kid.grand"))
    os.kill(pid_of(places, "demo.kid"), signal.SIGKILL)
    root.wait()

    parent.start()

    events = wait_event(parent, is_child_event("assumed", "demo.kid.grand"))
    kinds = [one.kind for one in named(events, "child_event")]
    assert kinds.count("assumed") == 1
    assert held(places) == ["demo", "demo.kid.grand"]


@pytest.mark.parametrize("wish", ["drain", "stop"])
def test_a_parent_that_ends_ends_its_children_first(places, tmp_path, wish):
    step = SLOW if wish == "drain" else ENDLESS
    write_child(tmp_path, step, more=f'[supervise]\non_parent_end = "{wish}"\n')
    parent = Parent(places, tmp_path, spawn("left"), says("done"))
    parent.start()
    parent.run()
    with followed(places, "demo.left") as connection:
        until(connection, "step_started")

    end(places, "demo", timeout_seconds=LIMIT_SECONDS)

    assert held(places) == []
    journal = entries(places, parent.session)
    (returned,) = of_kind(e.LoanReturned, journal)
    assert returned.end == "stopped"
    assert isinstance(journal[-1], e.SessionClosed)
    child = entries(places, returned.session)
    assert len(of_kind(e.TurnEnded, child)) == (1 if wish == "drain" else 0)


def test_a_detached_child_outlives_its_parent_and_is_there_when_it_comes_back(
    places, tmp_path
):
    write_child(tmp_path, ENDLESS)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        says("done"),
        call("write_file", path="left/x", content="x"),
        call("stop_pod", name="left", now=True),
        says("ended it"),
        more='[supervise]\non_parent_end = "detach"\n',
    )
    parent.start()
    parent.run()

    end(places, "demo", timeout_seconds=LIMIT_SECONDS)
    assert held(places) == ["demo.left"]

    parent.start()
    events = parent.run("end it")
    assert [one.status for one in results(events).values()] == ["denied", "ok"]
    assert held(places) == ["demo"]


def test_a_parent_that_is_ended_at_once_tells_its_children_all_the_same(
    places, tmp_path
):
    write_child(tmp_path, SLOW)
    parent = Parent(places, tmp_path, spawn("left"), says("done"))
    pod = parent.start()
    parent.run()
    child = Watched(pid_of(places, "demo.left"))

    with connected(pod) as connection:
        connection.ask(Shutdown(id=0, mode="now"))

    child.wait()
    assert held(places) == []
    parent.start()
    wait_event(parent, is_child_event("ended"))
    (returned,) = of_kind(e.LoanReturned, entries(places, parent.session))
    assert returned.end == "stopped"


def test_a_child_goes_on_while_its_parent_is_dead_and_reports_when_it_is_back(
    places, tmp_path
):
    write_child(tmp_path, SLOW, says("not asked for"))
    parent = Parent(places, tmp_path, spawn("left"), says("done"), says("heard"))
    pod = parent.start()
    parent.run()
    (intended,) = of_kind(e.LoanIntended, entries(places, parent.session))
    watched = Watched(pod.pid)
    with followed(places, "demo.left") as connection:
        watched.send(signal.SIGKILL)
        watched.wait()
        until(connection, "turn_ended")
    assert intended.session

    parent.start()

    events = wait_event(parent, lambda one: getattr(one, "text", "") == "heard")
    (news,) = [
        event for event in named(events, "child_event") if event.kind == "turn_ended"
    ]
    assert (news.text, news.outcome) == ("slowly", Completed())
    assert held(places) == ["demo", "demo.left"]


def test_a_child_that_is_stopped_and_does_not_move_is_killed(places, tmp_path):
    write_child(tmp_path, ENDLESS)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        says("at work"),
        call("stop_pod", name="left", now=True),
        says("ended it"),
    )
    parent.start()
    parent.run()
    child = Watched(pid_of(places, "demo.left"))
    child.send(signal.SIGSTOP)

    with subscribed(parent.pod, after=None) as connection, connected(parent.pod) as ask:
        ask.ask(Run(id=0, input="end it"))
        found = []
        for heard in connection.events(timeout_seconds=LIMIT_SECONDS):
            found.append(heard.event)
            if heard.event.__struct_config__.tag == "turn_ended":
                break

    (stopped,) = results(found).values()
    assert stopped.status == "ok"
    assert "SIGKILL" in stopped.summary
    assert held(places) == ["demo"]


def test_the_last_report_of_a_child_that_is_dead_is_heard_before_its_end(
    places, tmp_path
):
    write_child(tmp_path, call("ask_user", question="go on?"), says(SAID))
    parent = Parent(places, tmp_path, spawn("left"), says("done"), says("heard"))
    pod = parent.start()
    parent.run()
    child = Watched(pid_of(places, "demo.left"))
    os.kill(pod.pid, signal.SIGSTOP)
    with followed(places, "demo.left") as connection:
        asked = until(connection, "question_asked")[-1]
        connection.ask(Answer(id=0, question=asked.question, text="go"))
        until(connection, "turn_ended")
    child.send(signal.SIGKILL)
    os.kill(pod.pid, signal.SIGCONT)

    events = wait_event(parent, is_child_event("ended"))

    (report,) = [
        event for event in named(events, "child_event") if event.kind == "turn_ended"
    ]
    assert report.text == SAID
    assert report.cause is not None


def test_a_stranger_with_the_name_of_a_dead_child_is_not_the_child(places, tmp_path):
    write_child(tmp_path, ENDLESS)
    parent = Parent(places, tmp_path, spawn("left"), says("done"), says("heard"))
    pod = parent.start()
    parent.run()
    for pid in (pod.pid, pid_of(places, "demo.left")):
        process = Watched(pid)
        process.send(signal.SIGKILL)
        process.wait()
    stranger = tmp_path / "stranger"
    started(places, write_pod(stranger, name="demo.left"))

    parent.start()

    ended = wait_event(parent, is_child_event("ended"))[-1]
    assert ended.end == "crashed"
    assert held(places) == ["demo", "demo.left"]


def test_a_child_that_takes_no_task_is_ended_and_everything_is_back(places, tmp_path):
    write_child(tmp_path)
    parent = Parent(places, tmp_path, spawn("left", task=" "), says("so be it"))
    pod = parent.start()

    (refused,) = results(parent.run()).values()

    assert refused.status == "error"
    assert "nothing in it" in refused.summary
    journal = entries(places, parent.session)
    (returned,) = of_kind(e.LoanReturned, journal)
    assert (returned.end, returned.cause) == ("not_started", None)
    assert "nothing in it" in returned.message
    assert held(places) == ["demo"]
    assert zombies(pod.pid) == []


def test_a_parent_that_waits_for_children_when_it_is_to_end_sees_them_end(
    places, tmp_path
):
    write_child(tmp_path, ENDLESS, more='[supervise]\non_parent_end = "stop"\n')
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("wait_pods", names=["left"]),
        says("it has ended"),
    )
    pod = parent.start()
    with subscribed(pod) as connection:
        connection.ask(Run(id=0, input="go"))
        while until(connection, "tool_started")[-1].name != "wait_pods":
            pass

    end(places, "demo", timeout_seconds=LIMIT_SECONDS)

    journal = entries(places, parent.session)
    (ended,) = of_kind(e.TurnEnded, journal)
    assert (ended.outcome, ended.text) == (Completed(), "it has ended")
    assert len(of_kind(e.LoanReturned, journal)) == 1
