"""`podctl cancel`: end the turn of a pod."""

import pytest

from podd.paths import Places
from podd_protocol.requests import Cancel
from tests.cli.command_line import podctl
from tests.client.fake_pod import fake_pod

Captured = pytest.CaptureFixture[str]


def test_each_pod_is_asked_and_told_why(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("a")) as a, fake_pod(universe.socket("b")) as b:
        words = podctl(capsys, "cancel", "a", "b", "--reason", "wrong branch")
        asked = [pod.wait_for(Cancel) for pod in (a, b)]
        document = podctl(capsys, "cancel", "a", "--json").document

    assert (words.code, words.out) == (0, "")
    assert [getattr(cancel, "reason", None) for cancel in asked] == ["wrong branch"] * 2
    assert document == {"schema_version": 1, "cancelled": ["a"]}


def test_a_pod_that_is_not_there_ends_with_3(
    universe: Places, capsys: Captured
) -> None:
    assert podctl(capsys, "cancel", "nobody").code == 3
