"""Children at work: what they are lent, what they say, what is refused."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from podd.core.session import entries as e
from podd.errors import FailureReplyError
from podd_protocol.requests import Answer, Cancel, PodEvent
from podd_protocol.values import Cancelled
from tests.end_to_end.families import (
    SAID,
    Parent,
    call,
    calls,
    followed,
    named,
    of_kind,
    pid_of,
    results,
    says,
    spawn,
    spawned,
    wait_event,
    write_child,
    zombies,
)
from tests.launch.pods import OUTLIVES, connected, entries, held, kill_all, until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.processes,
    pytest.mark.filterwarnings(OUTLIVES),
]


@pytest.fixture
def places(universe):
    yield universe
    kill_all(universe)


def test_a_child_works_on_what_it_is_lent_and_gives_it_back(places, tmp_path):
    write_child(
        tmp_path,
        call("write_file", path="made.txt", content="by the child"),
        says(SAID),
    )
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("write_file", path="left/mine.txt", content="x"),
        call("wait_pods", names=["left"]),
        call("stop_pod", name="left"),
        call("write_file", path="left/mine.txt", content="x"),
        says("done"),
    )
    pod = parent.start()

    events = parent.run()

    done = list(results(events).values())
    assert [result.status for result in done] == ["ok", "denied", "ok", "ok", "ok"]
    assert "demo.left" in done[1].summary
    assert SAID in done[2].output
    assert "made.txt" in done[2].output
    assert parent.path("left", "made.txt").read_text(encoding="utf-8") == "by the child"
    assert [event.kind for event in named(events, "child_event")] == [
        "spawned",
        "started",
        "turn_ended",
        "ended",
    ]
    assert held(places) == ["demo"]
    assert zombies(pod.pid) == []


def test_ten_children_that_end_together_wake_their_parent_once(places, tmp_path):
    names = [f"c{number}" for number in range(10)]
    write_child(tmp_path, call("ask_user", question="go on?"), says(SAID))
    parent = Parent(
        places,
        tmp_path,
        calls(*(("spawn_pod", spawned(name)) for name in names)),
        says("all are at work"),
        says("all have reported"),
        more="[limits]\npods = 10\n",
    )
    pod = parent.start()
    parent.run()
    # The parent sees nothing until all have ended.
    os.kill(pod.pid, signal.SIGSTOP)
    for name in names:
        with followed(places, f"demo.{name}") as connection:
            asked = until(connection, "question_asked")[-1]
            connection.ask(Answer(id=0, question=asked.question, text="go"))
            until(connection, "turn_ended")
    os.kill(pod.pid, signal.SIGCONT)

    events = wait_event(
        parent, lambda event: getattr(event, "text", "") == "all have reported"
    )

    reports = [one for one in named(events, "child_event") if one.kind == "turn_ended"]
    _, woken = named(events, "turn_started")
    assert len({one.pod for one in reports}) == len(reports) == 10
    assert sorted(woken.causes) == sorted(one.cause for one in reports)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (spawned("left", scope={"write": [".."]}), "not the parent's to lend"),
        (spawned("left", scope={"read": ["/etc/nowhere"]}), "/etc/nowhere"),
        (spawned("Left"), "name"),
        (spawned("left", manifest="none.toml"), "none.toml"),
        (spawned("left", manifest="bad.toml"), "auth"),
        (spawned("left", manifest="broken.toml"), "broken"),
    ],
)
def test_a_child_that_may_not_be_is_refused_and_nothing_is_lent(
    places, tmp_path, arguments, words
):
    write_child(tmp_path)
    write_child(tmp_path, name="bad", more='auth = { env = "MY_KEY" }\n')
    (tmp_path / "work" / "broken.toml").write_text("[agent", encoding="utf-8")
    parent = Parent(places, tmp_path, call("spawn_pod", **arguments), says("so be it"))
    pod = parent.start()

    events = parent.run()

    (refused,) = results(events).values()
    assert refused.status in {"error", "denied"}
    assert words in refused.summary + refused.output
    assert held(places) == ["demo"]
    journal = entries(places, parent.session)
    intended = of_kind(e.LoanIntended, journal)
    returned = of_kind(e.LoanReturned, journal)
    assert [one.session for one in intended] == [one.session for one in returned]
    assert all(one.end == "not_started" for one in returned)
    assert sorted(path.name for path in places.pods.iterdir()) == ["demo"]
    assert len(list(places.sessions.iterdir())) == 1
    assert zombies(pod.pid) == []


def test_what_is_lent_is_not_lent_again_and_a_living_name_is_taken(places, tmp_path):
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        spawn("left"),
        spawn("right", scope={"write": ["left/deeper"]}),
        call("stop_pod", name="left", now=True),
        spawn("left"),
        says("done"),
    )
    parent.start()

    events = parent.run()

    done = list(results(events).values())
    assert [one.status for one in done] == ["ok", "error", "error", "ok", "ok"]
    assert "demo.left" in done[1].summary
    assert "demo.left" in done[2].summary
    assert held(places) == ["demo", "demo.left"]


def test_the_limit_of_pods_holds(places, tmp_path):
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        spawn("one"),
        spawn("two"),
        says("done"),
        more="[limits]\npods = 1\n",
    )
    parent.start()

    done = list(results(parent.run()).values())

    assert [one.status for one in done] == ["ok", "error"]
    assert "pods = 1" in done[1].summary
    assert held(places) == ["demo", "demo.one"]


def test_a_child_asks_its_parent_and_is_answered(places, tmp_path):
    write_child(
        tmp_path,
        call("ask_parent", question="left or right?", choices=["left", "right"]),
        says("went there"),
    )
    parent = Parent(
        places,
        tmp_path,
        spawn("kid"),
        call("wait_pods", names=["kid"]),
        call("send_to_pod", name="kid", message="right"),
        call("wait_pods", names=["kid"]),
        call("read_pod_output", name="kid"),
        says("done"),
    )
    parent.start()

    events = parent.run()

    done = list(results(events).values())
    assert [one.status for one in done] == ["ok"] * 5
    assert "left or right?" in done[1].output
    assert "answer" in done[2].summary
    assert "went there" in done[3].output
    assert "went there" in done[4].output
    (asked,) = named(events, "question_asked")
    (answered,) = named(events, "question_answered")
    assert (asked.pod, answered.by, answered.text) == ("demo.kid", "parent", "right")


def test_more_work_for_a_child_is_reported_too(places, tmp_path):
    write_child(tmp_path, says("first"), says("second"))
    parent = Parent(
        places,
        tmp_path,
        spawn("kid"),
        call("wait_pods", names=["kid"]),
        call("send_to_pod", name="demo.kid", message="more"),
        call("wait_pods", names=["kid"]),
        call("stop_pod", name="kid"),
        call("send_to_pod", name="kid", message="more"),
        call("send_to_pod", name="nobody", message="more"),
        call("list_pods"),
        says("done"),
    )
    parent.start()

    done = list(results(parent.run()).values())

    assert "first" in done[1].output
    assert "second" in done[3].output
    assert [one.status for one in done[5:7]] == ["error", "error"]
    assert "demo.kid" in done[5].summary
    assert "nobody" in done[6].summary


def test_a_hint_without_the_token_of_the_loan_is_denied(places, tmp_path):
    write_child(tmp_path)
    parent = Parent(places, tmp_path, spawn("left"), says("done"), says("heard"))
    parent.start()
    parent.run()
    (intended,) = of_kind(e.LoanIntended, entries(places, parent.session))

    def hint(token: str) -> PodEvent:
        return PodEvent(id=0, kind="turn_ended", pod="demo.left", token=token)

    with connected(parent.pod) as connection:
        with pytest.raises(FailureReplyError) as denied:
            connection.ask(hint("0" * 32))
        connection.ask(hint(intended.token))
        connection.ask(hint(intended.token))

    assert denied.value.failure == "denied"
    wait_event(parent, lambda event: getattr(event, "text", "") == "heard")
    news = [
        one
        for one in of_kind(e.ChildNews, entries(places, parent.session))
        if one.news == "turn_ended"
    ]
    assert len(news) == 1


def test_a_child_has_its_parents_environment_and_none_of_its_descriptors(
    places, tmp_path, monkeypatch
):
    monkeypatch.setenv("OF_THE_FAMILY", "yes")
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        calls(("spawn_pod", spawned("a")), ("spawn_pod", spawned("b"))),
        says("done"),
    )
    pod = parent.start()
    parent.run()

    for name in ("demo.a", "demo.b"):
        proc = Path(f"/proc/{pid_of(places, name)}")
        assert b"OF_THE_FAMILY=yes" in (proc / "environ").read_bytes().split(b"\0")
        opened = set()
        for entry in (proc / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                opened.add(str(entry.readlink()))
        assert sum("/life/" in one for one in opened) == 1
        assert not any(pod.session in one for one in opened)
        assert (proc / "cwd").readlink() == Path("/")


def test_what_a_cancelled_turn_has_not_taken_in_is_reported_from_the_next(
    places, tmp_path
):
    write_child(tmp_path, call("ask_user", question="go on?"), says("took it up"))
    parent = Parent(
        places,
        tmp_path,
        spawn("kid"),
        says("at work"),
        call("send_to_pod", name="kid", message="and this"),
        says("sent"),
        says("one heard"),
        says("both heard"),
    )
    parent.start()
    parent.run()
    with followed(places, "demo.kid") as child:
        until(child, "question_asked")
        done = results(parent.run("send"))
        assert [one.summary for one in done.values()] == [
            "pod 'demo.kid' takes it into its turn t1"
        ]
        child.ask(Cancel(id=0))

    events = wait_event(
        parent,
        lambda event: (
            event.__struct_config__.tag == "child_event" and event.text == "took it up"
        ),
    )

    reports = [one for one in named(events, "child_event") if one.kind == "turn_ended"]
    assert len(reports) == 2
    assert all(one.cause is not None for one in reports)
    assert reports[0].outcome == Cancelled(by="user")
