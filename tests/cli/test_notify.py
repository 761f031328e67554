"""`podctl notify`: tell a pod something that is not an order."""

import pytest

from podd.paths import Places
from podd_protocol.requests import Notify
from tests.cli.command_line import podctl
from tests.client.fake_pod import fake_pod

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("given", "wake"), [((), True), (("--no-wake",), False)])
def test_the_pod_is_told(
    given: tuple[str, ...], wake: bool, universe: Places, capsys: Captured
) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        said = podctl(capsys, "notify", "demo", "main was merged", *given)
        notify = pod.wait_for(Notify)

    assert (said.code, said.out) == (0, "")
    assert isinstance(notify, Notify)
    assert (notify.message, notify.wake) == ("main was merged", wake)
    assert notify.key


def test_json_names_the_cause(universe: Places, capsys: Captured) -> None:
    with fake_pod(universe.socket("demo")):
        said = podctl(capsys, "notify", "demo", "x", "--json")

    assert said.document == {
        "schema_version": 1,
        "accepted": {"pod": "demo", "cause": "c2"},
    }


def test_an_empty_text_is_refused(universe: Places, capsys: Captured) -> None:
    assert podctl(capsys, "notify", "demo", " ").code == 2
