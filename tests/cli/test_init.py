from __future__ import annotations

import os

import pytest

from tests.cli.command_line import podctl


def test_it_writes_a_manifest_that_checks(tmp_path, monkeypatch, capsys, universe):
    monkeypatch.chdir(tmp_path)

    assert podctl(capsys, "init").code == 0

    assert (tmp_path / "podd.toml").is_file()
    assert podctl(capsys, "manifest", "check").code == 0


def test_it_says_what_it_wrote(tmp_path, capsys):
    file = tmp_path / "reviewer.toml"

    said = podctl(capsys, "init", str(file), "--json")

    assert said.document == {"schema_version": 1, "manifest": str(file)}


def test_it_never_writes_over_a_file(tmp_path, capsys):
    file = tmp_path / "podd.toml"
    file.write_text("mine", encoding="utf-8")

    said = podctl(capsys, "init", str(file), "--json")

    assert (said.code, said.document["error"]["code"]) == (2, "usage")
    assert file.read_text(encoding="utf-8") == "mine"


def test_it_does_not_write_through_a_dangling_link(tmp_path, capsys):
    (tmp_path / "podd.toml").symlink_to(tmp_path / "elsewhere")

    assert podctl(capsys, "init", str(tmp_path / "podd.toml")).code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_directory_is_no_such_file(tmp_path, capsys):
    said = podctl(capsys, "init", str(tmp_path / "no" / "podd.toml"), "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_file")


@pytest.mark.skipif(os.getuid() == 0, reason="permission bits do not bind root")
def test_a_directory_that_is_not_ours_is_denied(tmp_path, capsys):
    tmp_path.chmod(0o500)

    said = podctl(capsys, "init", str(tmp_path / "podd.toml"), "--json")

    assert (said.code, said.document["error"]["code"]) == (5, "denied")
