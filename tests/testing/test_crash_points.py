"""The crash injector: where it strikes, and where it does not."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from podd.testing.crash_points import POINTS, CrashAt

PROGRAM = """
import sys
from podd.testing.crash_points import CrashAt
crash = CrashAt.parse(sys.argv[1])
for point in sys.argv[2:]:
    print(point, flush=True)
    crash.reach(point)
"""


def _run(at: str, *points: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, at, *points],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout.split()


def test_the_process_is_killed_at_its_point_and_at_no_other():
    code, reached = _run("lend.lent", "lend.quiet", "lend.lent", "lend.made")

    assert code == -signal.SIGKILL
    assert reached == ["lend.quiet", "lend.lent"]


def test_it_may_be_the_second_time():
    code, reached = _run("lend.lent:2", "lend.lent", "lend.made", "lend.lent", "x")

    assert code == -signal.SIGKILL
    assert reached == ["lend.lent", "lend.made", "lend.lent"]


def test_who_never_gets_there_lives():
    assert _run("return.dead", *POINTS[:3])[0] == 0


@pytest.mark.parametrize("text", ["", "nowhere", "lend.lent:x"])
def test_a_point_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"point|int"):
        CrashAt.parse(text)
