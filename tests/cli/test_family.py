"""Which live pod lends to which."""

from __future__ import annotations

from podd.cli.family import Family, children_left, may_be_child, uncovered

FAMILY = Family({"a.b": "a", "a.c": "a", "a.b.d": "a.b", "x": "a.b.d", "z.y": "z"})


def test_those_below_come_the_deepest_first():
    assert FAMILY.below("a") == ["x", "a.b.d", "a.b", "a.c"]
    assert FAMILY.below("a.c") == FAMILY.below("nobody") == []


def test_every_child_comes_before_its_parent():
    pods = ["a", "a.b", "z", "x", "solo"]

    assert FAMILY.deepest_first(pods) == ["x", "a.b", "a", "solo", "z"]


def test_who_is_named_is_not_left():
    assert uncovered(FAMILY, "a", ["a", "a.b", "x"]) == ["a.b.d", "a.c"]
    assert uncovered(FAMILY, "solo", ["solo"]) == []


def test_a_refusal_says_how_to_mean_it():
    error = children_left("kill", "a", ["a.b"])

    assert (error.exit_code, str(error)) == (2, "pod 'a' has children: a.b")
    assert "podctl kill a --tree" in error.remedy


def test_a_child_has_its_parents_name_before_its_own():
    assert may_be_child("a.b")
    assert not may_be_child("a-b")


def test_without_a_table_nobody_is_anybodys_child(universe):
    assert Family.of(universe).parent_of("a.b") is None
    assert not universe.runtime.exists()
