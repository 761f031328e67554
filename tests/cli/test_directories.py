from __future__ import annotations

import os

import pytest

from podd.cli import directories


def test_a_runtime_directory_that_others_may_write_is_broken(tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    path.chmod(0o770)

    check = directories.runtime(path)

    assert check.verdict == "broken"
    assert "0770" in check.detail
    assert str(path) in check.remedy


def test_a_runtime_directory_that_is_a_link_or_a_file_is_broken(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()

    assert directories.runtime(tmp_path / "link").verdict == "broken"
    assert directories.runtime(tmp_path / "file").verdict == "broken"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_a_runtime_directory_of_someone_else_is_broken(tmp_path):
    path = tmp_path / "run"
    path.mkdir(mode=0o700)
    os.chown(path, 4711, -1)

    check = directories.runtime(path)

    assert check.verdict == "broken"
    assert "4711" in check.detail


@pytest.mark.skipif(os.getuid() == 0, reason="permission bits do not bind root")
def test_a_state_directory_that_cannot_be_written_is_broken(tmp_path):
    path = tmp_path / "state"
    path.mkdir(mode=0o500)

    assert directories.kept("state directory", path).verdict == "broken"
    missing = directories.kept("state directory", path / "deeper")
    assert missing.verdict == "broken"


def test_a_state_directory_below_a_file_is_broken(tmp_path):
    (tmp_path / "file").touch()

    check = directories.kept("state directory", tmp_path / "file" / "state")

    assert check.verdict == "broken"
    assert check.remedy
