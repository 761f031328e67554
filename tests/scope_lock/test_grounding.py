from __future__ import annotations

import os
import stat

import pytest

from podd.core.scope.explanation import explain
from podd.core.scope.rules import Rule, Scope
from podd.errors import ManifestError
from podd.scope_lock.grounding import ground, make_missing, replaced, unmake


def _ground(*rules):
    scope = Scope(tuple(Rule(str(path), access) for access, path in rules))
    return ground(scope, source="x.toml")


def test_links_are_resolved_and_identities_recorded(work):
    (work / "real").mkdir()
    (work / "link").symlink_to(work / "real")
    found = _ground(("write", work / "link"))
    assert found.scope.paths("write") == (str(work / "real"),)
    (identity,) = found.identities
    assert identity.inode == (work / "real").stat().st_ino
    assert identity.is_directory


def test_a_missing_read_path_is_an_error_of_the_manifest(work):
    with pytest.raises(ManifestError) as caught:
        _ground(("read", work / "nowhere"))
    assert (caught.value.key, caught.value.path) == ("scope.read", "x.toml")


def test_missing_write_paths_are_made_with_their_parents_and_can_be_taken_back(work):
    found = _ground(("write", work / "a" / "b"), ("write", work / "c"))
    assert found.identities == (None, None)
    assert not (work / "a").exists()
    made, directories = make_missing(found, source="")
    assert [i.inode for i in made.identities] == [
        (work / "a" / "b").stat().st_ino,
        (work / "c").stat().st_ino,
    ]
    assert stat.S_IMODE((work / "a" / "b").stat().st_mode) == 0o700
    (work / "c" / "kept").touch()
    unmake(directories)
    assert not (work / "a").exists()
    assert (work / "c" / "kept").exists()


def test_making_one_path_in_vain_takes_back_the_others(work):
    (work / "file").touch()
    found = _ground(("write", work / "a"), ("write", work / "file" / "b"))
    with pytest.raises(ManifestError) as caught:
        make_missing(found, source="")
    assert caught.value.key == "scope.write"
    assert not (work / "a").exists()


def test_a_link_that_appears_in_a_missing_path_is_refused(work):
    found = _ground(("write", work / "a" / "b"))
    (work / "other" / "b").mkdir(parents=True)
    (work / "a").symlink_to(work / "other")
    with pytest.raises(ManifestError):
        make_missing(found, source="")


def test_a_file_may_be_a_write_root(work):
    (work / "notes.md").touch()
    found = _ground(("write", work / "notes.md"))
    assert not found.identities[0].is_directory
    (work / "new").touch()
    (work / "new").replace(work / "notes.md")
    assert replaced(found, "write") is None


def test_what_is_neither_file_nor_directory_cannot_be_written(work):
    os.mkfifo(work / "fifo")
    with pytest.raises(ManifestError) as caught:
        _ground(("write", work / "fifo"))
    assert caught.value.key == "scope.write"


def test_holes_that_do_not_exist_stay_and_get_no_identity(work):
    (work / "link").symlink_to(work)
    found = _ground(("read_only", work / "link" / "x" / "y"), ("hidden", work / "z"))
    assert [rule.path for rule in found.scope.rules] == [
        str(work / "x" / "y"),
        str(work / "z"),
    ]
    assert found.identities == (None, None)


@pytest.mark.parametrize("access", ["read_only", "hidden"])
def test_a_hole_that_is_a_link_covers_its_name_and_its_target(work, access):
    (work / "real").mkdir()
    (work / "name").symlink_to(work / "real")
    found = _ground(("write", work), (access, work / "name"))
    for path in (work / "name", work / "real", work / "real" / "x"):
        assert not explain(found.scope, str(path)).writable
    assert explain(found.scope, str(work / "x")).writable


def test_two_rules_that_are_one_in_truth_become_one(work):
    (work / "link").symlink_to(work)
    found = _ground(("write", work), ("write", work / "link"))
    assert len(found.scope.rules) == len(found.identities) == 1


def test_a_path_that_is_not_utf8_is_refused(work):
    (work / os.fsdecode(b"\xff")).mkdir()
    (work / "link").symlink_to(os.fsdecode(b"\xff"))
    with pytest.raises(ManifestError) as caught:
        _ground(("read", work / "link"))
    assert caught.value.key == "scope.read"


def test_a_directory_that_was_replaced_or_removed_is_found(work):
    root = work / "a"
    root.mkdir()
    found = _ground(("write", root))
    assert replaced(found, "write") is None
    root.rename(work / "old")
    assert replaced(found, "write") == str(root)
    root.mkdir()
    assert replaced(found, "write") == str(root)
    assert replaced(found, "read") is None
