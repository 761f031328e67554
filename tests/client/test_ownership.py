"""Whose the runtime directory is."""

import os
from pathlib import Path

import pytest

from podd.client.discovery import find, pods
from podd.client.ownership import refuse_strangers
from podd.errors import UnsafeDirectoryError
from podd.paths import Places
from tests.client.fake_pod import fake_pod


def test_one_that_is_ours_alone_or_not_there_passes(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ours = tmp_path / "ours"
    ours.mkdir(0o700)

    refuse_strangers(ours)
    refuse_strangers(tmp_path / "nothing")
    refuse_strangers(tmp_path / "file/below")


@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_one_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)

    with pytest.raises(UnsafeDirectoryError):
        refuse_strangers(tmp_path)


def test_a_file_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)

    for name in ("file", "link"):
        with pytest.raises(UnsafeDirectoryError):
            refuse_strangers(tmp_path / name)


def test_one_of_another_user_is_refused(tmp_path: Path) -> None:
    strange = Path("/")
    if os.getuid() == 0:
        strange = tmp_path
        os.chown(strange, 65534, 65534)

    with pytest.raises(UnsafeDirectoryError):
        refuse_strangers(strange)


def test_no_pod_is_talked_to_where_others_may_write(universe: Places) -> None:
    with fake_pod(universe.socket("demo")) as pod:
        universe.runtime.chmod(0o777)
        for ask in (pods, lambda places: find(places, "demo")):
            with pytest.raises(UnsafeDirectoryError):
                ask(universe)
        universe.runtime.chmod(0o700)

        assert pod.asked.empty()
