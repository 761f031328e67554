"""`podctl pause`: keep a pod's turn and begin nothing new."""

import pytest

from podd.paths import Places
from podd_protocol.replies import Failure
from podd_protocol.requests import Pause
from tests.cli.command_line import podctl
from tests.client.fake_pod import FakePod, fake_pod

Captured = pytest.CaptureFixture[str]


def test_each_pod_is_asked(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("a")) as a, fake_pod(universe.socket("b")) as b:
        words = podctl(capsys, "pause", "a", "b")
        asked = [a.wait_for(Pause), b.wait_for(Pause)]
        document = podctl(capsys, "pause", "a", "b", "--json").document

    assert (words.code, words.out, len(asked)) == (0, "", 2)
    assert "podctl resume b" in words.err
    assert document == {"schema_version": 1, "paused": ["a", "b"]}


def test_a_pod_without_a_turn_says_no(universe: Places, capsys: Captured) -> None:
    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Pause):
            return None
        return Failure(id=request.id, code="not_running", message="nothing runs")

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl(capsys, "pause", "demo", "--json")

    assert said.code == 1
    assert said.document["error"]["code"] == "not_running"
