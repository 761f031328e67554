"""`podctl spawn`: start a pod, and run its first input. Pods here are real."""

import json
import os
import select
import signal
from pathlib import Path

import pytest

from podd.client.discovery import find, pods
from podd.paths import Places
from tests.cli.attached.terminal_at import CTRL_D, ENTER, terminal_at
from tests.cli.process_pod import process_pod
from tests.cli.scripted_pod import ENDLESS, kill_all, manifest, podctl, typed
from tests.client.fake_pod import LIMIT_SECONDS

pytestmark = pytest.mark.processes


def test_once_it_runs_and_leaves_nothing_but_the_session(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, 'text = "Hello."')

    said = podctl("spawn", file, "hi", "--once")

    assert (said.code, said.out) == (0, "Hello.\n")
    assert "podctl resume demo" in said.err
    assert str(pods_end.log_file("demo")) in said.err
    assert pods(pods_end) == []
    assert not pods_end.socket("demo").exists()
    assert len(list(pods_end.sessions.iterdir())) == 1


def test_the_pod_stays_and_takes_more(pods_end: Places, tmp_path: Path) -> None:
    file = manifest(tmp_path, 'text = "one"', 'text = "two"')

    first = podctl("spawn", file, "hi", "--json")
    second = podctl("run", "demo", "more", "--json")

    results = [said.document["result"] for said in (first, second)]
    assert [result["text"] for result in results] == ["one", "two"]
    assert results[0]["session"] == results[1]["session"]
    assert find(pods_end, "demo").status is not None


