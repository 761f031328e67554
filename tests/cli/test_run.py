"""`podctl run`: give a pod work and follow it."""

import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl

import pytest

from podd.paths import Places
from podd_protocol.events import (
    AnyEvent,
    Lagged,
    StateChanged,
    StepStarted,
    Stopping,
    Text,
    TextDelta,
    TurnEnded,
    TurnStarted,
)
from podd_protocol.replies import Failure
from podd_protocol.requests import Cancel, Run, Subscribe
from podd_protocol.values import (
    Cancelled,
    Completed,
    Failed,
    Limited,
    Outcome,
    Usage,
)
from tests.cli.command_line import podctl
from tests.client.fake_pod import LIMIT_SECONDS, SESSION, FakePod, fake_pod

Captured = pytest.CaptureFixture[str]

USAGE = Usage(input_tokens=1200, output_tokens=34, requests=1)


def _ended(outcome: Outcome, turn: str = "t1", text: str = "Hello.\n") -> TurnEnded:
    return TurnEnded(turn=turn, outcome=outcome, text=text, value=None, usage=USAGE)


def _begin(turn: str = "t1") -> list[AnyEvent]:
    return [
        TurnStarted(turn=turn, causes=["c1"]),
        StepStarted(turn=turn, step=1, attempt=1, model="scripted/demo"),
        TextDelta(turn=turn, step=1, attempt=1, text="Hel"),
    ]


def _whole_turn(outcome: Outcome) -> list[AnyEvent]:
    return [*_begin(), Text(turn="t1", step=1, text="Hello.\n"), _ended(outcome)]


