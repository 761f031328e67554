"""Where things are, and what is not believed there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from podd.errors import UnsafeDirectoryError
from podd.paths import SOCKET_PATH_BYTES, Places, private_directory


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Places]:
    """A runtime directory too deep for a socket's path."""
    places = Places(tmp_path / ("d" * 120), tmp_path / "state", tmp_path / "config")
    yield places
    if places.socket_alias.is_dir() and not places.socket_alias.is_symlink():
        places.socket_alias.rmdir()
    places.socket_alias.unlink(missing_ok=True)


def test_a_deep_runtime_directory_has_a_short_way_to_its_sockets(deep: Places) -> None:
    before = deep.socket("pod")
    deep.link_sockets()
    assert deep.socket("pod") == before == deep.socket_alias / "pod" / "sock"
    assert len(os.fsencode(before)) <= SOCKET_PATH_BYTES
    assert deep.socket_alias.readlink() == deep.pods


@pytest.mark.parametrize("what", ["link elsewhere", "link of somebody", "directory"])
def test_the_short_way_is_not_taken_where_something_else_lies(
    deep: Places, tmp_path: Path, what: str
) -> None:
    match what:
        case "link elsewhere":
            deep.socket_alias.symlink_to(tmp_path)
        case "link of somebody":
            if os.getuid() != 0:
                pytest.skip("only root can give a link away")
            deep.socket_alias.symlink_to(deep.pods)
            os.lchown(deep.socket_alias, 65534, 65534)
        case _:
            deep.socket_alias.mkdir()
    assert deep.socket("pod") == deep.pods / "pod" / "sock"
    with pytest.raises(UnsafeDirectoryError):
        deep.link_sockets()


def test_what_is_made_on_the_way_is_private_too(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        private_directory(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(mask)

    for made in ("a", "a/b", "a/b/c"):
        assert (tmp_path / made).stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UnsafeDirectoryError):
            private_directory(path)
