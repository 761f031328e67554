from __future__ import annotations

import os
import subprocess
import sys

import pytest

from podd.testing.kernel import Lack, command

pytestmark = pytest.mark.processes


def _run(words):
    return subprocess.run(
        words,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _lacking(*lacks: Lack, program="echo $0 $1"):
    return _run(command("/bin/sh", "-c", program, "it", "--without", lacks=lacks))


def test_a_program_runs_as_it_is_and_ends_as_it_ends():
    assert _lacking("landlock").stdout == "it --without\n"
    assert _lacking("landlock", program="exit 7").returncode == 7


def test_what_is_lacking_is_lacking_for_all_that_it_starts():
    tried = "unshare --user true"
    if _run(["/bin/sh", "-c", tried]).returncode:
        pytest.skip("this machine makes no user namespaces, or has no unshare")

    assert _lacking("namespaces", program=tried).returncode != 0
    assert _lacking("namespaces", program=f"sh -c '{tried}'; :").stderr
    assert _lacking("network_namespaces", program=tried).returncode == 0
    net = "unshare --user --net true"
    assert _lacking("network_namespaces", program=net).returncode != 0


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--"],
        ["true"],
        ["--without", "landlock"],
        ["--without", "magic", "--", "x"],
    ],
)
def test_what_makes_no_sense_is_said_so(words):
    done = _run([sys.executable, "-m", "podd.testing.kernel", *words])

    assert done.returncode == 1
    assert "landlock" in done.stderr
    assert "Traceback" not in done.stderr
