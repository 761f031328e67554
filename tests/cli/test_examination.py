from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import pytest

from podd.cli import examination, filesystem, kernel
from podd.cli.examination import EPOCH, LIBRARIES, OLDEST_PYTHON
from podd.paths import Places

ROOT = Path(__file__).parents[2]


def _places(base: Path) -> Places:
    return Places(
        runtime=base / "run", state=base / "state", configuration=base / "conf"
    )


def test_the_libraries_and_the_python_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]

    declared = sorted(d.split(">")[0] for d in project["dependencies"])
    assert sorted(LIBRARIES) == declared
    assert project["requires-python"] == f">={'.'.join(map(str, OLDEST_PYTHON))}"


def test_a_machine_that_works_has_nothing_broken(tmp_path):
    checks = list(examination.machine(_places(tmp_path)))

    assert [c for c in checks if c.verdict == "broken"] == []
    assert len({c.name for c in checks}) == len(checks)


def test_looking_makes_nothing(tmp_path):
    list(examination.machine(_places(tmp_path)))

    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_broken():
    check = examination.libraries(["msgspec", "no-such-library-of-podd"])

    assert check.verdict == "broken"
    assert "no-such-library-of-podd" in check.detail
    assert check.remedy


def test_a_deep_runtime_directory_tells_the_way_to_its_sockets(tmp_path):
    deep = _places(tmp_path / ("d" * 100))

    check = examination.socket_path(deep)

    assert check.verdict == "info"
    assert str(deep.socket("x" * 63).parent.parent) in check.detail
    short = Places(Path("/run/p"), tmp_path, tmp_path)
    assert examination.socket_path(short).verdict == "ok"


def test_a_remote_file_system_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(filesystem, "kind", lambda _path: "nfs4")

    check = examination.file_system("runtime file system", tmp_path)

    assert check.verdict == "warning"
    assert "PODD_RUNTIME_DIR" in check.remedy


def test_a_lock_that_shuts_nobody_out_is_broken(tmp_path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", lambda *_: None)

    assert examination.locking(tmp_path).verdict == "broken"


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(10**12, "ok"), (300 * 2**20, "warning"), (2**20, "broken")],
)
def test_free_space_is_judged(tmp_path, monkeypatch, free, verdict):
    usage = type("usage", (), {"free": free})()
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)

    checks = list(examination.free_space(_places(tmp_path)))

    assert [c.verdict for c in checks] == [verdict, verdict]


def test_without_openat2_it_is_a_warning(monkeypatch):
    monkeypatch.setattr(kernel, "openat2_fault", lambda: "ENOSYS")

    check = examination.openat2()

    assert check.verdict == "warning"
    assert "ENOSYS" in check.detail


def test_a_clock_in_the_past_is_a_warning():
    assert examination.clock(EPOCH, None).verdict == "ok"
    day = dt.timedelta(days=1)
    assert examination.clock(EPOCH - day, None).verdict == "warning"
    assert examination.clock(EPOCH + day, EPOCH + 2 * day).verdict == "warning"
    assert examination.clock(EPOCH + 2 * day, EPOCH + day).verdict == "ok"


def test_keys_are_named_and_never_shown():
    check = examination.keys(["A_KEY", "B_KEY"], {"B_KEY": "hunter2", "A_KEY": ""})

    assert check.detail == "B_KEY"
    assert examination.keys(["A_KEY"], {}).verdict == "info"


def test_leftovers_are_warnings_with_a_remedy():
    checks = list(examination.leftovers(["a"], ["b", "c"]))

    assert [c.verdict for c in checks] == ["warning", "warning"]
    assert all(c.remedy for c in checks)
    assert {c.verdict for c in examination.leftovers([], [])} == {"ok"}
