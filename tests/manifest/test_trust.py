from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from podd.errors import StorageError
from podd.manifest.trust import is_trusted, trust, trusted, untrust


def test_nothing_is_trusted_at_first(desk) -> None:
    assert trusted(desk.places) == ()
    assert not is_trusted(desk.places, desk.directory)
    assert not desk.places.configuration.exists()


def test_trust_is_of_one_directory_by_its_real_path(desk) -> None:
    inner = desk.directory / "inner"
    inner.mkdir()
    link = desk.directory / "link"
    link.symlink_to(inner)

    assert trust(desk.places, link) == str(inner)

    assert is_trusted(desk.places, inner)
    assert is_trusted(desk.places, link)
    assert not is_trusted(desk.places, desk.directory)
    assert not is_trusted(desk.places, inner / "deeper")


def test_trust_can_be_taken_back_and_doing_so_twice_is_fine(desk) -> None:
    for name in ("a", "b"):
        trust(desk.places, desk.directory / name)
        trust(desk.places, desk.directory / name)
    for _ in range(2):
        untrust(desk.places, desk.directory / "a")
    assert trusted(desk.places) == (str(desk.directory / "b"),)


def test_the_list_is_the_users_alone_and_nothing_lies_beside_it(desk) -> None:
    trust(desk.places, desk.directory)
    path = desk.places.trusted_directories
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {entry.name for entry in path.parent.iterdir()} <= {
        path.name,
        f"{path.name}.lock",
    }


@pytest.mark.parametrize("content", ["", "[]", '{"directories": [3]}', '{"x": 1}'])
def test_a_list_that_cannot_be_read_is_not_an_empty_one(desk, content: str) -> None:
    path: Path = desk.places.trusted_directories
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StorageError) as caught:
        is_trusted(desk.places, desk.directory)
    assert caught.value.path == str(path)
    with pytest.raises(StorageError):
        trust(desk.places, desk.directory)
    assert path.read_text(encoding="utf-8") == content


def test_a_draft_that_a_crash_left_is_no_hindrance(desk) -> None:
    path: Path = desk.places.trusted_directories
    path.parent.mkdir()
    path.with_name(f"{path.name}.new").write_text("half", encoding="utf-8")
    trust(desk.places, desk.directory)
    assert is_trusted(desk.places, desk.directory)


@pytest.mark.processes
def test_of_many_that_trust_at_once_none_is_lost(desk) -> None:
    code = (
        "import sys; from pathlib import Path; from podd.manifest.trust import trust;"
        "from podd.paths import places\n"
        "for n in range(5): trust(places(), f'/x/{sys.argv[1]}/{n}')"
    )
    environment = os.environ | {"PODD_CONFIG_DIR": str(desk.places.configuration)}
    processes = [
        subprocess.Popen([sys.executable, "-P", "-c", code, str(n)], env=environment)
        for n in range(4)
    ]
    assert [process.wait(30) for process in processes] == [0] * 4
    assert len(trusted(desk.places)) == 20
