"""Children that come to nothing, that flood, that end twice; hints that are lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from podd.core.session import entries as e
from podd_protocol.requests import Answer, PodEvent, Run, Shutdown, Status
from podd_protocol.values import Completed
from tests.end_to_end.families import (
    ENDLESS,
    SAID,
    Parent,
    call,
    calls,
    followed,
    is_child_event,
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
from tests.end_to_end.shell import until_true
from tests.launch.pods import (
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


def _start_values(pid: int) -> bytes:
    """What the kernel gave a program when it was executed, places at random too."""
    return Path(f"/proc/{pid}/auxv").read_bytes()


class Midwife(threading.Thread):
    """Does something to each pod that `parent` starts, long before it is ready."""

    def __init__(self, parent: int, act: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
        self._parent = parent
        self._act = act
        self._over = threading.Event()
        self.seen: set[int] = set()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(0.002):
            for pid in self._children() - self.seen:
                if self._is_pod(pid):
                    self.seen.add(pid)
                    self._act(pid)

    def _children(self) -> set[int]:
        found: set[int] = set()
        for task in Path(f"/proc/{self._parent}/task").iterdir():
            try:
                said = (task / "children").read_text(encoding="ascii")
            except OSError:
                continue
            found |= {int(pid) for pid in said.split()}
        return found

    def _is_pod(self, pid: int) -> bool:
        try:
            said = Path(f"/proc/{pid}/cmdline").read_bytes()
            # Until it is executed it is a copy of its parent, who waits for that.
            same = _start_values(pid) == _start_values(self._parent)
        except OSError:
            return False
        return said.endswith(b"podd.pod\0") and not same


def test_a_child_that_dies_before_it_is_ready_is_told_with_the_end_of_its_log(
    places, tmp_path, monkeypatch
):
    # The loader says so on stderr, first of all.
    monkeypatch.setenv("LD_PRELOAD", "/nowhere/its-last-words.so")
    write_child(tmp_path)
    parent = Parent(places, tmp_path, spawn("left"), says("so be it"))
    pod = parent.start()
    log = places.log_file("demo.left")

    def kill(pid: int) -> None:
        until_true(lambda: log.exists() and b"words" in log.read_bytes())
        os.kill(pid, signal.SIGKILL)

    with Midwife(pod.pid, kill) as midwife:
        (refused,) = results(parent.run()).values()

    assert len(midwife.seen) == 1
    assert refused.status == "error"
    assert "demo.left" in refused.summary
    assert "-9" in refused.summary
    assert "its-last-words" in refused.output
    _nothing_is_left(parent, pod)


def test_a_child_that_never_gets_ready_is_given_up_at_the_limit_of_the_call(
    places, tmp_path
):
    write_child(tmp_path)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("write_file", path="left/x", content="mine again"),
        says("so be it"),
        more="[tools]\nper_tool.spawn_pod = { timeout_seconds = 1 }\n",
    )
    pod = parent.start()

    with Midwife(pod.pid, lambda pid: os.kill(pid, signal.SIGSTOP)):
        refused, written = results(parent.run()).values()

    assert refused.status == "error"
    assert "1 s" in refused.summary
    assert written.status == "ok"
    _nothing_is_left(parent, pod)


def _nothing_is_left(parent: Parent, pod) -> None:
    journal = entries(parent.places, parent.session)
    (returned,) = of_kind(e.LoanReturned, journal)
    assert (returned.end, returned.cause) == ("not_started", None)
    assert held(parent.places) == ["demo"]
    assert zombies(pod.pid) == []
    assert of_kind(e.LoanMade, journal) == []


#: What the manifest of a child says more than it may, and what is said of that.
TOO_MUCH = {
    "auth": ('[model]\nauth = { env = "MY_KEY" }\n', "auth"),
    "url": ('[model]\nbase_url = "http://127.0.0.1:1"\n', "base_url"),
    "network": ('[sandbox]\nnetwork = "allow"\n', "network"),
    "reads": ('[sandbox]\nread = ["/opt"]\n', "read"),
    "key": ('[sandbox]\nenvironment = ["MY_KEY"]\n', "environment"),
    "mode": ('[scope]\nmode = "off"\n', "scope"),
    "pods": ("[limits]\npods = 50\n", "pods"),
    "deep": ("[limits]\ndepth = 9\n", "depth"),
    "money": ("[limits]\ncost_usd = 5\n", "cost_usd"),
    "unknown": ("[pod]\ncolour = 1\n", "colour"),
    "toml": ("[pod\n", "toml.toml"),
}


def test_what_a_child_may_not_be_is_refused_by_name_and_nothing_is_lent(
    places, tmp_path
):
    work = tmp_path / "work"
    work.mkdir()
    (work / "c.script.toml").write_text('[[step]]\ntext = "x"\n', encoding="utf-8")
    for name, (more, _) in TOO_MUCH.items():
        # Its own [model], where it says more of that, follows.
        model = '[model]\nref = "scripted/c"\nscript = "c.script.toml"\n'
        text = model + more.removeprefix("[model]\n")
        (work / f"{name}.toml").write_text(text, encoding="utf-8")
    (tmp_path / "outside.toml").write_text("", encoding="utf-8")
    write_child(tmp_path)
    wanted = {
        name: (spawned(name, manifest=f"{name}.toml"), word)
        for name, (_, word) in TOO_MUCH.items()
    }
    wanted |= {
        "stranger": (spawned("stranger"), "demo.stranger"),
        "outside": (spawned("outside", manifest="../outside.toml"), "outside.toml"),
        "above": (spawned("above", scope={"write": [".."]}), "lend"),
        "root": (spawned("root", scope={"write": ["/"]}), "lend"),
        "reader": (spawned("reader", scope={"read": ["/etc"]}), "/etc"),
        "hidden": (spawned("hidden", scope={"write": ["secret"]}), "secret"),
        "locked": (spawned("locked", scope={"write": ["locked"]}), "locked"),
        "file": (spawned("file", scope={"write": ["child.toml/x"]}), "child.toml"),
        "model": (spawned("model", model="no/such/model"), "model"),
        "long": (spawned("l" * 70), "63"),
        "dotted": (spawned("a/b"), "name"),
        "budget": (spawned("budget", budget={"tokens": 1}), "budget"),
        "schema": (spawned("schema", output_schema={"type": "x"}), "output_schema"),
    }
    strange = tmp_path / "strange"
    started(places, write_pod(strange, name="demo.stranger"))
    parent = Parent(
        places,
        tmp_path,
        calls(*(("spawn_pod", arguments) for arguments, _ in wanted.values())),
        says("so be it"),
        more='read_only = ["locked"]\nhidden = ["secret"]\n'
        '[sandbox]\nnetwork = "deny"\n[limits]\npods = 40\ndepth = 3\n',
    )
    pod = parent.start()

    done = results(parent.run())

    assert len(done) == len(wanted)
    for (name, (_, word)), (_, told) in zip(
        wanted.items(), sorted(done.items(), key=_in_order), strict=True
    ):
        assert told.status in {"error", "denied"}, (name, told)
        assert word in told.summary + told.output, (name, told)
    assert held(places) == ["demo", "demo.stranger"]
    assert zombies(pod.pid) == []
    assert not (tmp_path / "work" / "secret").exists()
    journal = entries(places, parent.session)
    intended = {one.session for one in of_kind(e.LoanIntended, journal)}
    assert intended == {one.session for one in of_kind(e.LoanReturned, journal)}
    assert of_kind(e.LoanMade, journal) == []


def _in_order(item) -> int:
    return int(item[0].rpartition(".")[2])


def test_a_child_that_floods_with_events_is_heard_to_its_end_and_costs_one_report(
    places, tmp_path
):
    many = calls(*(("glob", {"pattern": "*"}) for _ in range(60)))
    long = "x" * 200_000
    write_child(tmp_path, many, many, many, says(long))
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("wait_pods", names=["left"]),
        says("heard"),
    )
    parent.start()

    events = parent.run()

    waited = list(results(events).values())[-1]
    assert waited.status == "ok"
    assert "xxxx" in waited.output
    assert len(waited.output) < 100_000
    kinds = [event.kind for event in named(events, "child_event")]
    assert kinds == ["spawned", "started", "turn_ended"]
    assert named(events, "turn_ended")[-1].outcome == Completed()
    with connected(parent.pod) as connection:
        assert connection.ask(Status(id=0)).state == "idle"


def test_a_child_that_ends_twice_ends_once(places, tmp_path):
    write_child(tmp_path, ENDLESS)
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        says("at work"),
        calls(
            ("stop_pod", {"name": "left", "now": True}),
            ("stop_pod", {"name": "left"}),
        ),
        call("stop_pod", name="left"),
        says("ended it"),
        says("there is nothing to hear"),
    )
    pod = parent.start()
    parent.run()
    (intended,) = of_kind(e.LoanIntended, entries(places, parent.session))
    child = Watched(pid_of(places, "demo.left"))
    shut = PodEvent(id=0, kind="shut_down", pod="demo.left", token=intended.token)
    with connected(pod) as connection, subscribed(pod, after=None) as events:
        connection.ask(shut)  # a lie: it lives
        connection.ask(Run(id=0, input="end it"))
        connection.ask(shut)
        child.send(signal.SIGKILL)
        done = results(until(events, "turn_ended"))

    # Who comes too late is told that it is gone.
    assert {one.status for one in done.values()} <= {"ok", "error"}
    assert all("demo.left" in one.summary for one in done.values())
    journal = entries(places, parent.session)
    (returned,) = of_kind(e.LoanReturned, journal)
    assert returned.end in {"stopped", "crashed"}
    # Who ended it knows; nobody is woken for that.
    assert len(of_kind(e.TurnStarted, journal)) == 2
    assert held(places) == ["demo"]


def test_a_parent_that_hears_no_hint_misses_nothing(places, tmp_path):
    write_child(tmp_path, call("ask_user", question="go on?"), says(SAID))
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        says("at work"),
        says("heard"),
        says("heard of its end"),
    )
    pod = parent.start()
    parent.run()
    door = Path(pod.socket)
    with subscribed(pod) as connection, followed(places, "demo.left") as child:
        asked = until(child, "question_asked")[-1]
        # From now on the child finds no way to its parent.
        door.rename(door.with_name("elsewhere"))
        child.ask(Answer(id=0, question=asked.question, text="go"))
        until(child, "turn_ended")
        events = until(connection, "text")
        while getattr(events[-1], "text", "") != "heard":
            events += until(connection, "text")
        child.ask(Shutdown(id=0))
        events += until(connection, "child_event")
    door.with_name("elsewhere").rename(door)

    reports = named(events, "child_event")
    assert [one.kind for one in reports][-2:] == ["turn_ended", "ended"]
    assert (reports[-2].text, reports[-1].end) == (SAID, "stopped")
    assert wait_event(parent, is_child_event("ended"))
    assert held(places) == ["demo"]
