"""The same commands on machines that offer less."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from podd.sandbox.probe import probe
from podd.testing.kernel import command as on_machine
from tests.sandbox.machine import NAP, named, names

pytestmark = pytest.mark.processes

SCRIPT = Path(__file__).parent / "one_command.py"
PATHS = (str(SCRIPT.parents[2]), str(SCRIPT.parents[2] / "protocol"))


@pytest.fixture
def scope(tmp_path):
    made = tmp_path / "scope"
    (made / "hole").mkdir(parents=True)
    (made / "hole/file").write_text("as it was", encoding="utf-8")
    return made


def _run(scope, command, *holes, means="namespaces", network="allow", lacks=()):
    done = subprocess.run(
        on_machine(
            sys.executable,
            str(SCRIPT),
            str(scope),
            means,
            network,
            command,
            *holes,
            lacks=lacks,
        ),
        env={**os.environ, "PYTHONPATH": ":".join([*PATHS, *sys.path])},
        stdout=subprocess.PIPE,
        check=True,
        timeout=40,
    )
    return json.loads(done.stdout)


def _needs(*features):
    for name in features:
        if not probe().feature(name).works:
            pytest.skip(f"no {name} here")


def test_where_no_fresh_proc_can_be_had_the_machines_own_is_shown(scope):
    _needs("namespaces", "seccomp")

    said = _run(
        scope, "ls /proc/self/fd; kill -0 1 && echo > /proc/sys/x", lacks=["proc"]
    )

    assert said["sees_all"]
    assert said["output"].startswith("0\n1\n2\n3\n")
    assert said["status"] != 0


def test_the_environment_of_others_cannot_be_read_through_the_machines_proc(scope):
    _needs("namespaces", "seccomp")

    said = _run(scope, f"cat /proc/{os.getpid()}/environ", lacks=["proc"])

    assert said["status"] == 1
    assert "Permission denied" in said["output"]


def test_without_landlock_the_mounts_still_hold(scope):
    _needs("namespaces", "seccomp")

    said = _run(
        scope,
        "echo x > file && ! echo x > hole/file && ! umount hole && ! unshare -Um true"
        " && grep -q 'NoNewPrivs:.*1' /proc/self/status",
        "hole",
        lacks=["landlock"],
    )

    assert (said["status"], said["sees_all"]) == (0, False)
    assert (scope / "hole/file").read_text(encoding="utf-8") == "as it was"


@pytest.mark.parametrize("lack", ["namespaces", "mounts", "pid_namespaces"])
def test_a_machine_that_has_changed_its_mind_runs_nothing(scope, lack):
    _needs("seccomp")

    said = _run(scope, "echo x > file", lacks=[lack])

    assert "doctor" in said["remedy"]
    assert not (scope / "file").exists()


def test_a_network_that_cannot_be_denied_is_not_given(scope):
    _needs("namespaces", "seccomp")

    said = _run(scope, "true", network="deny", lacks=["network_namespaces"])

    assert "refused" in said


def test_landlock_alone_holds_files(scope, tmp_path):
    _needs("landlock", "seccomp")
    (tmp_path / "beside").write_text("as it was", encoding="utf-8")

    said = _run(
        scope,
        "mkdir -p sub; echo x > new; cat ../beside; echo x > ../beside; "
        "chmod 777 new; cat hole/file",
        means="landlock",
        lacks=["namespaces"],
    )

    assert said["output"].count("Permission denied") == 2
    assert "Operation not permitted" in said["output"]
    assert said["output"].endswith("as it was")
    assert (tmp_path / "beside").read_text(encoding="utf-8") == "as it was"


def test_landlock_alone_holds_holes_by_their_siblings(scope):
    _needs("landlock", "seccomp")
    (scope / "other").mkdir()

    said = _run(
        scope,
        "echo x > other/new; echo x > hole/file; echo x > beside_it; mv hole x",
        "hole",
        means="landlock",
        lacks=["namespaces"],
    )

    assert said["output"].count("Permission denied") == 3
    assert (scope / "other/new").exists()
    assert names(scope) == ["hole", "other"]


def test_landlock_alone_gives_places_of_ones_own_and_takes_them_back(scope):
    _needs("landlock", "seccomp")

    said = _run(
        scope,
        'echo x > $TMPDIR/x && echo x > ~/x && cat "$TMPDIR/x" ~/x; '
        "(setsid sleep 600 &); : ",
        means="landlock",
        lacks=["namespaces"],
    )

    assert said["output"] == "x\nx\n"
    assert (said["leftovers"], said["left"]) == (1, False)


def test_with_nothing_a_command_runs_and_ends_with_all_it_started(scope):
    nap = f"{NAP}.125"

    said = _run(
        scope,
        f"(setsid sleep {nap} &); echo $TMPDIR; exit 3",
        means="none",
        lacks=["namespaces", "landlock"] if probe().feature("seccomp").works else [],
    )

    assert (said["kind"], said["status"], said["leftovers"]) == ("exited", 3, 1)
    assert said["output"] == f"{scope}.private/tmp\n"
    assert named(nap) == []


def test_a_command_that_kills_its_keeper_leaves_nothing_either(scope):
    nap = f"{NAP}.375"

    said = _run(scope, f"setsid sleep {nap} & kill -9 $PPID; sleep {nap}", means="none")

    assert said["kind"] == "lost"
    assert named(nap) == []
