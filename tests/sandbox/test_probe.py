from __future__ import annotations

import os
import subprocess
import sys
from typing import get_args

import msgspec
import pytest

from podd.manifest.vocabulary import CONFINEMENTS
from podd.sandbox import probe as probing
from podd.sandbox import seccomp
from podd.sandbox.probe import FeatureName, Report, Trials, attempt, judge, unmet
from podd.sandbox.remedies import Switches
from podd.testing.kernel import Lack, command

ALL_WORKS = Trials(landlock_abi=7)

_PROGRAM = """
import sys, msgspec
from podd.sandbox.probe import probe
sys.stdout.buffer.write(msgspec.json.encode(probe()))
"""


def _judge(**faults):
    trials = msgspec.structs.replace(ALL_WORKS, **faults)
    return judge(trials, Switches())


def _on_a_machine_without(*lacks: Lack) -> Report:
    done = subprocess.run(
        command(sys.executable, "-c", _PROGRAM, lacks=lacks),
        check=False,
        capture_output=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Report)


def test_where_all_works_namespaces_are_the_means_and_nothing_is_open():
    report = _judge()

    assert report.means == "namespaces"
    assert (report.gaps, report.costs) == ((), ())
    assert all(feature.works for feature in report.features)


@pytest.mark.parametrize(
    ("faults", "means"),
    [
        ({"bubblewrap": "not installed"}, "namespaces"),
        ({"landlock": "ENOSYS", "landlock_abi": 0}, "namespaces"),
        ({"seccomp": "EINVAL"}, "namespaces"),
        ({"proc": "EPERM"}, "namespaces"),
        ({"network": "EPERM"}, "namespaces"),
        ({"namespaces": "EPERM"}, "bubblewrap"),
        ({"pid_namespaces": "EPERM"}, "bubblewrap"),
        ({"namespaces": "EPERM", "landlock": "ENOSYS"}, "bubblewrap"),
        ({"namespaces": "EPERM", "bubblewrap": "refused"}, "landlock"),
        (
            {"namespaces": "EPERM", "bubblewrap": "refused", "landlock": "ENOSYS"},
            None,
        ),
        ({"namespaces": "EPERM", "bubblewrap": "refused", "seccomp": "EINVAL"}, None),
        ({"subreaper": "EINVAL"}, None),
    ],
)
def test_the_best_means_that_works_is_used(faults, means):
    assert _judge(**faults).means == means


def test_what_does_not_work_says_why_and_what_to_do():
    report = _judge(
        **dict.fromkeys(Trials.__struct_fields__, "EPERM") | {"landlock_abi": 0}
    )

    assert report.means is None
    assert report.gaps
    for feature in report.features:
        assert not feature.works
        assert feature.remedy
        assert "EPERM" in feature.detail


@pytest.mark.parametrize(
    ("faults", "works"),
    [
        ({}, True),
        ({"network": "EPERM"}, False),
        # Bubblewrap makes one where we may not, and a filter refuses all sockets.
        ({"network": "EPERM", "namespaces": "EPERM"}, True),
        ({"network": "EPERM", "namespaces": "EPERM", "bubblewrap": "no"}, True),
        ({"namespaces": "EPERM", "bubblewrap": "no", "landlock": "ENOSYS"}, False),
    ],
)
def test_the_network_can_be_denied_by_the_means_that_is_used(faults, works):
    assert _judge(**faults).feature("network").works is works


@pytest.mark.parametrize(
    ("abi", "works"), [(1, False), (5, False), (6, True), (7, True)]
)
def test_scopes_came_with_a_version_of_landlock(abi, works):
    report = _judge(landlock_abi=abi)

    assert report.feature("landlock").detail == f"ABI {abi}"
    assert report.feature("landlock_scope").works is works
    assert bool(report.gaps) is not works
    assert "abstract" in "".join(report.gaps) or works


def test_a_landlock_that_forbids_too_much_is_no_second_wall():
    assert any("second wall" in gap for gap in _judge(landlock_abi=1).gaps)
    assert not any("second wall" in gap for gap in _judge(landlock_abi=2).gaps)


