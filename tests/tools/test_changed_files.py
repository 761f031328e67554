"""Which files have changed since a moment. What is told of them is tested with pods."""

import os
import time

import pytest

from podd.core.scope.rules import Rule, Scope
from podd.runtime.clock import SystemClock
from podd.tools.changed_files import ChangedFiles

OLD = 1_000_000_000.0


@pytest.fixture
def now():
    """A moment before anything that a test makes."""
    return SystemClock().wall() - 1


@pytest.fixture
def work(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    return work


def _make(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    return str(path)


def _look(*rules, since, monotonic=time.monotonic, **limits):
    return ChangedFiles(Scope(rules), since, monotonic, **limits)


def test_what_is_new_is_found_and_what_is_older_is_not(work, now):
    new = _make(work / "a/new")
    later = now + 100

    assert _look(Rule(str(work), "write"), since=now).since(now) == [new]
    assert _look(Rule(str(work), "write"), since=later).since(later) == []


def test_a_file_that_pretends_to_be_old_has_still_changed(work, now):
    """The kernel sets the ctime; a program can set the mtime."""
    new = _make(work / "a")
    os.utime(new, (OLD, OLD))

    assert _look(Rule(str(work), "write"), since=now).since(now) == [new]


def test_holes_and_what_may_only_be_read_are_left_out(work, now):
    _make(work / "lent/theirs")
    _make(work / "read/only")
    ours = _make(work / "lent/ours/mine")
    single = _make(work / "file")
    look = _look(
        Rule(str(work / "read"), "read"),
        Rule(str(work / "lent"), "write"),
        Rule(str(work / "lent"), "read_only"),
        Rule(str(work / "lent/ours"), "write"),
        Rule(single, "write"),
        Rule(str(work / "gone"), "write"),
        since=now,
    )

    assert look.since(now) == [single, ours]
    assert look.is_complete


def test_a_root_in_a_root_is_looked_at_once(work, now):
    new = _make(work / "a/b/c")
    look = _look(
        Rule(str(work), "write"),
        Rule(str(work / "a"), "write"),
        since=now,
        names=3,
    )

    assert (look.since(now), look.is_complete) == ([new], True)


def test_links_are_not_followed(work, tmp_path, now):
    _make(tmp_path / "outside/new")
    (work / "link").symlink_to(tmp_path / "outside")

    look = _look(Rule(str(work), "write"), since=now)
    assert look.since(now) == [str(work / "link")]


def test_what_git_changed_is_one_change(work, now):
    for name in ("index", "objects/1", "objects/2"):
        _make(work / ".git" / name)

    look = _look(Rule(str(work), "write"), since=now)
    assert look.since(now) == [f"{work}/.git/"]


def test_a_look_that_is_cut_says_so(work, now):
    for number in range(5):
        _make(work / str(number))
    seconds = iter(range(100))

    few = _look(Rule(str(work), "write"), since=now, names=4)
    late = _look(
        Rule(str(work), "write"), since=now, monotonic=lambda: next(seconds), seconds=3
    )

    assert (len(few.since(now)), few.is_complete) == (4, False)
    assert (len(late.since(now)), late.is_complete) == (3, False)
