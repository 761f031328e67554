"""The laws of the algebra, against brute force over a small universe of paths."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from podd.core.scope.explanation import Explanation, ScopeIndex, explain
from podd.core.scope.overlap import escape, overlap
from podd.core.scope.rules import Access, Rule, Scope

_NAMES = ("a", ".podd", ".git", "hooks")
#: Every path of up to five names, the fifth of which no rule can name.
_UNIVERSE = [
    "/" + "/".join(names)
    for depth in range(5)
    for names in product((*_NAMES, "z"), repeat=depth)
]
_paths = st.lists(st.sampled_from(_NAMES), max_size=3).map(lambda p: "/" + "/".join(p))
_accesses = st.sampled_from(("write", "write", "read", "read_only", "hidden"))
_rules = st.builds(Rule, path=_paths, access=_accesses, recursive=st.booleans())
_scopes = st.lists(_rules, max_size=5).map(lambda rules: Scope(tuple(rules)))


def _reaches(rule: Rule, path: str) -> bool:
    if path == rule.path or (path.rpartition("/")[0] or "/") == rule.path != path:
        return True
    deep = rule.recursive or rule.access in ("read_only", "hidden")
    return deep and path.startswith(rule.path.rstrip("/") + "/")


def _depth(path: str) -> int:
    return len([part for part in path.split("/") if part])


def _strongest(rules: list[Rule], order: list[Access]) -> Access | None:
    """The access of the deepest rule; at one depth, of the last in `order`."""
    if not rules:
        return None
    rank = max(rules, key=lambda r: (_depth(r.path), order.index(r.access)))
    return rank.access


def _brute_force(scope: Scope, path: str) -> tuple[bool, bool]:
    """Readable and writable, said once more and another way."""
    met = [rule for rule in scope.rules if _reaches(rule, path)]
    read = _strongest(
        [r for r in met if r.access != "read_only"], ["read", "write", "hidden"]
    )
    writers = [r for r in met if r.access != "read"]
    write = _strongest(writers, ["write", "read_only", "hidden"])
    parts = path.strip("/").split("/")
    protected = 0
    for at, part in enumerate(parts):
        if part == ".podd" or parts[at - 1 : at + 1] == [".git", "hooks"]:
            protected = at + 1
    depth = max((_depth(r.path) for r in writers if r.access == "write"), default=0)
    writable = write == "write" and depth >= protected
    return read in ("read", "write"), writable


def _verdict(found: Explanation) -> tuple[bool, bool]:
    return found.readable, found.writable


@given(_scopes)
def test_explanations_agree_with_brute_force(scope):
    index = ScopeIndex(scope)
    for path in _UNIVERSE:
        assert _verdict(index.explain(path)) == _brute_force(scope, path), path


@given(_scopes)
def test_what_is_writable_is_readable_and_has_a_rule(scope):
    index = ScopeIndex(scope)
    for path in _UNIVERSE:
        found = index.explain(path)
        assert found.readable or not found.writable
        assert (found.rule is None) == (found.reason == "outside")


@given(_scopes, _scopes)
def test_overlap_agrees_with_brute_force(ours, theirs):
    mine, other = ScopeIndex(ours), ScopeIndex(theirs)
    both = [
        path
        for path in _UNIVERSE
        if mine.explain(path).writable and other.explain(path).writable
    ]
    found = overlap(ours, theirs)
    assert (found is not None) == bool(both)
    if found is not None:
        assert found.path in both
        assert found.ours == explain(ours, found.path).rule
        assert found.theirs == explain(theirs, found.path).rule
        assert found.ours.access == found.theirs.access == "write"


@given(_scopes, _scopes)
def test_overlap_is_symmetric(ours, theirs):
    assert (overlap(ours, theirs) is None) == (overlap(theirs, ours) is None)


@given(_scopes, _scopes)
def test_without_write_rules_nothing_overlaps(ours, theirs):
    quiet = Scope(tuple(rule for rule in ours.rules if rule.access != "write"))
    assert overlap(quiet, theirs) is None


@given(_scopes, _scopes, _paths, st.sampled_from(("read_only", "hidden")))
def test_a_further_hole_never_creates_an_overlap(ours, theirs, path, access):
    holed = Scope((*ours.rules, Rule(path, access)))
    if overlap(ours, theirs) is None:
        assert overlap(holed, theirs) is None


@given(_scopes, _scopes, st.sampled_from(("read", "write")))
def test_containment_agrees_with_brute_force(inner, outer, access):
    inside, outside = ScopeIndex(inner), ScopeIndex(outer)

    def may(index, path):
        found = index.explain(path)
        return found.writable if access == "write" else found.readable

    leaks = {p for p in _UNIVERSE if may(inside, p) and not may(outside, p)}
    found = escape(inner, outer, access)
    assert found is not None or not leaks
    if found is not None:
        assert may(inside, found)
        assert not may(outside, found)


@given(_scopes)
def test_a_scope_contains_itself(scope):
    assert escape(scope, scope, "write") is None
    assert escape(scope, scope, "read") is None
