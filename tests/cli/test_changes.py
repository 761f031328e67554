from __future__ import annotations

import hashlib
import os

import pytest

from podd.cli.changes import DIFF_BYTES, Touched, compare, touched
from podd.core.session.entries import FileChanged, TurnStarted


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _changed(n, path, before, after):
    return FileChanged(
        n=n,
        turn="t1",
        call="c1",
        path=path,
        change="modified" if before else "created",
        before=before,
        after=after,
    )


def _compare(path, before: bytes | None, left: bytes, label="f.txt"):
    digest = None if before is None else _digest(before)
    file = Touched(str(path), 1, digest, _digest(left))
    return compare(file, lambda _file: before, label)


def test_the_first_before_and_the_last_after_of_each_file_count():
    entries = [
        _changed(2, "/b", None, "1"),
        TurnStarted(turn="t1", causes=()),
        _changed(4, "/a", "x", "2"),
        _changed(5, "/b", "1", "3"),
    ]

    assert touched(entries) == [
        Touched("/b", 2, None, "3"),
        Touched("/a", 4, "x", "2"),
    ]


def test_a_modified_file_is_a_unified_diff(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"one\ntwo\n2.5\n")

    found = _compare(path, b"one\nzwei\n", path.read_bytes())

    assert (found.change, found.shown, found.changed_since) == (
        "modified",
        "text",
        False,
    )
    assert found.lines == (
        "--- a/f.txt",
        "+++ b/f.txt",
        "@@ -1,2 +1,3 @@",
        " one",
        "-zwei",
        "+two",
        "+2.5",
    )
    assert (found.added, found.removed) == (2, 1)


def test_a_missing_last_line_end_is_said(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"one")

    found = _compare(path, b"one\n", b"one")

    assert found.lines[-3:] == ("-one", "+one", "\\ No newline at end of file")


def test_only_a_line_feed_ends_a_line(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"a\x0cb\r\nc\n")

    found = _compare(path, None, path.read_bytes())

    assert found.lines[3:] == ("+a\x0cb\r", "+c")


def test_a_created_file_comes_from_nothing(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"new\n")

    found = _compare(path, None, b"new\n")

    assert found.change == "created"
    assert found.lines[:2] == ("--- /dev/null", "+++ b/f.txt")


def test_a_file_that_is_gone_is_deleted(tmp_path):
    found = _compare(tmp_path / "gone", b"old\n", b"left\n")

    assert (found.change, found.changed_since) == ("deleted", True)
    assert found.lines[:2] == ("--- a/f.txt", "+++ /dev/null")
    assert found.removed == 1


def test_a_file_that_came_and_went_is_unchanged(tmp_path):
    found = _compare(tmp_path / "gone", None, b"left\n")

    assert (found.change, found.lines) == ("unchanged", ())


def test_a_file_that_someone_else_wrote_since_is_marked(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"theirs\n")

    assert _compare(path, b"old\n", b"ours\n").changed_since


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe", b"ok\n\xc3("])
def test_bytes_that_are_no_text_are_binary(tmp_path, content):
    path = tmp_path / "f.bin"
    path.write_bytes(content)

    found = _compare(path, b"text\n", content)

    assert (found.change, found.shown, found.lines) == ("modified", "binary", ())


def test_a_file_too_large_to_diff_is_said_so(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"x" * (DIFF_BYTES + 1))

    assert _compare(path, b"text\n", path.read_bytes()).shown == "too_large"


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path):
    path = tmp_path / "f.txt"
    os.mkfifo(path)

    found = _compare(path, b"text\n", b"left\n")

    assert (found.change, found.shown) == ("modified", "unreadable")
