"""Commands that behave badly: each ends, is told plainly, and leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from podd.paths import places
from podd.sandbox.probe import probe
from tests.end_to_end.families import calls, says
from tests.end_to_end.shell import Shell

pytestmark = [pytest.mark.end_to_end, pytest.mark.processes]

#: What no other process of the machine sleeps for.
NAP = f"7654.{os.getpid()}"

FLOOD_BYTES = 100_000_000
FILE_BYTES = 1_000_000

DAEMON = (
    f"(setsid sh -c 'setsid sleep {NAP} & echo > up; exec sleep {NAP}' &) "
    "> /dev/null 2>&1; while ! test -e up; do :; done; echo gone"
)
#: Name, command, and how long it may take. All but the last run at the same time.
COMMANDS = {
    "hangs": (f"echo before; sleep {NAP}", 1.5),
    "deaf": (f"trap '' TERM INT HUP; echo deaf; while :; do sleep {NAP}; done", 1.5),
    "floods": (f"yes 123456789 | head -c {FLOOD_BYTES}; echo the end", 60),
    "daemonises": (DAEMON, 20),
    "keeps the pipe": (f"(setsid sleep {NAP} &); echo the shell is through", 20),
    "eats memory": ("dd if=/dev/zero of=/dev/null bs=1G count=1 || echo refused", 20),
    "fills the disk": ("yes > big; echo status $?; wc -c < big", 20),
    "binary": ("printf 'GIF89a\\0\\001\\002\\003'; head -c 2000 /dev/zero", 20),
    "invalid": ("printf 'a\\377b\\303'", 20),
    "reads stdin": ("cat; read -r line || echo nothing to read", 20),
    "needs a terminal": (
        "test -t 0 || test -t 1 || echo no terminal; (: < /dev/tty) || echo none",
        20,
    ),
    "is killed": ("kill -SEGV $$", 20),
    "is nothing": ("no-such-program --at-all", 20),
    "is no shell": ("if then (", 20),
    # Afterwards: an ordinary user's commands have their processes in common.
    "forks without end": ("f() { f | f & }; f; sleep 1; echo survived", 20),
}

LIMITED = f"""
[sandbox]
processes = 64
memory_bytes = {512 << 20}
file_bytes = {FILE_BYTES}
"""


@dataclass
class Ran:
    """What became of them."""

    told: dict[str, dict[str, Any]]
    """The result of each call, by name."""
    result: dict[str, Any]
    """How the turn ended."""
    lines: list[dict[str, Any]]
    """All that a client heard."""
    spilled: dict[str, bytes]
    alive: list[int]
    """What runs of them while the pod is still there."""
    wrote: int
    """Bytes of the file that was to fill the disk."""


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    """Run them all."""
    if probe().means is None:
        pytest.skip("this machine can confine no command")
    with (
        tempfile.TemporaryDirectory(prefix="podd-", dir="/tmp") as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in ("RUNTIME", "STATE", "CONFIG"):
            patch.setenv(f"PODD_{name}_DIR", f"{directory}/{name.lower()}")
        shell = Shell(places(), Path(directory))
        asked = [
            ("bash", {"command": command, "timeout_seconds": seconds})
            for command, seconds in COMMANDS.values()
        ]
        steps = [calls(*asked[:-1]), calls(asked[-1]), says("all have ended")]
        file = shell.manifest(*steps, more=LIMITED)
        shell.spawned(file)
        try:
            yield _run(shell)
        finally:
            shell("kill", "demo")


def _run(shell: Shell) -> Ran:
    said = shell("run", "demo", "go", "--json")
    assert said.code == 0, said
    found = [line for line in said.lines if line.get("event") == "tool_result"]
    found.sort(key=lambda line: [int(n) for n in line["call"][1:].split(".")])
    told = dict(zip(COMMANDS, found, strict=True))
    return Ran(
        told=told,
        result=said.document["result"],
        lines=said.lines,
        spilled={
            name: Path(line["spilled_to"]).read_bytes()
            for name, line in told.items()
            if line["spilled_to"]
        },
        alive=_sleeping(),
        wrote=(shell.directory / "work" / "big").stat().st_size,
    )


def _sleeping() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            said = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if said.split(b"\0")[:2] == [b"sleep", NAP.encode()]:
            found.append(int(entry.name))
    return found


def test_the_turn_goes_on_and_nothing_of_them_lives(ran: Ran) -> None:
    assert ran.result["outcome"] == {"kind": "completed"}
    assert ran.result["text"] == "all have ended"
    assert ran.alive == []


@pytest.mark.parametrize("name", ["hangs", "deaf"])
def test_one_that_does_not_end_is_ended_at_its_limit(ran: Ran, name: str) -> None:
    told = ran.told[name]

    assert told["status"] == "error"
    assert told["summary"].startswith(
        "took longer than 1.5 s and was stopped, with all it had started"
    )
    assert told["output"] == ("before\n" if name == "hangs" else "deaf\n")


def test_a_flood_is_cut_for_the_model_and_kept_whole_in_a_file(ran: Ran) -> None:
    told = ran.told["floods"]

    assert told["status"] == "ok"
    assert f"{FLOOD_BYTES + 8} bytes of output, cut" in told["summary"]
    assert len(told["output"]) < 70_000
    assert told["output"].startswith("123456789\n")
    assert told["output"].endswith("the end\n")
    whole = ran.spilled["floods"]
    assert len(whole) == FLOOD_BYTES + 8
    assert whole.startswith(b"123456789\n")
    assert whole.endswith(b"the end\n")


def test_who_looks_on_is_not_flooded(ran: Ran) -> None:
    live = [one for one in ran.lines if one.get("event") == "tool_output_delta"]

    assert sum(len(one["text"]) for one in live) < FLOOD_BYTES / 10


@pytest.mark.parametrize(
    ("name", "left", "output"),
    [
        ("daemonises", "2 processes", "gone\n"),
        ("keeps the pipe", "1 process", "the shell is through\n"),
    ],
)
def test_what_a_command_leaves_behind_ends_with_it_and_the_model_knows(
    ran: Ran, name: str, left: str, output: str
) -> None:
    told = ran.told[name]

    assert told["status"] == "ok"
    assert f"(what it had left running was ended: {left}) after" in told["summary"]
    assert told["output"] == output


def test_who_forks_without_end_is_refused_and_ended(ran: Ran) -> None:
    told = ran.told["forks without end"]

    assert "what it had left running was ended" in told["summary"]
    assert "fork: " in told["output"]


def test_who_eats_memory_is_refused_it(ran: Ran) -> None:
    told = ran.told["eats memory"]

    assert told["status"] == "ok"
    assert "memory exhausted" in told["output"]
    assert told["output"].endswith("refused\n")


def test_a_file_grows_to_its_limit(ran: Ran) -> None:
    output = ran.told["fills the disk"]["output"]

    assert ran.wrote == FILE_BYTES
    assert "status 153" in output  # 128 + SIGXFSZ
    assert output.endswith(f"{FILE_BYTES}\n")


def test_binary_output_is_said_and_shown(ran: Ran) -> None:
    told = ran.told["binary"]

    assert "the output is binary" in told["summary"]
    assert told["output"].startswith("GIF89a")
    assert "\0" not in told["output"]


def test_output_that_is_no_utf_8_is_said_and_shown(ran: Ran) -> None:
    told = ran.told["invalid"]

    assert "not all of the output is UTF-8" in told["summary"]
    assert told["output"] == "a�b�"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reads stdin", "nothing to read\n"),
        ("needs a terminal", "no terminal\n"),
        ("needs a terminal", "none\n"),
    ],
)
def test_there_is_nothing_to_read_and_no_terminal(
    ran: Ran, name: str, words: str
) -> None:
    told = ran.told[name]

    assert told["status"] == "ok"
    assert words in told["output"]


@pytest.mark.parametrize(
    ("name", "summary", "output"),
    [
        ("is killed", "was killed by SIGSEGV (11) after", ""),
        ("is nothing", "exited with 127 after", "no-such-program"),
        ("is no shell", "exited with 2 after", "yntax error"),
    ],
)
def test_every_other_end_is_told_plainly(
    ran: Ran, name: str, summary: str, output: str
) -> None:
    told = ran.told[name]

    assert told["status"] == "error"
    assert told["summary"].startswith(summary)
    assert output in told["output"]
