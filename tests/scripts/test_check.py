"""What scripts/check, scripts/test and .ci/run run, and how they end."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Machine

ROOT = Path(__file__).resolve().parents[2]


def test_check_shows_every_failure_and_fails(machine: Machine) -> None:
    machine.python("python3.11", check="exit 1")

    done = machine.run("check")

    assert done.returncode == 1
    assert len(machine.calls("check")) == 4
    assert "scripts/lock --check" in done.stdout


@pytest.mark.parametrize("broken", ["format", "mypy", "importlinter"])
def test_check_fails_where_one_check_does(machine: Machine, broken: str) -> None:
    machine.python("python3.11", check=f'case "$*" in *{broken}*) exit 1 ;; esac')

    assert machine.run("check").returncode == 1


def test_check_passes_where_all_do(machine: Machine) -> None:
    machine.python("python3.11")

    assert machine.run("check").returncode == 0


def test_check_fails_where_the_lock_does_not_fit(machine: Machine) -> None:
    machine.python("python3.11")
    project = machine.checkout / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("first>=1", "first>=2"), encoding="utf-8")

    assert machine.run("check").returncode == 1


def test_check_asks_the_generators_that_are_there(machine: Machine) -> None:
    machine.python("python3.11")
    schema = machine.checkout / "scripts" / "schema"
    schema.write_text('#!/bin/sh\n[ "$1" != --check ]\n', encoding="utf-8")
    schema.chmod(0o755)

    assert machine.run("check").returncode == 1


def test_test_hides_what_the_caller_has_set_up(machine: Machine) -> None:
    machine.python("python3.11")

    done = machine.run(
        "test",
        "-k",
        "two words",
        settings={
            "PODD_STATE_DIR": "/mine",
            "XDG_STATE_HOME": "/mine",
            "SOME_API_KEY": "secret",
            "PYTHONPATH": "/mine",
            "KEPT": "yes",
        },
    )
    noted = machine.notes.with_name("notes.environment").read_text(encoding="utf-8")
    environment = dict(line.split("=", 1) for line in noted.splitlines())

    assert done.returncode == 5
    assert machine.calls("pytest")[0].endswith(" -k two words")
    assert environment["KEPT"] == "yes"
    assert environment["PYTHONWARNDEFAULTENCODING"] == "1"
    assert not {"PODD_STATE_DIR", "XDG_STATE_HOME", "SOME_API_KEY", "PYTHONPATH"} & (
        environment.keys()
    )


def test_test_gives_the_tests_a_home_of_their_own_and_removes_it(
    machine: Machine,
) -> None:
    machine.python("python3.11")

    machine.run("test")
    noted = machine.notes.with_name("notes.environment").read_text(encoding="utf-8")
    home = Path(dict(line.split("=", 1) for line in noted.splitlines())["HOME"])

    assert home != machine.directory
    assert not home.exists()


@pytest.mark.parametrize(
    ("check", "test", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]
)
def test_ci_runs_both_and_fails_where_either_does(
    machine: Machine, check: int, test: int, status: int
) -> None:
    shutil.copytree(ROOT / ".ci", machine.checkout / ".ci")
    for name, code in (("check", check), ("test", test)):
        script = machine.checkout / "scripts" / name
        text = f"#!/bin/sh\necho '{name} done' >>'{machine.notes}'\nexit {code}\n"
        script.write_text(text, encoding="utf-8")

    done = machine.run(machine.checkout / ".ci" / "run")

    assert done.returncode == status
    assert (machine.calls("check"), machine.calls("test")) == (["done"], ["done"])
