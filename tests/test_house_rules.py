"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import podd

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCES = ("podd", "protocol", "scripts", "tests")

#: Names that say nothing, so everything ends up there.
BANNED_STEMS = frozenset({"utils", "helpers", "common", "misc", "manager", "base"})
BANNED_FILES = frozenset({"core.py", "types.py", "models.py"})
#: Whose files are named by what one types.
VERBS = ROOT / "podd/cli/commands"

#: Where a second noun usually hides. A longer file stands below, with the reason.
LONGEST_LINES = 400
LONGER_FOR_A_REASON = {
    "podd/errors.py": "one tree, one leaf file: whoever reads an error finds its kin",
}

#: Folders of tests that mirror something else than a room of podd.
MIRRORED_ELSEWHERE = {
    "protocol": "protocol/podd_protocol",
    "scripts": "scripts",
    "manifests": "manifests",
}
#: Tests of the whole, which has no folder.
OF_THE_WHOLE = frozenset({"end_to_end"})
#: Tests of a whole room, likewise.
OF_A_WHOLE_ROOM = frozenset({"providers/conformance"})
TOP_LEVEL_TESTS = frozenset({"test_house_rules.py", "test_public_names.py"})

#: What the start of a pod must not wait for: each is imported when first used.
HEAVY = frozenset(
    {"click", "httpx", "jinja2", "pathspec", "psutil", "rich", "structlog", "tomllib"}
)
#: The rooms, and single modules of rooms, that every pod imports before it is ready.
START_PATH = ("core", "journal", "scope_lock", "manifest/schema.py", "paths.py")


def _python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_file_is_named_by_a_noun_of_its_own() -> None:
    nameless = [
        _name(path)
        for path in _python_files(*SOURCES)
        if (path.name in BANNED_FILES and path.parent != VERBS)
        or BANNED_STEMS & {path.stem, *path.relative_to(ROOT).parent.parts}
    ]

    assert nameless == []


def test_no_file_is_long_without_a_reason() -> None:
    lengths = {
        _name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in _python_files(*SOURCES)
    }
    longer = {name for name, lines in lengths.items() if lines > LONGEST_LINES}

    assert longer == set(LONGER_FOR_A_REASON)
    assert all(LONGER_FOR_A_REASON.values())


def test_tests_mirror_what_they_test() -> None:
    stray = []
    for path in _python_files("tests"):
        folder = path.relative_to(ROOT / "tests").parent
        room = folder.parts[0] if folder.parts else ""
        if not room:
            alone = path.name.removeprefix("test_")
            known = path.name in TOP_LEVEL_TESTS or (ROOT / "podd" / alone).is_file()
            if path.name.startswith("test_") and not known:
                stray.append(_name(path))
        elif room not in OF_THE_WHOLE and folder.as_posix() not in OF_A_WHOLE_ROOM:
            mirrored = Path(
                MIRRORED_ELSEWHERE.get(room, f"podd/{room}"), *folder.parts[1:]
            )
            if not (ROOT / mirrored).is_dir():
                stray.append(_name(path))

    assert stray == []


def test_every_room_has_its_place_among_the_layers() -> None:
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    rooms = {
        path.stem
        for path in (ROOT / "podd").iterdir()
        if (path / "__init__.py").is_file() or path.suffix == ".py"
    }

    assert rooms - placed == {"__init__"}


def test_every_package_of_a_room_can_be_seen_by_the_import_linter() -> None:
    """A folder without `__init__.py` imports well and is outside every contract."""
    unseen = {
        _name(path.parent)
        for path in _python_files("podd", "protocol/podd_protocol")
        if not (path.parent / "__init__.py").is_file()
    }

    assert unseen == set()


def test_no_test_waits_by_sleeping() -> None:
    clocks = {"time", "asyncio", "anyio", "trio"}
    sleeping = [
        f"{_name(path)}:{node.lineno}"
        for path in _python_files("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "sleep"
            and isinstance(node.value, ast.Name)
            and node.value.id in clocks
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module in clocks
            and any(alias.name == "sleep" for alias in node.names)
        )
    ]

    assert sleeping == []


def _start_path() -> list[str]:
    """Whatever of the start path is there; the core always is."""
    found = [
        path
        for part in START_PATH
        for path in (
            [ROOT / "podd" / part]
            if part.endswith(".py")
            else _python_files(f"podd/{part}")
        )
        if path.is_file()
    ]
    return [_module(path) for path in found]


def test_the_start_of_a_pod_imports_nothing_heavy() -> None:
    modules = _start_path()
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    before = set(sys.modules)\n"
        "    importlib.import_module(name)\n"
        "    for new in sorted(set(sys.modules) - before):\n"
        "        print(name, new)\n"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", program, *modules],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )
    imported = [tuple(line.split()) for line in done.stdout.splitlines()]

    assert done.stderr == ""
    assert ("podd.core", "podd.core") in imported
    assert [pair for pair in imported if pair[1] in HEAVY] == []


def test_the_version_is_stated_once_and_again_the_same() -> None:
    assert PROJECT["project"]["version"] == podd.__version__


def test_a_wheel_holds_all_that_podd_is(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "hatchling",
            "build",
            "-t",
            "wheel",
            "-d",
            tmp_path,
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        (entry_points,) = (
            archive.read(name).decode("utf-8")
            for name in archive.namelist()
            if name.endswith(".dist-info/entry_points.txt")
        )
    ours = {
        path.relative_to(base).as_posix()
        for base, package in ((ROOT, "podd"), (ROOT / "protocol", "podd_protocol"))
        for path in (base / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert packed == ours
    assert {"podd/py.typed", "podd_protocol/py.typed"} <= packed
    assert "podctl = podd.cli.main:main" in entry_points.splitlines()


@pytest.mark.parametrize("script", ["podctl", "test", "check", "lock"])
def test_every_script_can_be_run_by_its_name(script: str) -> None:
    path = ROOT / "scripts" / script

    assert path.stat().st_mode & 0o111 == 0o111
    assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