def test_the_manifests_input_is_run_where_none_is_typed(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(
        tmp_path,
        'match = "^as declared$"\ntext = "yes"',
        more='[agent]\ninput = "as declared"',
    )
    Path(file).rename(tmp_path / "podd.toml")

    assert podctl("spawn", "--once", cwd=tmp_path).out == "yes\n"


def test_a_prompt_can_come_on_stdin(pods_end: Places, tmp_path: Path) -> None:
    file = manifest(tmp_path, 'match = "^typed$"\ntext = "yes"')

    assert podctl("spawn", file, "-", "--once", stdin=b"typed\n").out == "yes\n"


@pytest.mark.parametrize("more", [(), ("--detach",)])
def test_without_an_input_it_returns_when_the_pod_is_ready(
    more: tuple[str, ...], pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, 'text = "x"')

    said = podctl("spawn", file, "--name", "other", *more)

    assert (said.code, said.out) == (0, "other\n")
    assert "podctl run other" in said.err
    assert [pod.name for pod in pods(pods_end)] == ["other"]


def test_detached_with_an_input_it_returns_while_the_turn_runs(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, ENDLESS)

    said = podctl("spawn", file, "hi", "--detach", "--json")

    live = find(pods_end, "demo")
    document = said.document
    assert said.code == 0
    assert list(document) == ["schema_version", "pod"]
    pod = document["pod"]
    assert (pod["name"], pod["pid"]) == ("demo", live.pid)
    assert pod["socket"] == str(live.socket)
    assert live.status is not None
    queued = [waiting.turn for waiting in live.status.queue]
    assert pod["session"] == live.status.session
    assert pod["turn"] in [live.status.turn, *queued]
    assert {"model", "workdir", "scope", "state", "usage", "started_at"} <= set(pod)


def test_values_can_be_set(pods_end: Places, tmp_path: Path) -> None:
    file = manifest(tmp_path, 'text = "x"')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    said = podctl(
        "spawn",
        file,
        "--detach",
        "--json",
        "--set",
        f"pod.workdir={elsewhere}",
        "--model",
        "scripted/2",
    )

    pod = said.document["pod"]
    assert (pod["workdir"], pod["model"]) == (str(elsewhere), "scripted/2")


@pytest.mark.parametrize(
    "words", [("--once",), ("hi", "--once", "--detach"), ("", "--once")]
)
def test_what_makes_no_sense_is_refused_before_anything_is_started(
    words: tuple[str, ...], pods_end: Places, tmp_path: Path
) -> None:
    said = podctl("spawn", manifest(tmp_path, 'text = "x"'), *words, "--json")

    assert said.code == 2
    assert said.document["error"]["code"] == "usage"
    assert not pods_end.runtime.exists()
    assert not pods_end.state.exists()


def test_a_missing_manifest_ends_with_3(pods_end: Places, tmp_path: Path) -> None:
    named = podctl("spawn", "nothing.toml", "hi", "--json", cwd=tmp_path)
    default = podctl("spawn", "--json", cwd=tmp_path)

    assert (named.code, default.code) == (3, 3)
    assert named.document["error"]["code"] == "no_such_file"
    assert "podctl init" in default.document["error"]["remedy"]


def test_a_prompt_in_the_place_of_the_manifest_is_told_where_it_belongs(
    pods_end: Places,
) -> None:
    said = podctl("spawn", "What is in here?", "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_file")
    assert said.document["error"]["data"]["name"] == "What is in here?"
    assert "PROMPT" in said.document["error"]["remedy"]


def test_a_taken_name_ends_with_4_unless_it_is_replaced(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, 'text = "x"')
    first = podctl("spawn", file, "--json").document["pod"]

    taken = podctl("spawn", file, "--json")
    replaced = podctl("spawn", file, "--replace", "--json")

    assert taken.code == 4
    assert taken.document["error"]["code"] == "name_taken"
    assert replaced.code == 0
    assert replaced.document["pod"]["pid"] != first["pid"]


def test_a_failed_turn_ends_with_1_and_says_so_even_when_quiet(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, "fail = { status = 401 }")

    said = podctl("-q", "spawn", file, "hi", "--once")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("failed (")
    assert pods(pods_end) == []


def test_ctrl_c_cancels_the_turn_and_once_ends_the_pod(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, ENDLESS)

    with typed("spawn", file, "hi", "--once", "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("event") == "text_delta":
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_SECONDS)

    result = json.loads(out.splitlines()[-1])["result"]
    assert process.returncode == 130
    assert result["outcome"]["kind"] == "cancelled"
    assert "Traceback" not in err
    assert pods(pods_end) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_once_ends_the_pod_where_the_terminal_closes(
    number: signal.Signals, pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, ENDLESS)

    with typed("spawn", file, "hi", "--once", "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("event") == "text_delta":
                break
        [pod] = pods(pods_end)
        assert pod.pid is not None
        watched = os.pidfd_open(pod.pid)
        process.send_signal(number)
        process.communicate(timeout=LIMIT_SECONDS)
    ended, _, _ = select.select([watched], [], [], LIMIT_SECONDS)
    os.close(watched)

    assert process.returncode == 130
    assert ended


def test_once_ends_the_pod_also_where_time_is_up(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, ENDLESS)

    said = podctl("--timeout", "1", "spawn", file, "hi", "--once", "--json")

    assert said.code == 7
    assert said.document["error"]["code"] == "timed_out"
    assert pods(pods_end) == []


def test_a_pod_that_is_killed_in_the_middle_ends_with_8_and_can_be_resumed(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, ENDLESS)

    with typed("spawn", file, "hi", "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("event") == "text_delta":
                break
        kill_all(pods_end)
        out, _err = process.communicate(timeout=LIMIT_SECONDS)
    error = json.loads(out.splitlines()[-1])["error"]
    manifest(tmp_path, 'text = "whole"')
    again = podctl("spawn", file, "--resume", error["data"]["session"], "--json")

    assert process.returncode == 8
    assert error["code"] == "pod_ended"
    assert error["data"]["log"] == str(pods_end.log_file("demo"))
    assert again.document["result"]["text"] == "whole"
    assert again.document["result"]["session"] == error["data"]["session"]


def test_last_is_the_newest_session_of_the_manifests_pod(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, 'text = "one"', 'text = "two"')
    first = podctl("spawn", file, "hi", "--once", "--json").document["result"]
    podctl("spawn", file, "hi", "--once", "--name", "other")

    said = podctl("spawn", file, "more", "--once", "--resume", "last", "--json")
    idle = podctl("spawn", file, "--once", "--resume", "last", "--json")

    assert said.document["result"]["session"] == first["session"]
    assert said.document["result"]["text"] == "two"
    assert idle.document["error"]["code"] == "usage"


def test_a_session_nobody_knows_ends_with_3(pods_end: Places, tmp_path: Path) -> None:
    file = manifest(tmp_path, 'text = "one"')

    said = podctl("spawn", file, "--resume", "0190beef", "--json")

    assert said.code == 3
    assert said.document["error"]["code"] == "no_such_session"


def test_a_runtime_directory_too_deep_for_a_socket_works(
    pods_end: Places,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deep = pods_end.runtime / ("d" * 120) / "r"
    monkeypatch.setenv("PODD_RUNTIME_DIR", str(deep))
    file = manifest(tmp_path, 'text = "deep"')

    said = podctl("spawn", file, "hi", "--once")

    assert (said.code, said.out) == (0, "deep\n")
    assert len(os.fsencode(deep)) > 107


def test_once_ends_the_children_too(pods_end: Places, tmp_path: Path) -> None:
    file = manifest(tmp_path, ENDLESS, more='[scope]\nwrite = ["."]\n')
    inside = tmp_path / "work" / "a"
    inside.mkdir()
    with typed("spawn", file, "hi", "--once", "--json") as process:
        assert process.stdout is not None
        while "text_delta" not in process.stdout.readline():
            pass
        with process_pod("demo.a", inside) as child:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT_SECONDS)

            assert process.returncode == 130
            assert child.wait(LIMIT_SECONDS) == 0
    assert pods(pods_end) == []


def test_without_an_input_a_person_at_a_terminal_is_attached(
    pods_end: Places, tmp_path: Path
) -> None:
    file = manifest(tmp_path, 'text = "Good day."')
    with terminal_at("spawn", file) as person:
        person.see("attached to demo: ")
        person.see("Enter runs")
        person.type("hello" + ENTER)
        person.see("you  hello\n")
        person.see("Good day.\n  completed")
        person.type(CTRL_D)

        assert person.exit_code() == 0
    assert [pod.name for pod in pods(pods_end)] == ["demo"]
