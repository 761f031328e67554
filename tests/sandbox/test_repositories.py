from __future__ import annotations

import os

import pytest

from podd.sandbox import repositories
from podd.sandbox.repositories import MOST_LEVELS, RepositorySearch

FAR = 1 << 62


@pytest.fixture
def root(tmp_path):
    for name in (".git", "a/.git", "a/b/.podd", "c"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def _search(now=FAR):
    return RepositorySearch(lambda: now)


def _found(search, root, leave=()):
    marks = search.below([str(root)], leave=frozenset(map(str, leave)))
    return [os.path.relpath(mark, root) for mark in marks]


def test_marks_are_found_from_the_top_down(root):
    assert _found(_search(), root) == [".git", "a/.git", "a/b/.podd"]


def test_a_mark_may_be_a_file_or_a_link(root):
    (root / "c/.git").write_text("gitdir: x", encoding="utf-8")
    (root / "c/.podd").symlink_to("missing")

    assert set(_found(_search(), root)) >= {"c/.git", "c/.podd"}


def test_what_is_to_be_left_is_not_entered(root):
    assert _found(_search(), root, leave=[root / "a"]) == [".git"]


@pytest.mark.parametrize("name", ["node_modules/x", ".git/modules/x", "__pycache__"])
def test_where_no_repository_is_looked_for(root, name):
    (root / name / ".git").mkdir(parents=True)

    assert _found(_search(), root) == [".git", "a/.git", "a/b/.podd"]


def test_links_are_not_followed(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".git").mkdir()
    (root / "link").symlink_to(elsewhere)

    assert _found(_search(), root) == [".git", "a/.git", "a/b/.podd"]


def test_it_goes_so_deep_and_no_deeper(tmp_path):
    deep = tmp_path.joinpath(*["d"] * MOST_LEVELS)
    (deep / "e").mkdir(parents=True)
    (deep / ".git").mkdir()
    (deep / "e/.git").mkdir()

    assert _found(_search(), tmp_path) == [f"{'d/' * MOST_LEVELS}.git"]


def test_it_looks_into_so_many_directories_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(repositories, "MOST_DIRECTORIES", 3)
    for name in ("a", "b", "c"):
        (tmp_path / name / ".git").mkdir(parents=True)

    assert _found(_search(), tmp_path) == ["a/.git", "b/.git"]


def test_what_is_made_or_removed_later_is_seen(root):
    search = _search()
    _found(search, root)

    (root / "c/d/.git").mkdir(parents=True)
    (root / "a/.git").rmdir()

    assert _found(search, root) == [".git", "a/b/.podd", "c/d/.git"]


def test_what_has_just_changed_is_read_again_although_its_time_is_the_same(root):
    changed = (root / "c").stat().st_mtime_ns
    search = _search(now=changed + 1000)
    _found(search, root)

    (root / "c/.git").mkdir()
    os.utime(root / "c", ns=(changed, changed))

    assert "c/.git" in _found(search, root)


def test_what_has_not_changed_for_long_is_not_read_again(root, monkeypatch):
    search = _search()
    _found(search, root)
    read = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: read.append(path) or scandir(path))

    _found(search, root)

    assert read == []


def test_what_cannot_be_read_is_left_out(tmp_path):
    assert _found(_search(), tmp_path / "missing") == []


def test_a_name_that_is_no_text_is_left_out(root):
    (root / os.fsdecode(b"\xff") / ".git").mkdir(parents=True)

    assert _found(_search(), root) == [".git", "a/.git", "a/b/.podd"]
