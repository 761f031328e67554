"""Real processes: one writer at a time, and what a killed one leaves."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from podd.errors import SessionHeldError
from podd.journal.verification import verify
from tests.journal.conftest import SESSION

pytestmark = pytest.mark.processes

WRITER = Path(__file__).with_name("writer_process.py")
LIMIT_SECONDS = 20


def _command(verb, sessions):
    return [sys.executable, str(WRITER), verb, str(sessions), SESSION]


@contextmanager
def _process(verb, sessions):
    process = subprocess.Popen(
        _command(verb, sessions),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_who_writes(writing):
    with _process("hold", writing.root) as first:
        assert json.loads(first.stdout.readline()) == {"held": True}

        with pytest.raises(SessionHeldError) as caught:
            writing.open()
        second = subprocess.run(
            _command("hold", writing.root),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    assert (caught.value.pod, caught.value.session) == ("holder", SESSION)
    assert second.returncode == 4
    assert json.loads(second.stdout)["error"] == "session_held"


def test_of_many_that_come_at_once_one_writes(writing):
    writing.closed(["a"])
    with contextlib.ExitStack() as stack:
        writers = [
            stack.enter_context(_process("hold", writing.root)) for _ in range(4)
        ]
        said = [json.loads(writer.stdout.readline()) for writer in writers]

    assert sorted("held" if "held" in one else one["error"] for one in said) == [
        "held",
        "session_held",
        "session_held",
        "session_held",
    ]
    assert verify(writing.directory()).last_n == 2


def test_a_session_is_free_as_soon_as_its_writer_is_dead(writing):
    with _process("hold", writing.root) as first:
        first.stdout.readline()
        first.kill()
        first.wait(LIMIT_SECONDS)

        assert writing.open()[0].last_n == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_writer_loses_nothing_whose_sync_returned(writing, seed):
    """Promise 1."""
    directory = writing.directory()
    chance = random.Random(seed)  # noqa: S311  # moments, not secrets
    claimed = 0
    for _ in range(2):
        with _process("append", writing.root) as process:
            for _ in range(chance.randint(1, 60)):
                claimed = json.loads(process.stdout.readline())["durable"]
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                if line.endswith(b"\n"):
                    claimed = json.loads(line)["durable"]
            process.wait(LIMIT_SECONDS)

        assert verify(directory).last_n >= claimed
        journal, entries, _ = writing.open()
        journal.close()
        assert [entry.n for entry in entries] == list(range(1, len(entries) + 1))
        assert len(entries) >= claimed
        assert verify(directory).tail == "whole"


def _small_disk_possible():
    return shutil.which("unshare") is not None and (
        subprocess.run(
            ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


def test_a_full_disk_keeps_whole_entries_and_has_room_for_the_end(tmp_path):
    if not _small_disk_possible():
        pytest.skip("mounting a small disk of one's own is not allowed here")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        'set -e; disk=$1; shift; mount -t tmpfs -o size=2m none "$disk"; '
        'mkdir "$disk/sessions"; '
        'head -c 600000 /dev/zero > "$disk/ballast"; exec "$@"'
    )

    writer = _command("fill", disk / "sessions")
    ended = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", str(disk), *writer],
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told.pop("last_n") == told.pop("verified") > 10
    assert told == {
        "kind": "full",
        "into_reserve": 3,
        "full_still": "full",
        "restored": False,
        "was_full": True,
        "is_full": False,
    }