@contextmanager
def _typed(*words: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """podctl as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "podd.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_script_gets_the_final_text_alone(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_whole_turn(Completed()))
        said = podctl(capsys, "run", "demo", "hi")
        run = pod.wait_for(Run)

    assert isinstance(run, Run)
    assert (run.input, run.when_busy) == ("hi", "queue")
    assert run.key
    assert (said.code, said.out) == (0, "Hello.\n")
    first, second = said.err.splitlines()
    assert first.startswith("completed · 1,200 tokens in, 34 out · ")
    assert "podctl run demo" in second
    assert "podctl resume demo" in second
    assert str(universe.log_file("demo")) in second


def test_quiet_says_nothing_but_the_text(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_whole_turn(Completed()))
        said = podctl(capsys, "-q", "run", "demo", "hi")

    assert (said.out, said.err) == ("Hello.\n", "")


def test_verbose_tells_the_progress_on_stderr(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_whole_turn(Completed()))
        said = podctl(capsys, "-v", "run", "demo", "hi")

    assert said.out == "Hello.\n"
    assert said.err.splitlines()[:3] == [
        "turn t1 started",
        "step 1: asked scripted/demo",
        "said: Hello.",
    ]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Completed(), 0),
        (Failed(code="provider", message="401"), 1),
        (Limited(limit="steps"), 6),
        (Cancelled(by="user"), 130),
    ],
)
def test_it_ends_as_the_turn_ended(
    outcome: Outcome, code: int, universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_whole_turn(outcome))

        assert podctl(capsys, "run", "demo", "hi").code == code


def test_json_is_each_event_and_then_the_result(
    universe: Places, capsys: Captured
) -> None:
    strange = b'{"event":"moon_phase","seq":5,"pod":"demo.child"}\n'
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(strange, *_whole_turn(Completed()))
        said = podctl(capsys, "run", "demo", "hi", "--json")

    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line.get("event") for line in lines[:-1]] == [
        "moon_phase",
        "turn_started",
        "step_started",
        "text_delta",
        "text",
        "turn_ended",
    ]
    assert [line["pod"] for line in lines[:-1]] == ["demo.child", *["demo"] * 5]
    assert list(lines[-1]) == ["schema_version", "result"]
    result = lines[-1]["result"]
    assert list(result) == [
        "pod",
        "session",
        "turn",
        "outcome",
        "text",
        "value",
        "usage",
        "duration_seconds",
        "children",
    ]
    assert result["outcome"] == {"kind": "completed"}
    assert (result["pod"], result["session"], result["turn"]) == ("demo", SESSION, "t1")
    assert result["usage"]["input_tokens"] == 1200
    assert said.err == "" or "completed" not in said.err


def test_the_end_of_another_turn_is_not_ours(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.position = 1
        pod.on_run = lambda p: p.say(
            _ended(Failed(code="x", message="x"), "t0", "theirs"),
            *_whole_turn(Completed()),
        )
        said = podctl(capsys, "run", "demo", "hi")

    assert (said.code, said.out) == (0, "Hello.\n")
    assert said.err.startswith("waits behind 1 in demo\n")


def test_a_client_that_lags_still_gets_the_whole_text(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(
            *_begin(),
            Lagged(seq=90_000, from_=4, to=90_000),
            _ended(Completed(), text="All of it."),
        )
        said = podctl(capsys, "run", "demo", "hi")

    assert (said.code, said.out) == (0, "All of it.\n")


def test_a_prompt_can_come_on_stdin(
    universe: Places, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = io.TextIOWrapper(io.BytesIO("zwei\nZeilen ü\n".encode()))
    monkeypatch.setattr(sys, "stdin", typed)
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_whole_turn(Completed()))
        podctl(capsys, "run", "demo", "-")
        run = pod.wait_for(Run)

    assert isinstance(run, Run)
    assert run.input == "zwei\nZeilen ü"


@pytest.mark.parametrize("prompt", ["", " \n", "\udcff"])
def test_a_prompt_that_says_nothing_is_refused(
    prompt: str, universe: Places, capsys: Captured
) -> None:
    assert podctl(capsys, "run", "demo", prompt).code == 2


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe"])
def test_a_stdin_that_says_nothing_is_refused(
    content: bytes,
    universe: Places,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    assert podctl(capsys, "run", "demo", "-", "--json").code == 2


def test_detached_it_returns_when_the_input_is_accepted(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.position = 2
        words = podctl(capsys, "run", "demo", "hi", "--detach", "--when-busy", "steer")
        run = pod.wait_for(Run)
        document = podctl(capsys, "run", "demo", "hi", "--detach", "--json").document

    assert isinstance(run, Run)
    assert run.when_busy == "steer"
    assert (words.code, words.out) == (0, "accepted: turn t1, waits behind 2\n")
    assert document == {
        "schema_version": 1,
        "accepted": {"pod": "demo", "turn": "t1", "position": 2},
    }


def test_a_busy_pod_that_rejects_says_what_to_do(
    universe: Places, capsys: Captured
) -> None:
    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Run):
            return None
        return Failure(id=request.id, code="busy", message="a turn is running")

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl(capsys, "run", "demo", "hi", "--when-busy", "reject", "--json")

    assert said.code == 1
    assert said.document["error"]["code"] == "busy"
    assert said.document["error"]["remedy"]


def test_nobody_of_this_name_ends_with_3(universe: Places, capsys: Captured) -> None:
    never = podctl(capsys, "run", "demo", "hi", "--json")
    log = universe.log_file("demo")
    log.parent.mkdir(parents=True)
    log.write_text("", encoding="utf-8")
    ended = podctl(capsys, "run", "demo", "hi", "--json")

    assert (never.code, ended.code) == (3, 3)
    assert never.document["error"]["code"] == "no_such_pod"
    assert "podctl resume demo" in ended.document["error"]["remedy"]


def test_a_pod_that_never_answers_ends_with_8(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo"), answer=lambda _pod, _request: b""):
        said = podctl(capsys, "--timeout", "0.2", "run", "demo", "hi", "--json")

    assert said.code == 8
    assert said.document["error"]["code"] == "not_answering"
    assert str(universe.log_file("demo")) in said.document["error"]["remedy"]


def test_a_turn_that_takes_too_long_ends_with_7_and_goes_on(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_begin())
        said = podctl(capsys, "--timeout", "0.3", "run", "demo", "hi", "--json")
        asked = [pod.asked.get() for _ in range(pod.asked.qsize())]

    assert said.code == 7
    assert said.document["error"]["code"] == "timed_out"
    assert not any(isinstance(request, Cancel) for request in asked)


def test_a_pod_that_is_paused_meanwhile_ends_with_9(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_begin(), StateChanged(state="paused"))
        said = podctl(capsys, "run", "demo", "hi", "--json")

    assert said.code == 9
    assert said.document["error"]["code"] == "paused"


def test_a_pod_that_is_paused_already_takes_the_input_and_ends_with_9(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.state = "paused"
        said = podctl(capsys, "run", "demo", "hi")

        assert said.code == 9
        assert isinstance(pod.wait_for(Run), Run)


@pytest.mark.parametrize(
    ("last", "words"),
    [([], "in the middle"), ([Stopping(mode="drain")], "was stopped")],
)
def test_a_pod_that_goes_away_in_the_middle_ends_with_8(
    last: list[AnyEvent], words: str, universe: Places, capsys: Captured
) -> None:
    def leave(pod: FakePod) -> None:
        pod.say(*_begin(), *last)
        pod.hang_up()

    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = leave
        said = podctl(capsys, "run", "demo", "hi", "--json")

    error = said.document["error"]
    assert said.code == 8
    assert error["code"] == "pod_ended"
    assert words in error["message"]
    assert f"podctl resume {SESSION}" in error["remedy"]
    assert str(universe.log_file("demo")) in error["remedy"]


@pytest.mark.processes
def test_ctrl_c_cancels_the_turn_and_waits_for_its_end(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_begin())
        pod.on_cancel = lambda p: p.say(_ended(Cancelled(by="user"), text="Hel"))
        with _typed("run", "demo", "hi") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            pod.wait_for(Cancel)
            out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130
    assert out == "Hel\n"
    assert err.startswith("cancelled by user")


@pytest.mark.processes
def test_a_second_ctrl_c_leaves_at_once(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*_begin())
        with _typed("run", "demo", "hi", "--json") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            pod.wait_for(Cancel)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "interrupted"
    assert "Traceback" not in err


@pytest.mark.processes
def test_ctrl_c_does_not_cancel_the_turn_that_ours_waits_for(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.position = 1
        pod.on_cancel = lambda p: p.say(_ended(Cancelled(by="user")))
        with _typed("run", "demo", "hi") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("waits behind 1")
            assert "as it begins" in process.stderr.readline()
            assert pod.asked.empty()
            pod.say(*_begin())
            pod.wait_for(Cancel)
            process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130


@pytest.mark.processes
def test_ctrl_c_before_the_turn_has_begun_cancels_it_as_it_begins(
    universe: Places,
) -> None:
    def answer(pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Cancel) or pod.state == "running":
            return None
        return Failure(id=request.id, code="not_running", message="no turn")

    with fake_pod(universe.socket("demo"), answer=answer) as pod:
        pod.on_cancel = lambda p: (
            p.say(_ended(Cancelled(by="user"))) if p.state == "running" else None
        )
        with _typed("run", "demo", "hi") as process:
            pod.wait_for(Run)
            process.send_signal(signal.SIGINT)
            pod.wait_for(Cancel)
            pod.state = "running"
            pod.say(*_begin())
            pod.wait_for(Cancel)
            process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 130


@pytest.mark.processes
def test_on_a_terminal_one_sees_it_happen_within_80_columns(universe: Places) -> None:
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with fake_pod(universe.socket("demo")) as pod:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "podd.cli", "run", "demo", "hi"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(slave)
        seen = b""
        try:
            pod.wait_for(Subscribe)
            pod.wait_for(Run)
            pod.say(*_begin())
            while b"Hel" not in seen:
                seen += os.read(master, 65536)
            assert b"completed" not in seen
            pod.say(Text(turn="t1", step=1, text="Hello.\n"), _ended(Completed()))
            while True:
                try:
                    seen += os.read(master, 65536)
                except OSError:
                    break
            process.wait(LIMIT_SECONDS)
        finally:
            process.kill()
            process.wait()
            os.close(master)

    text = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode())
    lines = [line.rpartition("\r\x1b[K")[2] for line in text.split("\r\n")]
    assert process.returncode == 0
    assert lines[0] == "Hello."
    assert lines[1].startswith("completed · 1,200 tokens in, 34 out")
    assert "\x1b[32m" in seen.decode()
