"""What pods ask people, from any depth, answered at the root as a person would."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.end_to_end.families import call, calls, says, spawned
from tests.end_to_end.raw_client import raw_client
from tests.end_to_end.shell import LIMIT_SECONDS, Shell, until_true

pytestmark = [pytest.mark.end_to_end, pytest.mark.processes]

ASK = '[permissions]\nrules = [{ tool = "write_file", action = "ask" }]\n'


def _family(shell: Shell, root: list[str], kid: list[str], grand: list[str]) -> None:
    """Write the pods `demo`, `demo.kid` and `demo.kid.grand`; the last two must ask."""
    work = shell.directory / "work"
    below = work / "kid"
    below.mkdir(parents=True)
    for place, name, steps, more in (
        (work, "child", kid, ""),
        (below, "grand", grand, ASK),
    ):
        (place / f"{name}.script.toml").write_text(
            "".join(f"[[step]]\n{step}\n" for step in steps), encoding="utf-8"
        )
        (place / f"{name}.toml").write_text(
            f'[model]\nref = "scripted/child"\nscript = "{name}.script.toml"\n{more}',
            encoding="utf-8",
        )
    shell.manifest(*root)


def _waiting(shell: Shell, what: str, number: int, name: str = "demo") -> list[Any]:
    """What `podctl approvals|questions` lists, once there are so many."""
    with raw_client(str(shell.places.socket(name))) as client:
        until_true(lambda: len(client.ask("status")[what]) == number)
    found: list[Any] = shell(what, name, "--json").document[what]
    assert len(found) == number
    return found


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def test_what_a_grandchild_asks_is_answered_at_the_root_each_by_its_name(
    shell: Shell,
) -> None:
    write = ("write_file", {"path": "one", "content": "1"})
    _family(
        shell,
        [
            call("spawn_pod", **spawned("kid")),
            call("wait_pods", names=["kid"]),
            says("{{result wait_pods}}"),
        ],
        [
            call("spawn_pod", **spawned("grand", manifest="grand.toml")),
            call("wait_pods", names=["grand"]),
            says("grand said: {{result wait_pods | find did .*}}"),
        ],
        [
            calls(write, ("write_file", {"path": "two", "content": "2"})),
            call("ask_user", question="Which colour?", choices=["red", "blue"]),
            says("did {{result ask_user | lines 2-}} {{result write_file}}"),
        ],
    )
    shell.spawned(shell.directory / "demo.toml", "go")
    grand = shell.directory / "work" / "kid" / "grand"

    # Two at once.
    first, second = _waiting(shell, "approvals", 2)
    assert {first["pod"], second["pod"]} == {"demo.kid.grand"}
    assert first["call"] != second["call"]
    listed = shell("approvals").out
    assert listed.count("demo.kid.grand") == 2
    assert not (grand / "one").exists()
    which = shell("approve", "demo", "--json")
    assert which.code == 2
    assert first["call"] in which.error["message"]
    assert second["call"] in which.error["message"]

    # Each has its own verdict.
    by_path = {one["arguments"]["path"]: one["call"] for one in (first, second)}
    denied = shell("deny", "demo", by_path["two"], "--reason", "two is too many")
    assert denied.code == 0, denied
    left = _waiting(shell, "approvals", 1)
    assert left[0]["call"] == by_path["one"]
    approved = shell("approve", "demo")
    assert approved.code == 0, approved
    assert "demo.kid.grand" in approved.out + approved.err

    # And a question, from as far below.
    (asked,) = _waiting(shell, "questions", 1)
    assert (asked["pod"], asked["text"]) == ("demo.kid.grand", "Which colour?")
    assert shell("answer", "demo", "2").code == 0
    result = shell("wait", "demo", "--json").document["results"][0]
    assert "blue" in result["text"]
    assert "two is too many" in result["text"]
    assert (grand / "one").read_text(encoding="utf-8") == "1"
    assert not (grand / "two").exists()

    # What has been answered is gone, wherever it is asked about.
    for name in ("demo", "demo.kid.grand"):
        late = shell("approve", name, by_path["one"], "--json")
        assert (late.code, late.error["code"]) == (3, "no_such_call"), late
    late = shell("answer", "demo", asked["question"], "red", "--json")
    assert (late.code, late.error["code"]) == (3, "no_such_question"), late
    nothing = shell("approve", "demo", "--json")
    assert (nothing.code, nothing.error["code"]) == (2, "usage")
    assert shell("stop", "demo", "--tree").code == 0
    assert shell.is_clean()


def test_with_nobody_there_it_is_denied_after_its_limit_saying_so(shell: Shell) -> None:
    file = shell.manifest(
        calls(
            ("write_file", {"path": "one", "content": "1"}),
            ("ask_parent", {"question": "who?"}),
        ),
        says("{{result write_file}} / {{result ask_parent}}"),
        more=f"{ASK}wait_seconds = 0.5\n",
    )

    said = shell("spawn", file, "go", "--once", "--json")

    assert said.code == 0, said
    (denied, asked) = sorted(
        (line for line in said.lines if line.get("event") == "tool_result"),
        key=lambda line: line["call"],
    )
    assert denied["status"] == "denied"
    assert "nobody" in denied["summary"]
    assert "0.5 s" in denied["summary"]
    assert asked["status"] == "error"
    assert "parent" in asked["summary"]
    (resolved,) = [
        line for line in said.lines if line.get("event") == "approval_resolved"
    ]
    assert (resolved["verdict"], resolved["by"]) == ("denied", "limit")
    assert not (shell.directory / "work" / "one").exists()


def test_what_is_remembered_for_the_session_is_remembered_after_a_kill(
    shell: Shell,
) -> None:
    write = call("write_file", path="one", content="1")
    file = shell.manifest(write, says("first"), write, says("second"), more=ASK)
    shell.spawned(file, "go")
    _waiting(shell, "approvals", 1)
    # What waits survives as well.
    assert shell("kill", "demo").code == 0
    with shell.typed("resume", "demo") as resumed:
        assert "is back" in _line(resumed)
        # Whoever comes now is told why nothing happens.
        assert "podctl approve demo t1.1.1" in _line(resumed)
        _waiting(shell, "approvals", 1)
        assert shell("approve", "demo", "--remember", "session").code == 0
        assert resumed.wait(LIMIT_SECONDS) == 0
    assert shell("kill", "demo").code == 0
    assert shell("resume", "demo").code == 0

    said = shell("run", "demo", "again", "--json")

    assert said.document["result"]["text"] == "second"
    assert "approval_requested" not in said.events


def test_a_call_that_is_cancelled_while_it_waits_is_gone(shell: Shell) -> None:
    write = call("write_file", path="one", content="1")
    file = shell.manifest(write, says("never"), more=ASK)
    shell.spawned(file, "go")
    (asked,) = _waiting(shell, "approvals", 1)
    assert shell("cancel", "demo").code == 0

    late = shell("approve", "demo", asked["call"], "--json")

    assert (late.code, late.error["code"]) == (3, "no_such_call")
    assert not (shell.directory / "work" / "one").exists()
    assert shell("approvals", "--json").document["approvals"] == []


def test_what_a_dead_child_asked_is_gone_at_the_root(shell: Shell) -> None:
    _family(
        shell,
        [call("spawn_pod", **spawned("kid")), says("at work"), says("heard")],
        [call("ask_user", question="go on?"), says("never")],
        [says("never")],
    )
    shell.spawned(shell.directory / "demo.toml", "go")
    (asked,) = _waiting(shell, "questions", 1)
    assert shell("kill", "demo.kid").code == 0

    _waiting(shell, "questions", 0)
    late = shell("answer", "demo", asked["question"], "yes", "--json")

    assert (late.code, late.error["code"]) == (3, "no_such_question"), late
