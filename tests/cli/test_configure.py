"""`podctl configure`: change what a living pod goes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from podd.paths import Places
from podd_protocol.replies import Failure, Reply
from podd_protocol.requests import Configure
from tests.cli.command_line import podctl
from tests.client.fake_pod import FakePod, fake_pod

Captured = pytest.CaptureFixture[str]


def _asked(capsys: Captured, universe: Places, *words: str) -> Configure:
    with fake_pod(universe.socket("demo")) as pod:
        said = podctl(capsys, "configure", "demo", *words)
        assert said.code == 0, said
        return pod.wait_for(Configure)


def test_each_key_is_sent_as_what_it_is(universe: Places, capsys: Captured) -> None:
    asked = _asked(
        capsys,
        universe,
        *("--set", "agent.max_steps=20", "--set", "limits.depth=1"),
        *("--set", 'tools.allow=["grep", "glob"]', "--set", "pod.model=scripted/x"),
        *("--unset", "limits.tokens", "--set", "agent.instruction=$user/terse"),
    )

    assert (asked.model, asked.tools) == ("scripted/x", ["grep", "glob"])
    assert asked.limits == {"max_steps": 20, "depth": 1, "tokens": None}
    assert asked.instruction == "$user/terse"


def test_a_path_is_relative_to_where_one_stands(
    universe: Places, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    asked = _asked(capsys, universe, "--set", "agent.instruction=words/terse.md")

    assert asked.instruction == str(tmp_path / "words" / "terse.md")


def test_what_has_changed_is_said(universe: Places, capsys: Captured) -> None:
    def answer(pod: FakePod, request: object) -> Reply | None:
        if isinstance(request, Configure):
            pod.max_steps = 20
        return None

    more = ("--set", "agent.max_steps=20")
    with fake_pod(universe.socket("one"), answer=answer):
        words = podctl(capsys, "configure", "one", *more)
    with fake_pod(universe.socket("two"), answer=answer):
        said = podctl(capsys, "configure", "two", *more, "--json")
        same = podctl(capsys, "configure", "two", *more)

    assert (words.code, words.out) == (0, "")
    assert "agent.max_steps: 50 -> 20" in words.err
    assert said.document["configured"] == {
        "pod": "two",
        "changed": {"agent.max_steps": {"old": 50, "new": 20}},
    }
    assert "went by that already" in same.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "nothing is to be changed"),
        (("--set", "scope.write=[]"), "'scope.write' cannot be changed"),
        (("--set", "model.base_url=http://x/"), "'model.base_url' cannot be changed"),
        (("--unset", "tools.allow"), "'tools.allow' cannot be taken away"),
        (("--set", "limits.pods=1", "--unset", "limits.pods"), "both set and taken"),
        (("--set", "agent.max_steps"), "is not KEY=VALUE"),
        (("--set", "tools.allow=grep"), "tools"),
        (("--set", "agent.instruction=7"), "expected a string"),
    ],
)
def test_what_cannot_be_is_refused_before_anybody_is_asked(
    universe: Places, capsys: Captured, words: tuple[str, ...], reason: str
) -> None:
    said = podctl(capsys, "configure", "demo", *words)

    assert (said.code, reason in said.err) == (2, True), said.err


def test_the_refusal_names_what_can_be_changed(
    universe: Places, capsys: Captured
) -> None:
    said = podctl(capsys, "configure", "demo", "--set", "pod.name=x")

    assert "agent.max_steps" in said.err
    assert "--resume SESSION MANIFEST" in said.err


def test_a_pod_says_why_not_and_what_to_do(universe: Places, capsys: Captured) -> None:
    def answer(_pod: FakePod, request: object) -> Reply | None:
        if not isinstance(request, Configure):
            return None
        return Failure(
            id=request.id, code="denied", message="too much", data={"remedy": "less"}
        )

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl(capsys, "configure", "demo", "--set", "limits.pods=9", "--json")

    assert said.code == 5
    error = said.document["error"]
    assert (error["code"], error["remedy"]) == ("denied", "less")
