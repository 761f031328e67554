from __future__ import annotations

from typing import get_args

import pytest

from podd.cli import confinement
from podd.sandbox.probe import FeatureName, Trials, judge
from podd.sandbox.remedies import Switches

BARE = {"bubblewrap": "not installed", "landlock_abi": 7}


def _found(**faults):
    report = judge(Trials(**{**BARE, **faults}), Switches(user_namespaces=0))
    return {check.name: check for check in confinement.checks(report)}


def test_each_feature_is_called_as_the_manifest_calls_it():
    assert set(get_args(FeatureName)) < _found().keys()


def test_where_namespaces_work_nothing_is_wrong():
    checks = _found(seccomp="EINVAL")

    assert {check.verdict for check in checks.values()} == {"ok", "info"}
    assert checks["bubblewrap"].verdict == checks["seccomp"].verdict == "info"
    assert "command gaps" not in checks
    assert "command costs" not in checks


@pytest.mark.parametrize(
    ("faults", "verdict"),
    [
        ({}, "ok"),
        ({"namespaces": "EPERM", "bubblewrap": ""}, "ok"),
        ({"namespaces": "EPERM"}, "warning"),
        ({"namespaces": "EPERM", "landlock": "ENOSYS"}, "warning"),
    ],
)
def test_the_means_is_judged(faults, verdict):
    checks = _found(**faults)

    assert checks["commands"].verdict == verdict
    if verdict == "warning":
        assert checks["namespaces"].verdict == checks["bubblewrap"].verdict == "warning"


@pytest.mark.parametrize(
    "faults",
    [
        {"namespaces": "EPERM"},
        {"namespaces": "EPERM", "bubblewrap": ""},
        {"namespaces": "EPERM", "landlock": "ENOSYS"},
        {"landlock": "ENOSYS", "landlock_abi": 0},
        {"landlock_abi": 1},
        {"proc": "EPERM"},
        {"network": "EPERM"},
        {"subreaper": "EINVAL"},
    ],
)
def test_each_warning_has_a_remedy_and_none_is_broken(faults):
    for check in _found(**faults).values():
        assert check.verdict != "broken"
        assert bool(check.remedy) or check.verdict in {"ok", "info"}, check


def test_gaps_and_costs_stand_on_lines_of_their_own():
    checks = _found(namespaces="EPERM")

    assert len(checks["command gaps"].detail.splitlines()) == 3
    assert len(checks["command costs"].detail.splitlines()) > 5
    assert "max_user_namespaces" in checks["command gaps"].remedy


def test_the_document_says_the_same():
    report = judge(Trials(namespaces="EPERM", **BARE), Switches())
    document = confinement.document(report)

    assert document["means"] == "landlock"
    assert document["gaps"] == list(report.gaps)
    assert document["costs"] == list(report.costs)
    assert document["features"][0] == {
        "name": "namespaces",
        "works": False,
        "detail": "EPERM",
        "remedy": report.features[0].remedy,
    }