def test_what_bubblewrap_leaves_open_and_costs_is_named():
    report = _judge(namespaces="EPERM")

    assert any("abstract" in gap for gap in report.gaps)
    assert any("second wall" in gap for gap in report.gaps)
    assert any("TMPDIR" in cost for cost in report.costs)


def test_what_landlock_alone_leaves_open_and_costs_is_named():
    faults = {"namespaces": "EPERM", "bubblewrap": "not installed"}

    now, old = _judge(**faults), _judge(**faults, landlock_abi=1)

    assert len(now.gaps) == 3
    assert any("signals" in gap for gap in old.gaps)
    assert set(seccomp.COSTS) < set(now.costs) < set(old.costs)


def test_no_gap_and_no_cost_is_more_than_a_line_or_two_nor_ends_in_a_stop():
    faults = {"namespaces": "EPERM", "bubblewrap": "no", "landlock_abi": 1}

    for report in (_judge(**faults), _judge(namespaces="EPERM"), _judge(proc="EPERM")):
        for sentence in (*report.gaps, *report.costs):
            assert len(sentence) < 170
            assert sentence[-1] not in ".;"


def test_the_words_of_the_manifest_are_those_of_the_probe():
    assert set(CONFINEMENTS.built) == set(get_args(FeatureName))


def test_what_is_required_and_missing_is_listed_in_its_order():
    report = _judge(bubblewrap="not installed", network="EPERM")

    missing = unmet(report, ["landlock", "network", "bubblewrap", "magic"])

    assert [one.name for one in missing] == ["network", "bubblewrap", "magic"]
    assert [one.detail for one in missing[:2]] == ["EPERM", "not installed"]
    assert all(one.remedy for one in missing)
    assert unmet(report, []) == []
    assert unmet(report, ["namespaces"]) == []


@pytest.mark.processes
def test_this_machine_answers_once_a_process(monkeypatch):
    probing.probe.cache_clear()
    first = probing.probe()
    monkeypatch.setattr(probing, "attempt", lambda: pytest.fail("asked again"))

    assert probing.probe() is first
    assert {feature.name for feature in first.features} == set(get_args(FeatureName))


@pytest.mark.processes
def test_bubblewrap_is_tried_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(probing.bubblewrap, "find", lambda: "/x/bwrap")
    monkeypatch.setattr(probing.bubblewrap, "attempt", "no room in {}".format)
    assert attempt().bubblewrap == "no room in /x/bwrap"
    monkeypatch.setattr(probing.bubblewrap, "find", lambda: None)
    assert attempt().bubblewrap == "not installed"


@pytest.mark.processes
@pytest.mark.parametrize("program", ["/bin/false", "/no/such/python"])
def test_what_cannot_be_tried_counts_as_not_there(monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)

    report = judge(attempt(), Switches())

    assert report.means in {None, "bubblewrap"}
    assert "tried" in report.feature("namespaces").detail


@pytest.mark.processes
@pytest.mark.parametrize(
    ("lack", "fault"),
    [
        ("namespaces", "namespaces"),
        ("mounts", "namespaces"),
        ("mount_calls", "namespaces"),
        ("pid_namespaces", "pid_namespaces"),
        ("network_namespaces", "network"),
        ("landlock", "landlock"),
        ("seccomp", "seccomp"),
        ("proc", "proc"),
    ],
)
def test_a_machine_that_lacks_something_is_found_out(lack, fault):
    here = probing.probe()
    if not here.feature(fault).works:
        pytest.skip(f"this machine lacks it anyway: {here.feature(fault).detail}")
    lacking = _on_a_machine_without(lack)

    assert not lacking.feature(fault).works
    assert lacking.feature(fault).remedy
    if fault in {"namespaces", "pid_namespaces"}:
        assert lacking.means != "namespaces"
        assert not lacking.feature("pid_namespaces").works
        assert not lacking.feature("proc").works
    else:
        assert lacking.means == here.means
    spared = {"landlock", "seccomp", "subreaper"} - {lack}
    for name in spared:
        assert lacking.feature(name).works == here.feature(name).works


@pytest.mark.processes
def test_a_machine_that_lacks_all_of_it_has_no_means():
    report = _on_a_machine_without("namespaces", "landlock")

    assert report.means in {None, "bubblewrap"}
    assert report.feature("namespaces").detail.endswith("EPERM")
