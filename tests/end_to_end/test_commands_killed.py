"""A pod that is killed while commands of it write: its scope is nobody's till then."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from podd.sandbox.probe import probe
from tests.end_to_end.families import call, calls, says
from tests.end_to_end.shell import Shell, gone, until_true, watched

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.processes,
    pytest.mark.skipif(probe().means is None, reason="no command is confined here"),
]

#: Hides from its group, its session and its parent, and hears nothing.
WRITER = (
    'setsid sh -c \'trap "" TERM INT HUP; ( while :; do echo x >> {0}; done ) & '
    "while :; do echo x >> {0}; done' & wait"
)


def _writes(file: Path) -> None:
    """Wait until somebody has written there."""
    until_true(lambda: file.exists() and file.stat().st_size)


def test_nobody_gets_the_scope_of_a_killed_pod_before_its_last_writer_is_dead(
    shell: Shell,
) -> None:
    first = shell.manifest(
        calls(
            ("bash", {"command": WRITER.format("back"), "background": True}),
            ("bash", {"command": WRITER.format("front")}),
        ),
        says("never"),
        name="first",
    )
    pod = shell.spawned(first, "write")
    files = [shell.directory / "work" / name for name in ("back", "front")]
    for file in files:
        _writes(file)
    look = "wc -c back front; sleep 0.3; wc -c back front"
    second = shell.manifest(
        call("bash", command=look), says("{{result bash | lines 2-}}"), name="second"
    )
    refused = shell("spawn", second, "look", "--once", "--json")
    assert (refused.code, refused.error["code"]) == (4, "scope_conflict")

    began = time.monotonic()
    with watched(pod["pid"]) as process:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        said = shell("spawn", second, "look", "--once", "--json")
        took = time.monotonic() - began
        assert gone(process)

    assert said.code == 0, said
    seen = said.document["result"]["text"].split()
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert [file.stat().st_size for file in files] == [int(seen[0]), int(seen[2])]
    # About a second for the kernel; the rest is a pod that starts and looks.
    assert took < 6
    assert not shell.processes()


def test_an_end_in_order_ends_the_commands_of_the_background_first(
    shell: Shell,
) -> None:
    file = shell.manifest(
        call("bash", command=WRITER.format("back"), background=True),
        says("it runs"),
    )
    said = shell("spawn", file, "go", "--json")
    assert said.document["result"]["text"] == "it runs"
    back = shell.directory / "work" / "back"
    _writes(back)
    (command,) = shell("status", "demo", "--json").document["commands"]
    assert command["text"] == WRITER.format("back")
    assert Path(command["output"]).exists()

    stopped = shell("stop", "demo")

    size = back.stat().st_size
    assert stopped.code == 0, stopped
    assert shell.is_clean()
    assert back.stat().st_size == size


def test_a_killed_pod_that_is_restored_is_told_that_its_commands_are_lost(
    shell: Shell,
) -> None:
    file = shell.manifest(
        call("bash", command=WRITER.format("back"), background=True),
        says("it runs"),
        says("I have heard"),
    )
    said = shell("spawn", file, "go", "--json")
    assert said.code == 0, said
    back = shell.directory / "work" / "back"
    _writes(back)

    assert shell("kill", "demo").code == 0
    resumed = shell("resume", "demo", "--json")

    assert resumed.code == 0, resumed
    said = shell("wait", "demo", "--json")
    assert said.document["results"][0]["text"] == "I have heard"
    told = shell("history", "demo").out
    assert "the pod that ran it ended" in told
    size = back.stat().st_size
    assert not shell("status", "demo", "--json").document["commands"]
    assert back.stat().st_size == size
