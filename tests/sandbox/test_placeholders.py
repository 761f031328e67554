from __future__ import annotations

import errno
import os

import pytest

from podd.sandbox.placeholders import Placeholders


@pytest.fixture
def root(tmp_path):
    (tmp_path / "w").mkdir()
    return tmp_path


@pytest.fixture
def placeholders(root):
    return Placeholders(str(root))


def _wanted(path, *, directory=True, content=""):
    return {"path": path, "directory": directory, "content": content}


def _tree(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_what_is_missing_is_made_with_its_parents_and_removed_again(root, placeholders):
    placeholders.make("one", [_wanted("/w/a/b"), _wanted("/w/f", directory=False)])

    assert _tree(root) == ["w", "w/a", "w/a/b", "w/f"]
    placeholders.release("one")
    assert _tree(root) == ["w"]


def test_what_was_there_before_stays(root, placeholders):
    (root / "w/a").mkdir()
    placeholders.make("one", [_wanted("/w/a"), _wanted("/w/a/b")])

    placeholders.release("one")

    assert _tree(root) == ["w", "w/a"]


def test_the_last_one_who_needs_it_takes_it_away(root, placeholders):
    placeholders.make("one", [_wanted("/w/a/b")])
    placeholders.make("two", [_wanted("/w/a/b"), _wanted("/w/c")])

    placeholders.release("one")
    assert _tree(root) == ["w", "w/a", "w/a/b", "w/c"]
    placeholders.release("two")
    assert _tree(root) == ["w"]


def test_who_planned_while_it_lay_there_needs_it_too(root, placeholders):
    """Such a plan wants nothing made: it found the placeholder in its place."""
    mounted = ("/w", "/w/a", "/w/a/b")
    placeholders.make("one", [_wanted("/w/a/b")])
    placeholders.make("two", [], mounted)

    placeholders.release("one")
    assert _tree(root) == ["w", "w/a", "w/a/b"]
    placeholders.release("two")
    assert _tree(root) == ["w"]

    placeholders.make("three", [], mounted)
    assert _tree(root) == ["w", "w/a", "w/a/b"]
    placeholders.release("three")
    assert _tree(root) == ["w"]


def test_what_something_was_put_into_stays(root, placeholders):
    placeholders.make(
        "one", [_wanted("/w/a/b"), _wanted("/w/f", directory=False, content=".\n")]
    )
    (root / "w/a/mine").touch()
    (root / "w/f").write_text("mine", encoding="utf-8")

    placeholders.release("one")

    assert _tree(root) == ["w", "w/a", "w/a/mine", "w/f"]


def test_a_file_with_what_was_put_into_it_goes(root, placeholders):
    placeholders.make("one", [_wanted("/w/f", directory=False, content=".\n")])
    assert (root / "w/f").read_text(encoding="utf-8") == ".\n"

    placeholders.release("one")

    assert _tree(root) == ["w"]


def test_what_has_gone_meanwhile_is_no_error(root, placeholders):
    placeholders.make("one", [_wanted("/w/a/b")])
    (root / "w/a/b").rmdir()
    (root / "w/a").rmdir()

    placeholders.release("one")
    placeholders.release("one")

    assert _tree(root) == ["w"]


@pytest.mark.parametrize("path", ["/w/link/new", "/w/link/new/deeper", "/w/file/new"])
def test_no_way_leads_through_a_link_or_a_file(root, placeholders, path):
    (root / "elsewhere").mkdir()
    (root / "w/link").symlink_to("../elsewhere")
    (root / "w/file").touch()

    with pytest.raises(OSError) as caught:  # noqa: PT011  # by its number
        placeholders.make("one", [_wanted(path)])

    assert caught.value.errno in {errno.ELOOP, errno.ENOTDIR}
    assert caught.value.filename == path
    assert list((root / "elsewhere").iterdir()) == []


def test_a_link_that_was_put_in_its_place_leads_no_removal_elsewhere(
    root, placeholders
):
    (root / "elsewhere/b").mkdir(parents=True)
    placeholders.make("one", [_wanted("/w/a/b")])
    (root / "w/a/b").rmdir()
    (root / "w/a").rmdir()
    (root / "w/a").symlink_to("../elsewhere")

    placeholders.release("one")

    assert (root / "elsewhere/b").exists()


def test_what_nobody_can_make_a_command_cannot_either(root, placeholders, monkeypatch):
    def refuse(*_arguments, **_named):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "mkdir", refuse)

    placeholders.make("one", [_wanted("/w/a"), _wanted("/w/a/b")])

    assert _tree(root) == ["w"]


def test_a_full_disk_is_told_by_path(placeholders, monkeypatch):
    def refuse(*_arguments, **_named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "mkdir", refuse)

    with pytest.raises(OSError) as caught:  # noqa: PT011  # by its number
        placeholders.make("one", [_wanted("/w/a")])

    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "/w/a")
