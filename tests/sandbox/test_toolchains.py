from __future__ import annotations

import os

import pytest

from podd.sandbox.toolchains import find_toolchains, is_within


@pytest.fixture
def home(tmp_path):
    made = tmp_path.resolve() / "home"
    made.mkdir()
    return made


def _find(path, home, **more):
    return find_toolchains(str(path), home=str(home), system=(), **more)


def _program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_directory_of_programs_alone_is_all_that_is_given(home):
    _program(home / "bin/tool")

    found = _find(home / "bin", home)

    assert str(home / "bin") in found.directories
    assert str(home) not in found.directories


def test_beside_the_programs_of_an_installation_lies_what_they_need(home):
    _program(home / "tool/bin/tool")
    (home / "tool/lib").mkdir()

    assert str(home / "tool") in _find(home / "tool/bin", home).directories


@pytest.mark.parametrize("place", ["bin", ".local/bin"])
def test_neither_home_nor_what_holds_all_programs_of_a_user_is_a_prefix(home, place):
    _program(home / place / "tool")
    (home / place).parent.joinpath("lib").mkdir()

    found = _find(home / place, home)

    assert str(home / place) in found.directories
    assert not found.covers(str((home / place).parent))


@pytest.mark.parametrize("broad", ["", ".local", "."])
def test_home_on_path_gives_nothing(home, broad):
    (home / ".local").mkdir()
    found = _find(f"{home}/{broad}:{home.parent}:/", home)

    assert not found.covers(str(home / "file"))
    assert not found.covers(str(home / ".local/file"))


def test_a_python_that_a_virtual_environment_leads_to_can_be_run(home):
    base = home / "versions/3.11"
    _program(base / "bin/python3.11")
    (base / "lib").mkdir()
    (base / "bin/python3").symlink_to("python3.11")
    venv = home / "work/.venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("x = y\n", encoding="utf-8")
    (venv / "bin/python").symlink_to(base / "bin/python3")

    found = _find(venv / "bin", home)

    assert found.covers(str(venv / "lib/x"))
    assert found.covers(str(base / "lib/x"))
    assert found.links[str(venv / "bin/python")] == str(base / "bin/python3")
    assert found.links[str(base / "bin/python3")] == "python3.11"


def test_a_python_that_was_copied_is_found_by_what_its_environment_says(home):
    base = home / "versions/3.11"
    _program(base / "bin/python3.11")
    (base / "lib").mkdir()
    venv = home / "venv"
    _program(venv / "bin/python")
    (venv / "pyvenv.cfg").write_text(f"home = {base}/bin\n", encoding="utf-8")

    assert _find(venv / "bin", home).covers(str(base / "lib"))


def test_a_link_to_a_single_program_gives_that_program(home):
    program = _program(home / "apps/tool-1.0")
    (home / "bin").mkdir()
    (home / "bin/tool").symlink_to(program)

    found = _find(home / "bin", home)

    assert str(program) in found.directories
    assert not found.covers(str(home / "apps/other"))


def test_a_directory_behind_a_link_is_given_with_the_link(home):
    _program(home / "versions/2/tools/tool")
    (home / "current").symlink_to("versions/2")

    found = _find(home / "current/tools", home)

    assert str(home / "versions/2/tools") in found.directories
    assert found.links[str(home / "current")] == "versions/2"


def test_links_that_lead_round_or_nowhere_do_no_harm(home):
    (home / "bin").mkdir()
    (home / "bin/round").symlink_to("round")
    (home / "bin/nowhere").symlink_to("missing")
    (home / "loop").symlink_to("loop")

    found = _find(f"{home}/bin:{home}/loop:{home}/missing::.:relative", home)

    assert [path for path in found.directories if path.startswith(str(home))] == [
        str(home / "bin")
    ]


def test_what_the_manifest_adds_is_readable_and_what_is_missing_is_left_out(home):
    (home / "more").mkdir()

    found = _find("", home, more=[str(home / "more"), str(home / "missing")])

    assert str(home / "more") in found.directories
    assert str(home / "missing") not in found.directories


def test_a_name_that_is_no_text_is_left_out(home):
    (home / "bin").mkdir()
    odd = home / os.fsdecode(b"\xff")
    odd.mkdir()
    (home / "bin/odd").symlink_to(odd)

    found = _find(home / "bin", home)

    assert [path for path in found.directories if "\udcff" in path] == []


@pytest.mark.parametrize(
    ("path", "directory", "expected"),
    [
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/ab", "/a", False),
        ("/a", "/a/b", False),
        ("/a", "/", True),
    ],
)
def test_within_is_by_whole_names(path, directory, expected):
    assert is_within(path, directory) is expected


@pytest.mark.parametrize("way", ["path", "more", "program", "environment"])
def test_no_link_is_followed_where_a_command_may_have_made_it(tmp_path, way):
    written, secret = tmp_path / "written", tmp_path / "secret"
    (secret / "bin").mkdir(parents=True)
    (secret / "lib").mkdir()
    (secret / "bin/tool").write_text("", encoding="utf-8")
    (written / "venv/bin").mkdir(parents=True)
    (written / "link").symlink_to(secret / "bin")
    (written / "venv/bin/tool").symlink_to(secret / "bin/tool")
    (written / "venv/pyvenv.cfg").write_text(f"home = {secret}/bin\n", encoding="utf-8")
    path = {
        "path": f"{written}/link",
        "program": f"{written}/venv/bin",
        "environment": f"{written}/venv/bin",
    }.get(way, "")
    more = (f"{written}/link",) if way == "more" else ()

    def found(*roots):
        return find_toolchains(
            path, home="/nonexistent", more=more, system=(), written=roots
        )

    assert found().covers(str(secret / "bin/tool"))
    assert not found(str(written)).covers(str(secret / "bin/tool"))
