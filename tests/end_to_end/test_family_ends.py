"""A parent and its children ended together, and the parent brought back alone."""

from __future__ import annotations

import pytest

from tests.end_to_end.families import ENDLESS, call, calls, says, spawned
from tests.end_to_end.raw_client import Line, raw_client
from tests.end_to_end.shell import Said, Shell

pytestmark = [pytest.mark.end_to_end, pytest.mark.processes]


def _family(shell: Shell, *steps: str) -> None:
    """The pod `demo` with two children that never get done."""
    work = shell.directory / "work"
    work.mkdir()
    (work / "child.script.toml").write_text(f"[[step]]\n{ENDLESS}\n", encoding="utf-8")
    (work / "child.toml").write_text(
        '[model]\nref = "scripted/child"\nscript = "child.script.toml"\n',
        encoding="utf-8",
    )
    both = calls(("spawn_pod", spawned("left")), ("spawn_pod", spawned("right")))
    file = shell.manifest(both, says("at work"), *steps)
    said = shell("spawn", file, "go", "--json")
    assert said.document["result"]["text"] == "at work", said
    assert {child["pod"] for child in said.document["result"]["children"]} == {
        "demo.left",
        "demo.right",
    }


def _names_both(said: Said) -> None:
    assert "demo.left" in said.error["message"]
    assert "demo.right" in said.error["message"]
    assert "--tree" in said.error["message"] + said.error["remedy"]


def _taken_in(heard: list[Line]) -> list[str]:
    """The causes that turns have taken in so far."""
    taken = {"turn_started", "causes_taken"}
    return [c for one in heard if one["event"] in taken for c in one["causes"]]


def test_a_parent_with_children_ends_with_its_tree_and_not_without(
    shell: Shell,
) -> None:
    _family(shell)
    for verb in ("stop", "kill"):
        said = shell(verb, "demo", "--json")
        assert said.code == 2, said
        _names_both(said)
    tree = shell("list", "--tree", "--json").document["pods"]
    assert {pod["name"]: pod["parent"] for pod in tree} == {
        "demo": None,
        "demo.left": "demo",
        "demo.right": "demo",
    }

    said = shell("stop", "demo", "--tree", "--now", "--json")

    assert said.code == 0, said
    assert {one["pod"] for one in said.document["stopped"]} == {
        "demo",
        "demo.left",
        "demo.right",
    }
    assert shell.is_clean()


def test_a_killed_family_gives_everything_back_when_the_parent_is_resumed(
    shell: Shell,
) -> None:
    _family(
        shell,
        'match = "^write"\n' + call("write_file", path="left/x", content="mine"),
        'match = "^write"\n' + says("{{result write_file}}"),
        says("heard", 'repeat = "forever"'),
    )
    assert shell("kill", "demo", "--tree").code == 0

    assert shell("resume", "demo").code == 0

    with raw_client(str(shell.places.socket("demo")), after=0) as client:
        ends = [client.until("child_event", kind="ended") for _ in range(2)]
        causes = [end["cause"] for end in ends]
        while not set(causes) <= set(_taken_in(client.heard)):
            client.until("turn_ended")
        taken = _taken_in(client.heard)
    assert {one["pod"]: one["end"] for one in ends} == {
        "demo.left": "crashed",
        "demo.right": "crashed",
    }
    # Each once, beside the input.
    assert sorted(taken[1:]) == sorted(causes)
    said = shell("run", "demo", "write", "--json")
    assert "created left/x" in said.document["result"]["text"], said
    (held,) = shell("scope", "list", "--json").document["allocations"]
    assert (held["pod"], held["lent"]) == ("demo", [])
