"""`podctl wait`: wait for pods and print their results. Pods here are real."""

from pathlib import Path

import msgspec
import pytest

from podd.core.session import entries as e
from podd.paths import Places
from podd_protocol.events import StateChanged
from podd_protocol.replies import QueuedTurn
from podd_protocol.requests import AnyRequest
from podd_protocol.values import Completed
from tests.cli.command_line import podctl as podctl_here
from tests.cli.scripted_pod import ENDLESS, kill_all, manifest, podctl, typed
from tests.cli.session_written import TURN, USAGE, session_written
from tests.client.fake_pod import LIMIT_SECONDS, FakePod, fake_pod

pytestmark = pytest.mark.processes

#: A step that is over soon, and not at once.
SHORT = 'text = "slowly"\nstream = { chunk_chars = 1, delay_seconds = 0.05 }'


def test_the_result_of_the_last_turn_is_printed(
    pods_end: Places, tmp_path: Path
) -> None:
    podctl("spawn", manifest(tmp_path, SHORT, 'text = "quickly"'), "hi", "--detach")

    first = podctl("wait", "demo")
    again = podctl("run", "demo", "more", "--detach")
    second = podctl("wait", "demo", "--json")

    assert (first.code, first.out, again.code) == (0, "slowly\n", 0)
    assert first.err.startswith("demo: completed · ")
    assert list(second.document) == ["schema_version", "results"]
    (result,) = second.document["results"]
    assert set(result) == {
        "pod",
        "session",
        "turn",
        "outcome",
        "text",
        "value",
        "usage",
        "duration_seconds",
        "children",
    }
    assert (result["pod"], result["text"]) == ("demo", "quickly")
    assert result["outcome"] == {"kind": "completed"}
    assert result["duration_seconds"] >= 0


def test_it_waits_for_what_waits_in_the_queue(pods_end: Places, tmp_path: Path) -> None:
    podctl("spawn", manifest(tmp_path, SHORT, SHORT, 'text = "last"'), "1", "--detach")
    podctl("run", "demo", "2", "--detach")
    podctl("run", "demo", "3", "--detach")

    assert podctl("wait", "demo").out == "last\n"


