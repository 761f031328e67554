from __future__ import annotations

from contextlib import contextmanager

import pytest

from podd.cli import ending
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table
from podd_protocol.replies import Failure
from podd_protocol.requests import Shutdown
from tests.cli.command_line import podctl
from tests.cli.process_pod import process_pod, session_of
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
    monkeypatch.setattr(ending, "DRAIN_SECONDS", 0.1)
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


@contextmanager
def _family(tmp_path):
    """Run `demo`, its child `demo.a` and that one's `demo.a.b`."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    with (
        process_pod("demo", tmp_path) as parent,
        process_pod("demo.a", tmp_path / "a") as child,
        process_pod("demo.a.b", tmp_path / "a" / "b") as grandchild,
    ):
        yield parent, child, grandchild


def test_a_parent_is_stopped_only_with_its_tree(capsys, universe, tmp_path):
    with _family(tmp_path) as pods:
        said = podctl(capsys, "stop", "demo", "--json")
        error = said.document["error"]

        assert (said.code, error["code"]) == (2, "usage")
        assert "demo.a, demo.a.b" in error["message"]
        assert "podctl stop demo --tree" in error["remedy"]
        assert [pod.poll() for pod in pods] == [None] * 3

        said = podctl(capsys, "stop", "demo", "--tree", "--json")

        assert [one["pod"] for one in said.document["stopped"]] == [
            "demo.a.b",
            "demo.a",
            "demo",
        ]
        assert said.document["stopped"][0]["session"] == session_of("demo.a.b")
        assert [pod.wait(1) for pod in pods] == [0, 0, 0]
        assert _allocations(universe) == ()


def test_a_child_is_stopped_and_its_parent_is_not(capsys, universe, tmp_path):
    with _family(tmp_path) as (parent, child, grandchild):
        said = podctl(capsys, "stop", "demo.a", "demo.a.b", "--json")

        assert said.code == 0
        assert (child.wait(1), grandchild.wait(1)) == (0, 0)
        assert parent.poll() is None


def test_all_means_children_too(capsys, universe, tmp_path):
    with _family(tmp_path) as pods:
        said = podctl(capsys, "stop", "--all", "--json")

        assert [one["pod"] for one in said.document["stopped"]] == [
            "demo.a.b",
            "demo.a",
            "demo",
        ]
        assert [pod.wait(1) for pod in pods] == [0, 0, 0]
