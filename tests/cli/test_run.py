"""`podctl run`: give a pod work and follow it."""

import io
import json
import sys

import msgspec
import pytest

from podd.paths import Places
from podd_protocol.events import (
    AnyEvent,
    ChildEvent,
    Lagged,
    QuestionAsked,
    StateChanged,
    Stopping,
)
from podd_protocol.replies import Failure
from podd_protocol.requests import Cancel, Run
from podd_protocol.values import Cancelled, Completed, Failed, Limited, Outcome
from tests.cli.command_line import podctl
from tests.cli.turns import USAGE, beginning, ended, whole_turn
from tests.client.fake_pod import SESSION, FakePod, fake_pod

Captured = pytest.CaptureFixture[str]


def test_a_script_gets_the_final_text_alone(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*whole_turn(Completed()))
        said = podctl(capsys, "run", "demo", "hi")
        run = pod.wait_for(Run)

    assert isinstance(run, Run)
    assert (run.input, run.when_busy) == ("hi", "queue")
    assert run.key
    assert (said.code, said.out) == (0, "Hello.\n")
    first, second, third = said.err.splitlines()
    assert first.startswith("completed · 1,200 tokens in, 34 out · ")
    assert "podctl run demo" in second
    assert "podctl resume demo" in second
    assert str(universe.log_file("demo")) in third


def test_quiet_says_nothing_but_the_text(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*whole_turn(Completed()))
        said = podctl(capsys, "-q", "run", "demo", "hi")

    assert (said.out, said.err) == ("Hello.\n", "")


def test_verbose_tells_the_progress_on_stderr(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*whole_turn(Completed()))
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
        pod.on_run = lambda p: p.say(*whole_turn(outcome))

        assert podctl(capsys, "run", "demo", "hi").code == code


def test_json_is_each_event_and_then_the_result(
    universe: Places, capsys: Captured
) -> None:
    strange = b'{"event":"moon_phase","seq":5,"pod":"demo.child"}\n'
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(strange, *whole_turn(Completed()))
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
            ended(Failed(code="x", message="x"), "t0", "theirs"),
            *whole_turn(Completed()),
        )
        said = podctl(capsys, "run", "demo", "hi")

    assert (said.code, said.out) == (0, "Hello.\n")
    assert said.err.startswith("waits behind 1 in demo\n")


def test_a_client_that_lags_still_gets_the_whole_text(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(
            *beginning(),
            Lagged(seq=90_000, from_=4, to=90_000),
            ended(Completed(), text="All of it."),
        )
        said = podctl(capsys, "run", "demo", "hi")

    assert (said.code, said.out) == (0, "All of it.\n")


def test_a_prompt_can_come_on_stdin(
    universe: Places, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = io.TextIOWrapper(io.BytesIO("zwei\nZeilen ü\n".encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", typed)
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*whole_turn(Completed()))
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
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    )

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
        pod.on_run = lambda p: p.say(*beginning())
        said = podctl(capsys, "--timeout", "0.3", "run", "demo", "hi", "--json")
        asked = [pod.asked.get() for _ in range(pod.asked.qsize())]

    assert said.code == 7
    assert said.document["error"]["code"] == "timed_out"
    assert not any(isinstance(request, Cancel) for request in asked)


def test_a_pod_that_is_paused_meanwhile_ends_with_9(
    universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(*beginning(), StateChanged(state="paused"))
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
    # Who does not know that it waits types it again.
    assert "the input waits" in said.err


@pytest.mark.parametrize(
    ("last", "words"),
    [([], "in the middle"), ([Stopping(mode="drain")], "was stopped")],
)
def test_a_pod_that_goes_away_in_the_middle_ends_with_8(
    last: list[AnyEvent], words: str, universe: Places, capsys: Captured
) -> None:
    def leave(pod: FakePod) -> None:
        pod.say(*beginning(), *last)
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


def _child(kind: str, session: str = "s1", **more: object) -> AnyEvent:
    return ChildEvent(
        pod=f"demo.{session}",
        session=session,
        kind=kind,  # type: ignore[arg-type]
        parent="demo",
        **more,  # type: ignore[arg-type]
    )


def test_the_result_names_the_children_of_the_turn(
    universe: Places, capsys: Captured
) -> None:
    done = {"outcome": Completed(), "usage": USAGE}
    with fake_pod(universe.socket("demo")) as pod:
        pod.position = 1
        pod.on_run = lambda p: p.say(
            _child("turn_ended", "old", **done),
            ended(Completed(), "t0"),
            _child("spawned", "s1"),
            *beginning(),
            _child("spawned", "s2"),
            _child("turn_ended", "s1", **done),
            _child("turn_ended", "s1", **done),
            _child("ended", "s1", end="stopped"),
            ended(Completed()),
        )
        said = podctl(capsys, "run", "demo", "hi", "--json")

    one, two = said.document["result"]["children"]
    assert (one["pod"], one["session"]) == ("demo.s1", "s1")
    assert one["outcome"] == {"kind": "completed"}
    assert one["usage"]["input_tokens"] == 2 * USAGE.input_tokens
    assert (two["pod"], two["outcome"]) == ("demo.s2", None)
    assert two["usage"]["requests"] == 0


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_what_waits_for_people_is_said_to_all_who_did_not_ask_for_quiet(
    quiet: tuple[str, ...], universe: Places, capsys: Captured
) -> None:
    asked = QuestionAsked(
        question="q", text="Which?", choices=[], pod="demo", to="user", wait_seconds=9.0
    )
    for_parent = msgspec.structs.replace(asked, to="parent", text="Hm?")
    with fake_pod(universe.socket("demo")) as pod:
        pod.on_run = lambda p: p.say(asked, for_parent, *whole_turn(Completed()))
        said = podctl(capsys, "run", "demo", "hi", *quiet)

    assert said.out == "Hello.\n"
    assert ("podctl answer demo q TEXT" in said.err) != bool(quiet)
    assert "Hm?" not in said.err
