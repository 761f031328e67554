from __future__ import annotations

import os

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.scope_lock.allocation import Request, allocate
from podd.scope_lock.lease import adopt
from podd.scope_lock.lending import lend
from podd.scope_lock.table import Table
from tests.cli.command_line import podctl
from tests.cli.process_pod import process_pod
from tests.client.fake_pod import SESSION

pytestmark = pytest.mark.processes


def test_who_holds_what_is_listed(capsys, universe, tmp_path):
    with process_pod("demo", tmp_path) as pod:
        document = podctl(capsys, "scope", "list", "--json").document
        said = podctl(capsys, "scope", "list")

    assert document.keys() == {"schema_version", "allocations", "dead"}
    (row,) = document["allocations"]
    assert row == {
        "pod": "demo",
        "pid": pod.pid,
        "since": "2026-11-20T10:00:00.000Z",
        "parent": None,
        "session": SESSION,
        "mode": "enforce",
        "rules": [{"path": str(tmp_path), "access": "write", "recursive": True}],
        "lent": [],
    }
    assert str(tmp_path) in said.out


def test_the_dead_hold_nothing_and_are_named_apart(capsys, universe, tmp_path):
    with process_pod("demo", tmp_path) as pod:
        pod.kill()
        pod.wait(5)

        document = podctl(capsys, "scope", "list", "--json").document

    assert (document["allocations"], document["dead"]) == ([], ["demo"])


def test_check_names_the_writer_relative_to_the_caller(
    capsys, universe, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with process_pod("demo", tmp_path / "real"):
        said = podctl(capsys, "scope", "check", "link/new", "--json")
        words = podctl(capsys, "scope", "check", "link/new")

    assert said.code == 0
    assert said.document == {
        "schema_version": 1,
        "path": str(tmp_path / "real" / "new"),
        "writer": {
            "pod": "demo",
            "since": "2026-11-20T10:00:00.000Z",
            "lent_by": None,
            "doing": "idle",
            "through": str(tmp_path / "real"),
            "mode": "enforce",
        },
        "readers": [],
    }
    assert words.out.startswith("demo may write ")


def test_a_path_that_nobody_holds_is_no_error(capsys, universe, tmp_path):
    said = podctl(capsys, "scope", "check", str(tmp_path), "--json")

    assert said.code == 0
    assert (said.document["writer"], said.document["readers"]) == (None, [])


def test_reclaim_frees_what_the_dead_hold_and_nothing_else(capsys, universe, tmp_path):
    for name in ("dead", "alive"):
        (tmp_path / name).mkdir()
    with (
        process_pod("dead", tmp_path / "dead") as pod,
        process_pod("alive", tmp_path / "alive"),
    ):
        pod.kill()
        pod.wait(5)

        freed = podctl(capsys, "scope", "reclaim", "--json").document["freed"]
        left = podctl(capsys, "scope", "list", "--json").document

    assert freed == [
        {"pod": "dead", "session": SESSION, "since": "2026-11-20T10:00:00.000Z"}
    ]
    assert [row["pod"] for row in left["allocations"]] == ["alive"]
    assert left["dead"] == []


def test_nothing_to_reclaim_is_said_and_makes_no_table(capsys, universe):
    said = podctl(capsys, "scope", "reclaim")

    assert (said.code, said.out) == (0, "")
    assert said.err
    assert not universe.table_file.exists()


@pytest.fixture
def lent(universe, tmp_path):
    """Two pods in this process: one that lends, and a child that has not adopted."""

    def request(name, path):
        return Request(
            name=name,
            session=f"session-{name}",
            scope=Scope((Rule(str(path), "write"),)),
            since="2026-11-20T10:00:00.000Z",
            source="test",
        )

    with Table(universe) as table:
        top = allocate(table, request("demo", tmp_path))
        lease = adopt(
            table,
            allocation=top.id,
            token=top.token,
            descriptor=os.dup(top.life.descriptor),
        )
        top.life.close()
        child = lend(table, lease, request("demo.left", tmp_path / "left"))
        yield child
        child.life.close()
        lease.release()


def test_what_is_lent_is_listed_with_whom_it_is_lent_to(capsys, lent, tmp_path):
    rows = podctl(capsys, "scope", "list", "--json").document["allocations"]
    said = podctl(capsys, "scope", "list")

    rules = [{"path": str(tmp_path / "left"), "access": "write", "recursive": True}]
    assert [(row["pod"], row["parent"], row["lent"]) for row in rows] == [
        ("demo", None, [{"to": "demo.left", "rules": rules}]),
        ("demo.left", "demo", []),
    ]
    assert rows[1]["rules"] == rules
    assert f"lent      {tmp_path / 'left'} to demo.left" in said.out
    assert "lent by demo" in said.out


def test_check_of_what_is_lent_names_the_child_and_its_lender(capsys, lent, tmp_path):
    path = str(tmp_path / "left" / "new")
    document = podctl(capsys, "scope", "check", path, "--json").document
    said = podctl(capsys, "scope", "check", path)

    assert (document["writer"]["pod"], document["writer"]["lent_by"]) == (
        "demo.left",
        "demo",
    )
    assert [reader["pod"] for reader in document["readers"]] == ["demo"]
    assert said.out.startswith("demo.left may write ")
    assert "lent by demo" in said.out
    assert "demo may read it" in said.out


def test_what_a_dead_child_had_may_be_written_by_its_lender_again(
    capsys, lent, tmp_path
):
    lent.life.close()
    path = str(tmp_path / "left")
    document = podctl(capsys, "scope", "check", path, "--json").document

    assert (document["writer"]["pod"], document["readers"]) == ("demo", [])
