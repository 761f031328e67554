"""`podctl resume`: go on with a paused pod or an ended session."""

import json
import signal
from pathlib import Path

import pytest

from podd.client.discovery import find, pods
from podd.paths import Places
from podd_protocol.events import StateChanged, TurnEnded
from podd_protocol.replies import Failure
from podd_protocol.requests import Resume
from podd_protocol.values import Completed, Usage
from tests.cli.command_line import podctl as podctl_here
from tests.cli.scripted_pod import ENDLESS, kill_all, manifest, podctl, typed
from tests.client.fake_pod import LIMIT_SECONDS, SESSION, FakePod, fake_pod

Captured = pytest.CaptureFixture[str]


def _going_on(pod: FakePod, request: object) -> None:
    if isinstance(request, Resume):
        pod.state, pod.turn = "running", "t1"


def test_a_paused_pod_goes_on_and_its_turn_is_followed(
    universe: Places, capsys: Captured
) -> None:
    def answer(pod: FakePod, request: object) -> None:
        _going_on(pod, request)

    with fake_pod(universe.socket("demo"), answer=answer) as pod:
        pod.state, pod.turn = "paused", "t1"
        pod.on_subscribe = lambda p: p.say(
            StateChanged(state="running"),
            TurnEnded(
                turn="t1", outcome=Completed(), text="done", value=None, usage=Usage()
            ),
        )
        said = podctl_here(capsys, "resume", "demo")

    assert (said.code, said.out) == (0, "done\n")
    assert said.err.startswith("demo goes on\n")


def test_detached_it_returns_at_once(universe: Places, capsys: Captured) -> None:
    def answer(pod: FakePod, request: object) -> None:
        _going_on(pod, request)

    with fake_pod(universe.socket("demo"), answer=answer) as pod:
        pod.state, pod.turn = "paused", "t1"
        said = podctl_here(capsys, "resume", "demo", "--detach", "--json")

    assert said.code == 0
    assert said.document["pod"] | {"pid": 0} == {
        "name": "demo",
        "state": "running",
        "pid": 0,
        "session": SESSION,
        "turn": "t1",
    }


def test_a_pod_that_is_not_paused_says_so(universe: Places, capsys: Captured) -> None:
    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Resume):
            return None
        return Failure(id=request.id, code="not_paused", message="it is not paused")

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl_here(capsys, "resume", "demo", "--json")

    assert said.code == 1
    assert said.document["error"]["code"] == "not_paused"


@pytest.mark.parametrize("name", ["nobody", "last", "0190beef", "../x"])
def test_what_was_never_there_ends_with_3(
    name: str, universe: Places, capsys: Captured
) -> None:
    said = podctl_here(capsys, "resume", name, "--json")

    assert said.code == 3
    assert said.document["error"]["code"] == "no_such_session"


@pytest.mark.processes
@pytest.mark.parametrize("by", ["name", "session", "prefix", "last"])
def test_a_pod_that_was_killed_comes_back_and_its_turn_is_followed(
    by: str, pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, ENDLESS)
    pod = podctl("spawn", file, "hi", "--detach", "--json").document["pod"]
    kill_all(pods_end)
    manifest(tmp_path, 'text = "whole"')
    (tmp_path / "demo.toml").unlink()
    names = {
        "name": "demo",
        "session": pod["session"],
        "prefix": pod["session"][:12],
        "last": "last",
    }

    said = podctl("resume", names[by], "--json")

    result = said.document["result"]
    assert said.code == 0
    assert (result["session"], result["turn"]) == (pod["session"], pod["turn"])
    assert result["text"] == "whole"
    assert [live.name for live in pods(pods_end)] == ["demo"]


@pytest.mark.processes
def test_a_session_with_nothing_open_comes_back_and_returns(
    pods_end: Places, tmp_path: Path
) -> None:
    podctl("spawn", manifest(tmp_path, 'text = "x"'), "hi", "--once")

    said = podctl("resume", "demo")

    live = find(pods_end, "demo")
    assert (said.code, said.out) == (0, "")
    assert "is back with session" in said.err
    assert live.status is not None
    assert live.status.state in {"starting", "idle"}


@pytest.mark.processes
def test_a_pod_that_was_paused_comes_back_paused(
    pods_end: Places, tmp_path: Path
) -> None:
    with typed("spawn", manifest(tmp_path, ENDLESS), "hi", "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("event") == "text_delta":
                break
        paused = podctl("pause", "demo")
        out, _err = process.communicate(timeout=LIMIT_SECONDS)
    kill_all(pods_end)
    back = podctl("resume", "demo", "--json")

    assert paused.code == 0
    assert process.returncode == 9
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "paused"
    assert back.code == 9
    assert find(pods_end, "demo").status is not None


@pytest.mark.processes
def test_ctrl_c_cancels_the_turn_that_is_followed(
    pods_end: Places, tmp_path: Path
) -> None:
    podctl("spawn", manifest(tmp_path, ENDLESS), "hi", "--detach")
    kill_all(pods_end)

    with typed("resume", "demo", "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("event") == "text_delta":
                break
        process.send_signal(signal.SIGINT)
        out, _err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130
    result = json.loads(out.splitlines()[-1])["result"]
    assert result["outcome"]["kind"] == "cancelled"
