"""The lock file: how it is composed, and what a check of it finds."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

ALPHA = "alpha==1.2 \\\n    --hash=sha256:aa\n"
BETA = "beta==2.0 \\\n    --hash=sha256:bb\n"
PROJECT = {
    "project": {"dependencies": ["Alpha>=1.2"]},
    "dependency-groups": {"test": ["beta>=2"], "check": []},
}


@pytest.fixture(scope="module")
def requirements() -> ModuleType:
    path = ROOT / "scripts" / "requirements.py"
    spec = importlib.util.spec_from_file_location("requirements_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _lock(requirements: ModuleType, running: str, testing: str) -> str:
    return running + requirements.DIVIDER + testing


def test_the_lock_of_this_checkout_fits(requirements: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert requirements.complaints(project, lock) == []


def test_what_a_provider_needs_besides_is_needed_to_run(
    requirements: ModuleType,
) -> None:
    running = {
        "dependencies": ["alpha"],
        "optional-dependencies": {"bedrock": ["beta"]},
    }
    project = {**PROJECT, "project": running}
    lacking = _lock(requirements, ALPHA, BETA)

    assert requirements.complaints(project, lacking) == [
        "beta is missing from what running needs"
    ]
    assert requirements.complaints(project, _lock(requirements, ALPHA + BETA, "")) == []


def test_each_package_stands_once_and_where_it_is_first_needed(
    requirements: ModuleType,
) -> None:
    everything = ALPHA + BETA
    only_here = ALPHA.replace(" \\", " ; python_version < '3.12' \\")

    lock = requirements.compose(only_here, everything)

    running, testing = lock.split(requirements.DIVIDER)
    assert requirements.blocks(running) == {"alpha": ALPHA}
    assert requirements.blocks(testing) == {"beta": BETA}
    assert requirements.complaints(PROJECT, lock) == []


def test_pins_that_differ_by_their_marker_stay_together(
    requirements: ModuleType,
) -> None:
    old = ALPHA.replace(" \\", " ; python_version < '3.12' \\")
    new = ALPHA.replace("1.2 \\", "1.3 ; python_version >= '3.12' \\")

    assert requirements.blocks(old + new) == {"alpha": old + new}


@pytest.mark.parametrize(
    ("running", "testing", "named"),
    [
        (BETA, ALPHA, "alpha"),
        (ALPHA, "", "beta"),
        (ALPHA.replace("1.2", "1.1.9"), BETA, "alpha"),
        (ALPHA, BETA.replace("2.0", "1.10"), "beta"),
        (ALPHA, ALPHA + BETA, "alpha"),
        ("alpha==1.2\n", BETA, "alpha"),
        ("--index-url https://packages.example/simple\n" + ALPHA, BETA, "address"),
    ],
    ids=[
        "running lacks what only testing has",
        "a group's package is missing",
        "a version of running is too low",
        "a version of testing is too low",
        "a package is in both parts",
        "a hash is missing",
        "an address",
    ],
)
def test_a_lock_that_does_not_fit_is_said_to(
    requirements: ModuleType, running: str, testing: str, named: str
) -> None:
    found = requirements.complaints(PROJECT, _lock(requirements, running, testing))

    assert any(named in complaint for complaint in found)


def test_a_lock_without_its_divider_does_not_fit(requirements: ModuleType) -> None:
    assert requirements.complaints(PROJECT, ALPHA + BETA)


def test_the_set_up_cuts_where_the_lock_is_divided(requirements: ModuleType) -> None:
    """The two files share the first word of the divider and nothing else."""
    cut = (ROOT / "scripts" / "environment").read_text(encoding="utf-8")

    assert requirements.DIVIDER.startswith("# === ")
    assert "'/^# === /,$d'" in cut


def test_a_requirement_that_the_check_would_misread_is_refused(
    requirements: ModuleType,
) -> None:
    with pytest.raises(SystemExit):
        requirements.requirement("alpha[extra]==1.2")
