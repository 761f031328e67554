"""The set-up, with interpreters and installers that only note what they are asked."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Machine

BROKEN = "#!/bin/sh\necho 'this version is not installed' >&2\nexit 127\n"
TOO_OLD = "#!/bin/sh\nexit 1\n"
#: As venv does it: the directory is there when it finds that it cannot go on.
FAILING = 'mkdir -p "$directory/half"; exit 1'
#: A uv that copies an interpreter, and fails at the step it is told to.
UV = """\
#!/bin/sh
case $1 in --version) exit ;; esac
printf 'uv %s\\n' "$*" >>'{notes}'
[ "$1" != '{fails}' ] || exit 2
for last do :; done
case $1 in
    venv)
        mkdir -p "$last/bin" "$last/lib/python3.11/site-packages"
        cp '{path}' "$last/bin/python" ;;
esac
"""


def _with_uv(machine: Machine, *, fails: str = "") -> None:
    path = machine.directory / "bin" / "python3.11"
    text = UV.format(notes=machine.notes, path=path, fails=fails)
    machine.executable("uv", text)


def _held(machine: Machine) -> Path:
    """Make a pipe that holds who reads it until the test has opened and closed it."""
    pipe = machine.directory / "hold"
    os.mkfifo(pipe)
    return pipe


def test_first_use_makes_the_environment_and_then_runs_the_command(
    machine: Machine,
) -> None:
    machine.python("python3.11", install="cat")

    done = machine.run("podctl", "list", "two words", stdin="a prompt")

    assert done.returncode == 0
    assert done.stdout == "a prompt"
    assert machine.calls("venv") == [f"python3.11 {machine.checkout}/.venv"]
    assert machine.calls("install") == ["1"]
    assert machine.calls("podctl") == ["<-I> <-m> <podd.cli> <list> <two words>"]
    assert "talk of the installer" in done.stderr


def test_second_use_starts_neither_an_installer_nor_a_search(machine: Machine) -> None:
    machine.python("python3.11")
    machine.run("podctl")
    machine.notes.unlink()

    done = machine.run("podctl")

    assert done.stderr == ""
    assert machine.notes.read_text(encoding="utf-8") == "podctl <-I> <-m> <podd.cli>\n"


def test_the_checkout_is_on_the_path_of_its_environment(machine: Machine) -> None:
    machine.python("python3.11")
    machine.run("podctl")

    packages = machine.checkout / ".venv/lib/python3.11/site-packages"

    assert (packages / "podd.pth").read_text(encoding="utf-8").splitlines() == [
        str(machine.checkout),
        str(machine.checkout / "protocol"),
    ]


def test_the_newest_python_that_works_is_taken(machine: Machine) -> None:
    machine.executable("python3.14", BROKEN)
    machine.python("python3.13")
    machine.python("python3.12")
    machine.python("python3")

    machine.run("podctl")

    assert machine.calls("venv") == [f"python3.13 {machine.checkout}/.venv"]


def test_python3_is_taken_where_no_version_has_a_name(machine: Machine) -> None:
    machine.executable("python3.11", BROKEN)
    machine.python("python3")

    assert machine.run("podctl").returncode == 0
    assert machine.calls("venv") == [f"python3 {machine.checkout}/.venv"]


def test_a_python_that_is_too_old_is_none(machine: Machine) -> None:
    machine.executable("python3", TOO_OLD)

    done = machine.run("podctl")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "python3-venv" in done.stderr
    assert not (machine.checkout / ".venv").exists()


@pytest.mark.parametrize(
    "step", [{"ensurepip": "exit 1"}, {"venv": FAILING}], ids=["ensurepip", "venv"]
)
def test_no_python_that_makes_a_venv_names_the_package(
    machine: Machine, step: dict[str, str]
) -> None:
    machine.python("python3.12", **step)

    done = machine.run("podctl")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "python3-venv" in done.stderr
    assert not (machine.checkout / ".venv").exists()
    assert machine.calls("podctl") == []


@pytest.mark.parametrize(
    "step", [{"ensurepip": "exit 1"}, {"venv": FAILING}], ids=["ensurepip", "venv"]
)
def test_the_next_python_has_its_turn_where_the_newest_makes_no_venv(
    machine: Machine, step: dict[str, str]
) -> None:
    machine.python("python3.13", **step)
    machine.python("python3.12")

    done = machine.run("podctl")

    assert done.returncode == 0
    assert "python3.13" in done.stderr
    assert machine.calls("venv")[-1].startswith("python3.12 ")
    assert not (machine.checkout / ".venv" / "half").exists()


def test_a_failing_install_is_an_error_that_the_next_use_mends(
    machine: Machine,
) -> None:
    machine.python("python3.11", install="exit 1")
    failed = machine.run("podctl")
    machine.python("python3.11")

    mended = machine.run("podctl")

    assert (failed.returncode, failed.stdout) == (1, "")
    assert mended.returncode == 0
    assert len(machine.calls("venv")) == 2
    assert len(machine.calls("podctl")) == 1


def test_of_two_first_uses_one_waits_and_says_so(machine: Machine) -> None:
    pipe = _held(machine)
    machine.python("python3.11", install=f"cat '{pipe}'")
    first = machine.start("podctl", "first")
    with pipe.open("w", encoding="utf-8"):
        second = machine.start("podctl", "second")
        assert second.stderr is not None
        waiting = second.stderr.readline()

    first.communicate("", timeout=20)
    second.communicate("", timeout=20)

    assert "waiting" in waiting
    assert (first.returncode, second.returncode) == (0, 0)
    assert machine.calls("install") == ["1"]
    assert len(machine.calls("podctl")) == 2


@pytest.mark.parametrize("step", ["venv", "install"])
def test_a_set_up_that_was_killed_is_made_anew(machine: Machine, step: str) -> None:
    pipe = _held(machine)
    machine.python("python3.11", **{step: f'mkdir -p "$directory/half"; cat "{pipe}"'})
    killed = machine.start("podctl")
    with pipe.open("w", encoding="utf-8"):
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    half_made = machine.checkout / ".venv" / "half"
    half_made.mkdir(parents=True, exist_ok=True)
    machine.python("python3.11")

    done = machine.run("podctl")

    assert done.returncode == 0
    assert not half_made.exists()
    assert len(machine.calls("venv")) == 2
    assert machine.stamp.exists()


def test_an_update_that_was_killed_is_made_anew(machine: Machine) -> None:
    pipe = _held(machine)
    machine.python(
        "python3.11", install=f'[ "$(grep -c 1.1 "$file")" = 0 ] || cat "{pipe}"'
    )
    machine.run("podctl")
    before = machine.lock.read_text(encoding="utf-8")
    machine.lock.write_text(before.replace("first==1.0", "first==1.1"), "utf-8")
    killed = machine.start("podctl")
    with pipe.open("w", encoding="utf-8"):
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    machine.lock.write_text(before, encoding="utf-8")

    done = machine.run("podctl")

    assert done.returncode == 0
    assert len(machine.calls("venv")) == 2


def test_an_installer_that_outlives_its_killed_script_is_waited_for(
    machine: Machine,
) -> None:
    pipe = _held(machine)
    machine.python("python3.11", install=f"cat '{pipe}'")
    killed = machine.start("podctl")
    with pipe.open("w", encoding="utf-8"):
        killed.kill()
        killed.wait(timeout=20)
        second = machine.start("podctl")
        assert second.stderr is not None
        waiting = second.stderr.readline()
    second.communicate("", timeout=20)
    killed.communicate()

    assert "waiting" in waiting
    assert second.returncode == 0
    assert machine.calls("install") == ["1"]


def test_testing_is_added_to_what_running_has(machine: Machine) -> None:
    machine.python("python3.11")
    machine.run("podctl")

    machine.run("test")
    machine.run("podctl")

    assert len(machine.calls("venv")) == 1
    assert machine.calls("install") == ["1", "2"]


def test_a_lock_that_changed_is_installed_into_the_environment(
    machine: Machine,
) -> None:
    machine.python("python3.11")
    machine.run("test")
    before = machine.lock.read_text(encoding="utf-8")
    machine.lock.write_text(before.replace("first==1.0", "first==1.1"), "utf-8")

    machine.run("podctl")
    machine.run("test")

    assert len(machine.calls("venv")) == 1
    assert machine.calls("install") == ["2", "1", "2"]


def test_an_update_that_fails_leaves_the_environment_as_it_was(
    machine: Machine,
) -> None:
    machine.python("python3.11", install='[ "$(grep -c 1.1 "$file")" = 0 ]')
    machine.run("podctl")
    before = machine.lock.read_text(encoding="utf-8")
    machine.lock.write_text(before.replace("first==1.0", "first==1.1"), "utf-8")

    failed = machine.run("podctl")
    machine.lock.write_text(before, encoding="utf-8")
    done = machine.run("podctl")

    assert (failed.returncode, done.returncode) == (1, 0)
    assert len(machine.calls("venv")) == 1
    assert machine.calls("install") == ["1", "1"]


def test_running_does_not_care_for_what_testing_needs(machine: Machine) -> None:
    machine.python("python3.11")
    machine.run("podctl")
    before = machine.lock.read_text(encoding="utf-8")
    machine.lock.write_text(before.replace("second==2.0", "second==2.1"), "utf-8")

    machine.run("podctl")

    assert machine.calls("install") == ["1"]


def test_a_moved_checkout_makes_its_environment_anew(machine: Machine) -> None:
    machine.python("python3.11")
    machine.run("podctl")
    moved = machine.directory / "moved"
    shutil.move(machine.checkout, moved)

    done = machine.run(moved / "scripts" / "podctl")

    assert done.returncode == 0
    assert machine.calls("venv")[-1] == f"python3.11 {moved}/.venv"


def test_an_environment_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.python("python3.11")
    machine.run("podctl")
    python = machine.checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(machine.directory / "upgraded away")

    assert machine.run("podctl").returncode == 0
    assert len(machine.calls("venv")) == 2


def test_the_checkout_is_found_through_links(machine: Machine) -> None:
    machine.python("python3.11")
    link = machine.directory / "bin" / "podctl"
    (machine.directory / "linked folder").symlink_to(machine.checkout / "scripts")
    link.symlink_to(machine.directory / "linked folder" / "podctl")

    assert machine.run(link).returncode == 0
    assert machine.stamp.exists()


def test_settings_of_other_environments_do_not_reach_the_installer(
    machine: Machine,
) -> None:
    machine.python("python3.11")

    machine.run(
        "podctl",
        settings={
            "PIP_INDEX_URL": "https://packages.example/simple",
            "PIP_TARGET": "/elsewhere",
            "PYTHONPATH": "/elsewhere",
        },
    )

    assert machine.calls("settings") == [
        "PIP_INDEX_URL=https://packages.example/simple PIP_TARGET= PYTHONPATH="
    ]


def test_uv_is_used_where_it_is_there(machine: Machine) -> None:
    machine.python("python3.11", ensurepip="exit 1", install="exit 1")
    _with_uv(machine)

    assert machine.run("podctl").returncode == 0
    made, installed = machine.calls("uv")
    assert made.startswith("venv ")
    assert installed.startswith("pip install ")
    assert "--require-hashes" in installed


@pytest.mark.parametrize("step", ["venv", "pip"])
def test_pip_is_used_where_uv_fails(machine: Machine, step: str) -> None:
    machine.python("python3.11")
    _with_uv(machine, fails=step)

    assert machine.run("podctl").returncode == 0
    assert len(machine.calls("venv")) == (step == "venv")
    assert machine.calls("install") == (["1"] if step == "pip" else [])


def test_pip_is_used_where_its_settings_name_a_source(machine: Machine) -> None:
    machine.python("python3.11")
    _with_uv(machine)

    machine.run("podctl", settings={"PIP_INDEX_URL": "https://packages.example/simple"})

    assert machine.calls("uv") == []
    assert machine.calls("install") == ["1"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_checkout_that_cannot_be_written_is_an_error(machine: Machine) -> None:
    machine.python("python3.11")
    machine.checkout.chmod(0o500)

    done = machine.run("podctl")
    machine.checkout.chmod(0o700)

    assert done.returncode == 1
    assert str(machine.checkout) in done.stderr
    assert machine.calls("podctl") == []
