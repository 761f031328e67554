from __future__ import annotations

import pytest

from podd.sandbox.probe import Trials, judge, probe
from podd.sandbox.remedies import Switches
from tests.cli.command_line import podctl
from tests.cli.process_pod import process_pod
from tests.cli.session_written import session_written


def _checks(said):
    return {check["name"]: check for check in said.document["checks"]}


def test_a_machine_that_works_ends_well_and_is_left_as_it_was(capsys, universe):
    said = podctl(capsys, "doctor", "--json")

    assert said.code == 0
    assert said.document.keys() == {"schema_version", "works", "checks", "commands"}
    assert said.document["works"] is True
    for check in said.document["checks"]:
        assert check.keys() == {"name", "verdict", "detail", "remedy"}
        assert check["verdict"] in {"ok", "info", "warning"}
        assert check["remedy"] or check["verdict"] != "warning"
    assert not universe.runtime.exists()
    assert not universe.state.exists()


def test_the_three_directories_are_named(capsys, universe):
    said = podctl(capsys, "doctor")

    for path in (universe.runtime, universe.state, universe.configuration):
        assert str(path) in said.out


def test_what_is_broken_has_a_remedy_and_ends_with_1(capsys, universe):
    universe.runtime.mkdir()
    universe.runtime.chmod(0o777)

    said = podctl(capsys, "doctor", "--json")

    assert (said.code, said.document["works"]) == (1, False)
    check = _checks(said)["runtime directory"]
    assert check["verdict"] == "broken"
    assert check["remedy"]


def test_what_holds_commands_is_said(capsys, universe):
    said = podctl(capsys, "doctor", "--json")
    report = probe()

    commands = said.document["commands"]
    assert commands.keys() == {"means", "features", "gaps", "costs"}
    assert commands["means"] == report.means
    assert commands["gaps"] == list(report.gaps)
    for feature in commands["features"]:
        assert feature.keys() == {"name", "works", "detail", "remedy"}
        assert _checks(said)[feature["name"]]["detail"] == feature["detail"]


def test_a_machine_that_holds_no_commands_is_a_warning(capsys, universe, monkeypatch):
    none = judge(
        Trials(namespaces="EPERM", bubblewrap="not installed", landlock="ENOSYS"),
        Switches(),
    )
    monkeypatch.setattr("podd.sandbox.probe.probe", lambda: none)

    said = podctl(capsys, "doctor", "--json")

    assert (said.code, said.document["commands"]["means"]) == (0, None)
    assert _checks(said)["commands"]["verdict"] == "warning"
    assert _checks(said)["command gaps"]["detail"]


def test_it_fits_on_a_small_terminal(capsys, universe, monkeypatch):
    worst = judge(
        Trials(namespaces="EPERM", bubblewrap="not installed", landlock_abi=1),
        Switches(contained=True),
    )
    monkeypatch.setattr("podd.sandbox.probe.probe", lambda: worst)

    lines = podctl(capsys, "doctor").out.splitlines()

    assert any(line.startswith("info     command costs") for line in lines)
    # A path is one word, and a word is not broken.
    long = [line for line in lines if len(line) > 80 and "/" not in line]
    assert long == []
    for remedy in (at for at, line in enumerate(lines) if " -> " in line):
        assert lines[remedy].startswith(" " * 33 + "-> ")


def test_keys_are_named_and_never_shown(capsys, universe, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")

    said = podctl(capsys, "doctor", "--json")

    assert _checks(said)["keys"]["detail"] == "OPENAI_API_KEY"
    assert "hunter2" not in said.out + said.err


@pytest.mark.processes
def test_what_the_dead_left_is_a_warning(capsys, universe, tmp_path):
    with process_pod("demo", tmp_path) as pod:
        alive = _checks(podctl(capsys, "doctor", "--json"))
        pod.kill()
        pod.wait(5)
        dead = _checks(podctl(capsys, "doctor", "--json"))

    for name in ("allocations", "sockets"):
        assert alive[name]["verdict"] == "ok"
        assert dead[name]["verdict"] == "warning"
        assert "demo" in dead[name]["detail"]


def test_a_session_of_the_future_makes_the_clock_suspect(capsys, universe):
    session_written(universe, "demo", milliseconds=9_000_000_000_000)

    said = podctl(capsys, "doctor", "--json")

    assert _checks(said)["clock"]["verdict"] == "warning"
