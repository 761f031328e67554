from __future__ import annotations

from podd.core.scope.overlap import Overlap, escape, overlap
from podd.core.scope.rules import Rule, Scope


def _writes(*paths: str, recursive: bool = True) -> Scope:
    return Scope(tuple(Rule(path, "write", recursive) for path in paths))


def test_one_root_inside_the_other_overlaps_and_names_both_rules():
    found = overlap(_writes("/w"), _writes("/x", "/w/a"))
    assert found == Overlap(
        path="/w/a", ours=Rule("/w", "write"), theirs=Rule("/w/a", "write")
    )


def test_siblings_with_a_common_prefix_do_not_overlap():
    assert overlap(_writes("/w/a"), _writes("/w/ab")) is None


def test_a_root_inside_the_others_hole_does_not_overlap():
    ours = Scope((Rule("/w", "write"), Rule("/w/a", "read_only")))
    assert overlap(ours, _writes("/w/a/b")) is None
    assert overlap(ours, _writes("/w/b")) is not None


def test_a_root_that_is_not_recursive_meets_its_direct_entries_only():
    ours = _writes("/w", recursive=False)
    assert overlap(ours, _writes("/w/a")) is not None
    assert overlap(ours, _writes("/w/a/b")) is None


def test_only_who_names_a_protected_path_may_write_it():
    assert overlap(_writes("/w"), _writes("/w/.git/hooks")) is None
    assert overlap(_writes("/w/.git/hooks"), _writes("/w/.git/hooks")) is not None


def test_reading_what_another_writes_is_no_overlap():
    assert overlap(Scope((Rule("/w", "read"),)), _writes("/w")) is None


def test_an_escape_is_found_below_a_hole_of_the_outer_scope():
    outer = Scope((Rule("/w", "write"), Rule("/w/a", "hidden")))
    assert escape(_writes("/w"), outer) == "/w/a"
    assert escape(_writes("/w/b"), outer) is None
    assert escape(Scope((Rule("/w/a/b", "read"),)), outer, "read") == "/w/a/b"


def test_a_recursive_rule_escapes_one_that_is_not():
    shallow = _writes("/w", recursive=False)
    assert escape(_writes("/w"), shallow) is not None
    assert escape(shallow, _writes("/w")) is None
