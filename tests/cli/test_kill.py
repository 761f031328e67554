from __future__ import annotations

import subprocess
import sys

import pytest

from podd.cli.family import Family
from podd.scope_lock import record as records
from podd.scope_lock.identity import ProcessIdentity
from podd.scope_lock.listing import allocations
from podd.scope_lock.table import Table
from tests.cli.command_line import podctl
from tests.cli.process_pod import process_pod
from tests.client.fake_pod import SESSION

pytestmark = pytest.mark.processes


def _allocations(universe):
    with Table(universe) as table:
        return allocations(table)


@pytest.mark.parametrize("manners", ["orderly", "mute", "deaf"])
def test_a_pod_is_dead_and_nothing_of_it_is_left(capsys, universe, tmp_path, manners):
    with process_pod("demo", tmp_path, manners) as pod:
        said = podctl(capsys, "kill", "demo", "--json")

        assert said.code == 0
        assert said.document == {
            "schema_version": 1,
            "killed": [{"pod": "demo", "pid": pod.pid, "session": SESSION}],
        }
        assert pod.wait(5) == -9
        assert _allocations(universe) == ()
        assert not universe.pod("demo").exists()
        assert podctl(capsys, "list", "--json").document["pods"] == []


def test_what_a_dead_pod_left_is_cleared_away(capsys, universe, tmp_path):
    with process_pod("demo", tmp_path) as pod:
        pod.kill()
        pod.wait(5)

        said = podctl(capsys, "kill", "demo", "--json")

    assert said.code == 0
    assert [one["pid"] for one in said.document["killed"]] == [None]
    assert _allocations(universe) == ()
    assert not universe.pod("demo").exists()


def test_a_pid_that_was_used_again_is_not_hit(capsys, universe, tmp_path):
    """The table names a number that is another process now."""
    stranger = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    )
    try:
        with process_pod("demo", tmp_path):
            with Table(universe) as table:

                def recycle(connection):
                    record = records.by_name(connection, "demo")
                    old = record.process
                    records.hand_over(
                        connection,
                        record,
                        token=record.token,
                        process=ProcessIdentity(
                            pid=stranger.pid,
                            start_time=old.start_time - 1000,
                            pid_namespace=old.pid_namespace,
                        ),
                    )

                table.transact(recycle)

            said = podctl(capsys, "kill", "demo", "--json")

            assert (said.code, said.document["error"]["code"]) == (7, "timed_out")
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.communicate()


def test_a_pod_without_an_allocation_is_the_process_behind_its_socket(
    capsys, universe, tmp_path
):
    with process_pod("demo", tmp_path) as pod:
        with Table(universe) as table:
            table.transact(
                lambda connection: records.remove(
                    connection, universe, records.by_name(connection, "demo").id
                )
            )

        said = podctl(capsys, "kill", "demo", "--json")

        assert [one["pid"] for one in said.document["killed"]] == [pod.pid]
        assert pod.wait(5) == -9


def test_a_pod_that_is_being_started_is_left_to_its_starter(capsys, universe, tmp_path):
    with process_pod("demo", tmp_path) as pod, Table(universe) as table:
        table.transact(
            lambda connection: connection.execute(
                "UPDATE allocation SET stage = 'starting'"
            )
        )

        said = podctl(capsys, "kill", "demo", "--json")

        assert (said.code, said.document["error"]["code"]) == (8, "not_answering")
        assert pod.poll() is None


def test_one_name_that_is_not_there_does_not_save_the_others(
    capsys, universe, tmp_path
):
    with process_pod("demo", tmp_path) as pod:
        said = podctl(capsys, "kill", "nobody", "demo", "--json")

        assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")
        assert pod.wait(5) == -9


@pytest.mark.parametrize("name", ["..", "", "a/b", "x" * 300])
def test_a_word_that_is_no_name_harms_nothing(capsys, universe, name):
    universe.pods.mkdir(parents=True)

    said = podctl(capsys, "kill", name, "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_pod")
    assert universe.pods.exists()


def test_a_parent_is_killed_only_with_its_tree(capsys, universe, tmp_path):
    (tmp_path / "a").mkdir()
    with (
        process_pod("demo", tmp_path, "mute") as parent,
        process_pod("demo.a", tmp_path / "a", "deaf") as child,
    ):
        said = podctl(capsys, "kill", "demo", "--json")

        assert (said.code, said.document["error"]["code"]) == (2, "usage")
        assert "podctl kill demo --tree" in said.document["error"]["remedy"]
        assert (parent.poll(), child.poll()) == (None, None)

        said = podctl(capsys, "kill", "demo", "--tree", "--json")

        assert [one["pod"] for one in said.document["killed"]] == ["demo.a", "demo"]
        assert (parent.wait(5), child.wait(5)) == (-9, -9)
        assert _allocations(universe) == ()


def test_who_is_spawned_while_its_parent_is_killed_is_killed_too(
    capsys, universe, tmp_path, monkeypatch
):
    """Its parent was not known to have it when the tree was looked at."""
    (tmp_path / "a").mkdir()
    monkeypatch.setattr(Family, "of", lambda _places: Family({}))
    with (
        process_pod("demo", tmp_path) as parent,
        process_pod("demo.a", tmp_path / "a") as child,
    ):
        said = podctl(capsys, "kill", "demo", "--tree", "--json")

        assert [one["pod"] for one in said.document["killed"]] == ["demo", "demo.a"]
        assert (parent.wait(5), child.wait(5)) == (-9, -9)
        assert _allocations(universe) == ()


def test_both_by_name_is_a_tree_as_well(capsys, universe, tmp_path):
    (tmp_path / "a").mkdir()
    with process_pod("demo", tmp_path), process_pod("demo.a", tmp_path / "a"):
        said = podctl(capsys, "kill", "demo", "demo.a", "--json")

        assert [one["pod"] for one in said.document["killed"]] == ["demo.a", "demo"]
