from __future__ import annotations

import pytest

from podd.cli.commands import stop
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table
from podd_protocol.replies import Failure
from podd_protocol.requests import Shutdown
from tests.cli.command_line import podctl
from tests.cli.process_pod import process_pod
from tests.client.fake_pod import SESSION, fake_pod

pytestmark = pytest.mark.processes


def _allocations(universe):
    with Table(universe) as table:
        return allocations(table)


@pytest.mark.parametrize("manners", ["orderly", "crashing", "refusing"])
def test_it_returns_when_the_pod_is_gone_and_its_scope_free(
    capsys, universe, tmp_path, manners
):
    with process_pod("demo", tmp_path, manners) as pod:
        said = podctl(capsys, "stop", "demo", "--json")

        assert said.code == 0
        assert said.document == {
            "schema_version": 1,
            "stopped": [{"pod": "demo", "session": SESSION}],
        }
        assert pod.wait(1) == (1 if manners == "crashing" else 0)
        assert _allocations(universe) == ()


@pytest.mark.parametrize(("options", "mode"), [((), "drain"), (("--now",), "now")])
def test_now_is_passed_on(capsys, universe, options, mode):
    asked = []

    def answer(_pod, request):
        asked.append(request)
        if isinstance(request, Shutdown):
            return Failure(id=request.id, code="denied", message="no")
        return None

    with fake_pod(universe.socket("demo"), answer=answer):
        said = podctl(capsys, "stop", "demo", *options, "--json")

    assert said.document["error"]["code"] == "denied"
    assert [r.mode for r in asked if isinstance(r, Shutdown)] == [mode]


def test_a_pod_that_does_not_end_is_said_with_what_to_do(
    capsys, universe, tmp_path, monkeypatch
):
    monkeypatch.setattr(stop, "DRAIN_SECONDS", 0.1)
    with process_pod("demo", tmp_path, "deaf") as pod:
        said = podctl(capsys, "stop", "demo", "--json")

        assert (said.code, said.document["error"]["code"]) == (7, "timed_out")
        assert "podctl kill demo" in said.document["error"]["remedy"]
        assert pod.poll() is None


def test_all_means_every_live_pod(capsys, universe, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with process_pod("a", tmp_path / "a"), process_pod("b", tmp_path / "b"):
        said = podctl(capsys, "stop", "--all", "--json")

    assert [one["pod"] for one in said.document["stopped"]] == ["a", "b"]


def test_all_of_none_ends_well(capsys, universe):
    said = podctl(capsys, "stop", "--all")

    assert (said.code, said.out) == (0, "")
    assert said.err


@pytest.mark.parametrize("words", [(), ("demo", "--all")])
def test_names_or_all_but_not_both(capsys, universe, words):
    said = podctl(capsys, "stop", *words, "--json")

    assert (said.code, said.document["error"]["code"]) == (2, "usage")


def test_one_name_that_is_not_there_does_not_save_the_others(
    capsys, universe, tmp_path
):
    with process_pod("demo", tmp_path) as pod:
        said = podctl(capsys, "stop", "nobody", "demo", "--json")

        assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")
        assert pod.wait(1) == 0


def test_a_mute_pod_does_not_answer(capsys, universe, tmp_path):
    with process_pod("demo", tmp_path, "mute"):
        said = podctl(capsys, "stop", "demo", "--json", "--timeout", "0.1")

        assert (said.code, said.document["error"]["code"]) == (8, "not_answering")
