from __future__ import annotations

import os

import msgspec
import pytest

from podd.cli.commands.list import _as_tree
from podd.cli.family import Family
from podd_protocol.requests import Hello, Status
from tests.cli.command_line import on_terminal, podctl
from tests.cli.process_pod import process_pod
from tests.cli.session_written import TURN, session_written
from tests.client.fake_pod import SESSION, fake_pod

USAGE_KEYS = {
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "requests",
    "cost_usd",
    "estimated",
}


def test_without_pods_it_says_so_and_ends_well(capsys, universe):
    said = podctl(capsys, "list")

    assert (said.code, said.out) == (0, "")
    assert said.err
    assert podctl(capsys, "ls", "--json").document == {"schema_version": 1, "pods": []}


def test_a_live_pod_has_exactly_these_fields(capsys, universe):
    with fake_pod(universe.socket("demo")):
        said = podctl(capsys, "ps", "--json")

    (pod,) = said.document["pods"]
    usage = pod.pop("usage")
    assert pod == {
        "name": "demo",
        "state": "idle",
        "socket": str(universe.socket("demo")),
        "pid": os.getpid(),
        "session": SESSION,
        "model": "scripted/demo",
        "workdir": "/srv",
        "parent": None,
        "scope": {"read": ["/srv"], "write": [], "lent": []},
        "turn": None,
        "started_at": "2026-11-20T10:00:00.000Z",
    }
    assert usage.keys() == USAGE_KEYS


def test_a_pod_that_takes_the_connection_and_is_mute_is_shown(capsys, universe):
    with fake_pod(universe.socket("mute"), answer=lambda *_: b""):
        said = podctl(capsys, "list", "--json", "--timeout", "0.1")

    (pod,) = said.document["pods"]
    assert (pod["name"], pod["state"]) == ("mute", "not_answering")
    assert pod["pid"] == os.getpid()


def test_ended_pods_are_left_out_unless_all_are_asked_for(capsys, universe):
    session_written(universe, "old", *TURN, milliseconds=1_700_000_000_000)
    newest = session_written(universe, "old", *TURN, closed=False)
    session_written(universe, "closed", *TURN, milliseconds=1_700_000_000_001)
    session_written(universe, "demo")

    with fake_pod(universe.socket("demo")):
        alive = podctl(capsys, "list", "--json").document["pods"]
        everything = podctl(capsys, "list", "--all", "--json").document["pods"]

    assert [pod["name"] for pod in alive] == ["demo"]
    states = {pod["name"]: pod["state"] for pod in everything}
    assert states == {"demo": "idle", "old": "crashed", "closed": "ended"}
    old = next(pod for pod in everything if pod["name"] == "old")
    assert old.keys() == alive[0].keys()
    assert (old["session"], old["socket"], old["pid"]) == (newest.session, None, None)
    assert old["scope"] == {"read": ["/srv"], "write": ["/srv/notes"], "lent": []}
    assert old["usage"]["input_tokens"] == 10


def test_a_damaged_journal_does_not_stop_the_list(capsys, universe):
    directory = session_written(universe, "demo", *TURN)
    directory.journal.write_bytes(b"\xff\n")

    said = podctl(capsys, "list", "--all", "--json")

    assert said.code == 0
    assert [pod["name"] for pod in said.document["pods"]] == ["demo"]


def test_a_tree_puts_children_below_parents_and_orphans_at_the_top():
    def row(name, parent=None, pid=1):
        return {"name": name, "parent": parent, "pid": pid}

    rows = [
        row("a.b", "a"),
        row("a"),
        row("a.dead", pid=None),
        row("a.own"),
        row("z", "gone"),
        row("a.b.c", "a.b"),
        row("y.dead", pid=None),
    ]

    shown = [(depth, row["name"]) for depth, row in _as_tree(rows)]
    assert shown == [
        (0, "a"),
        (1, "a.b"),
        (2, "a.b.c"),
        (1, "a.dead"),
        (0, "a.own"),
        (0, "z"),
        (0, "y.dead"),
    ]


@pytest.mark.processes
def test_the_parent_is_who_lends(capsys, universe, tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    with (
        process_pod("demo", tmp_path, "mute"),
        process_pod("demo.a", tmp_path / "a"),
        fake_pod(universe.socket("demo.other")),
    ):
        said = podctl(capsys, "list", "--json", "--timeout", "0.5")
        shown = on_terminal(monkeypatch, "list", "--tree", "--timeout", "0.5")

    assert {pod["name"]: pod["parent"] for pod in said.document["pods"]} == {
        "demo": None,
        "demo.a": "demo",
        "demo.other": None,
    }
    assert [line[:12].rstrip() for line in shown.splitlines()] == [
        "NAME",
        "demo",
        "  demo.a",
        "demo.other",
    ]


def test_a_list_without_children_opens_no_table(capsys, universe, monkeypatch):
    def refuse(_places):
        raise AssertionError("the table was opened")

    monkeypatch.setattr(Family, "of", refuse)
    with fake_pod(universe.socket("demo")):
        assert podctl(capsys, "list").code == 0


def test_in_a_pipe_a_workdir_is_whole(capsys, universe, monkeypatch):
    workdir = "/home/somebody/projects/with/a/deep/tree/of/directories"

    def deep(pod, request):
        if isinstance(request, Hello):
            return None
        return msgspec.structs.replace(pod.status(request.id), workdir=workdir)

    with fake_pod(universe.socket("demo"), answer=deep):
        said = podctl(capsys, "list")

    assert f"  {workdir}  " in said.out


@pytest.mark.parametrize("columns", [80, 60])
def test_on_a_terminal_each_line_fits(universe, monkeypatch, columns):
    def long(pod, request):
        if isinstance(request, Hello):
            return None
        assert isinstance(request, Status)
        return msgspec.structs.replace(
            pod.status(request.id),
            model="openai_chat/a-model-with-quite-a-long-name-20260101",
            workdir="/home/somebody/projects/with/a/deep/tree/of/directories",
            turn="t12",
        )

    monkeypatch.setenv("COLUMNS", str(columns))
    with fake_pod(universe.socket("reviewer-2"), answer=long):
        shown = on_terminal(monkeypatch, "list", "--tree")

    lines = shown.splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= columns
    assert "directories" in lines[1] or columns < 80