def test_an_idle_pod_with_an_input_that_has_not_begun_is_not_done(
    universe: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.queue = [QueuedTurn(turn="t1", text="hi")]
        pod.on_subscribe = lambda p: p.say(StateChanged(state="idle"))
        said = podctl_here(capsys, "--timeout", "0.3", "wait", "demo", "--json")

    assert said.code == 7


def test_several_are_told_apart_and_the_first_failure_is_the_exit_code(
    pods_end: Places, tmp_path: Path
) -> None:
    good = manifest(tmp_path / "good", 'text = "fine"')
    bad = manifest(tmp_path / "bad", "fail = { status = 401 }")
    podctl("spawn", good, "hi", "--detach", "--name", "good")
    podctl("spawn", bad, "hi", "--detach", "--name", "bad")

    said = podctl("wait", "good", "bad")

    assert said.code == 1
    assert said.out == "== good\nfine\n== bad\n"
    assert "bad: failed (" in said.err


def test_any_returns_with_the_first(pods_end: Places, tmp_path: Path) -> None:
    slow = manifest(tmp_path / "slow", ENDLESS)
    quick = manifest(tmp_path / "quick", 'text = "first"')
    podctl("spawn", slow, "hi", "--detach", "--name", "slow")
    podctl("spawn", quick, "hi", "--detach", "--name", "quick")

    said = podctl("wait", "slow", "quick", "--any", "--json")

    assert said.code == 0
    assert [result["pod"] for result in said.document["results"]] == ["quick"]


def test_a_wait_that_takes_too_long_ends_with_7(
    pods_end: Places, tmp_path: Path
) -> None:
    podctl("spawn", manifest(tmp_path, ENDLESS), "hi", "--detach")

    said = podctl("--timeout", "0.3", "wait", "demo", "--json")

    assert said.code == 7
    assert said.document["error"]["code"] == "timed_out"


def test_a_pod_that_never_ran_anything_has_no_result_and_is_done(
    pods_end: Places, tmp_path: Path
) -> None:
    podctl("spawn", manifest(tmp_path, 'text = "x"'))

    said = podctl("wait", "demo", "--json")

    (result,) = said.document["results"]
    assert said.code == 0
    assert (result["turn"], result["outcome"], result["text"]) == (None, None, "")


def test_the_end_of_the_process_can_be_waited_for(
    pods_end: Places, tmp_path: Path
) -> None:
    podctl("spawn", manifest(tmp_path, 'text = "x"'), "hi", "-q")

    with typed("wait", "demo", "--for", "ended") as process:
        late = podctl("--timeout", "0.2", "wait", "demo", "--for", "ended")
        stopped = podctl("stop", "demo")
        out, _err = process.communicate(timeout=LIMIT_SECONDS)
    after = podctl("wait", "demo")

    assert (late.code, stopped.code) == (7, 0)
    assert (process.returncode, out) == (0, "x\n")
    assert (after.code, after.out) == (0, "x\n")


def test_a_pod_that_dies_in_the_middle_ends_with_8(
    pods_end: Places, tmp_path: Path
) -> None:
    pod = podctl("spawn", manifest(tmp_path, ENDLESS), "hi", "--detach", "--json")
    kill_all(pods_end)

    said = podctl("wait", "demo", "--json")
    over = podctl("wait", "demo", "--for", "ended", "--json")

    assert said.code == 8
    assert said.document["error"]["code"] == "pod_ended"
    assert said.document["error"]["data"]["session"] == pod.document["pod"]["session"]
    assert over.code == 0


@pytest.mark.parametrize("given", [(), ("--any",)])
def test_only_paused_pods_left_end_it_with_9(
    given: tuple[str, ...], universe: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_pod(universe.socket("a")) as a, fake_pod(universe.socket("b")) as b:
        a.state, b.state = "paused", "running"
        b.on_subscribe = lambda pod: pod.say(StateChanged(state="paused"))
        said = podctl_here(capsys, "wait", "a", "b", "--json", *given)

    assert said.code == 9
    assert said.document["error"]["code"] == "paused"


def test_nobody_of_this_name_ends_with_3(pods_end: Places) -> None:
    said = podctl("wait", "nobody", "--json")

    assert said.code == 3
    assert said.document["error"]["code"] == "no_such_pod"


def test_the_result_names_the_children_of_the_last_turn(
    universe: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    def news(session: str, **more: object) -> e.ChildNews:
        return e.ChildNews(
            via="s",
            upto=1,
            news="turn_ended",
            pod=f"demo.{session}",
            session=session,
            parent="demo",
            **more,  # type: ignore[arg-type]
        )

    again = [msgspec.structs.replace(entry, turn="t2") for entry in TURN]
    session_written(
        universe,
        "demo",
        news("old", outcome=Completed(), usage=USAGE),
        *TURN,
        news("s1", outcome=Completed(), usage=USAGE),
        *again,
        news("late", outcome=Completed(), usage=USAGE),
    )
    said = podctl_here(capsys, "wait", "demo", "--json")

    (result,) = said.document["results"]
    (child,) = result["children"]
    assert (child["pod"], child["outcome"]) == ("demo.s1", {"kind": "completed"})
    assert child["usage"]["input_tokens"] == USAGE.input_tokens


def test_a_pod_that_goes_while_it_is_greeted_has_ended(
    universe: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    session_written(universe, "demo", *TURN)

    def leave(pod: FakePod, _request: AnyRequest) -> bytes:
        pod.hang_up()
        return b""

    with fake_pod(universe.socket("demo"), answer=leave):
        waited = podctl_here(capsys, "wait", "demo", "--for", "ended", "--json")
        asked = podctl_here(capsys, "status", "demo", "--json")

    assert waited.code == 0
    assert waited.document["results"][0]["pod"] == "demo"
    assert (asked.code, asked.document["error"]["code"]) == (3, "no_such_pod")
