"""The crash injector: where it strikes, and where it does not."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from podd.testing.crash_pod import parse
from podd.testing.crash_points import POINTS

PROGRAM = """
import sys
from podd.testing.crash_pod import parse
crash, _ = parse(sys.argv[1])
for point in sys.argv[2:]:
    print(point, flush=True)
    crash.reach(point)
"""

WRITER = """
import os, sys
from podd.testing.crash_pod import parse
_, disk = parse(sys.argv[1])
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
for line in (b"first\\n", b"second\\n", b"third\\n"):
    disk.write(file, line)
    disk.datasync(file)
    print(line.decode(), end="", flush=True)
"""


def _python(program: str, *words: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, *words],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout.split()


def test_the_process_is_killed_at_its_point_and_at_no_other():
    points = ["lend.lent", "lend.quiet", "lend.lent", "lend.made"]
    code, reached = _python(PROGRAM, *points)

    assert code == -signal.SIGKILL
    assert reached == ["lend.quiet", "lend.lent"]


def test_it_may_be_the_second_time():
    points = ["lend.lent:2", "lend.lent", "lend.made", "lend.lent", "x"]
    code, reached = _python(PROGRAM, *points)

    assert code == -signal.SIGKILL
    assert reached == ["lend.lent", "lend.made", "lend.lent"]


def test_who_never_gets_there_lives():
    assert _python(PROGRAM, "return.dead", *POINTS[:3])[0] == 0


@pytest.mark.parametrize("text", ["", "nowhere", "lend.lent:x", "write.before:x"])
def test_a_point_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"point|int"):
        parse(text)


@pytest.mark.parametrize(
    ("point", "written", "said"),
    [
        ("write.before:2", "first\n", ["first"]),
        ("write.torn:2", "first\nsec", ["first"]),
        ("write.after:2", "first\nsecond\n", ["first"]),
        ("sync.before:1", "first\n", []),
        ("sync.after:2", "first\nsecond\n", ["first"]),
    ],
)
def test_a_disk_ends_its_process_around_a_write_or_a_sync(
    tmp_path, point, written, said
):
    file = tmp_path / "journal"

    code, heard = _python(WRITER, point, str(file))

    assert code == -signal.SIGKILL
    assert file.read_text(encoding="utf-8") == written
    assert heard == said
