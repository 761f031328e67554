"""Whether a file is as a call wanted it that was cut off."""

import json

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.tools.interrupted_write import is_written
from podd.tools.scoped_files import ScopedFiles


@pytest.fixture
def files(tmp_path):
    (tmp_path / "secret").mkdir()
    scope = Scope(
        (Rule(str(tmp_path), "write"), Rule(str(tmp_path / "secret"), "hidden"))
    )
    return ScopedFiles(scope, str(tmp_path), verify_lease=lambda: None)


def _asked(files, name, **arguments):
    return is_written(files, name, json.dumps(arguments))


def test_a_file_written_whole_is_known_by_its_content(files, tmp_path):
    (tmp_path / "a").write_text("ü\n", encoding="utf-8")

    assert _asked(files, "write_file", path="a", content="ü\n") is True
    assert _asked(files, "write_file", path="a", content="other") is False
    assert _asked(files, "write_file", path="missing", content="x") is False


def test_an_edit_is_known_by_the_old_text_or_the_new(files, tmp_path):
    (tmp_path / "a").write_bytes(b"one\r\ntwo\r\n")

    assert _asked(files, "edit_file", path="a", old="one\n", new="1\n") is False
    assert _asked(files, "edit_file", path="a", old="1\n", new="one\n") is True
    assert _asked(files, "edit_file", path="a", old="three", new="") is True


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("edit_file", {"path": "a", "old": "one", "new": "one more"}),
        ("edit_file", {"path": "a", "old": "three", "new": "four"}),
        ("edit_file", {"path": "missing", "old": "three", "new": "four"}),
        ("write_file", {"path": "secret/a", "content": "one"}),
        ("write_file", {"path": ".", "content": "one"}),
        ("write_file", {"content": "one"}),
        ("bash", {"command": "true"}),
    ],
)
def test_what_cannot_be_told_is_not_told(files, tmp_path, name, arguments):
    (tmp_path / "a").write_text("one\n", encoding="utf-8")
    (tmp_path / "secret/a").write_text("one", encoding="utf-8")

    assert _asked(files, name, **arguments) is None


def test_arguments_that_are_no_json_tell_nothing(files):
    assert is_written(files, "write_file", "{") is None
