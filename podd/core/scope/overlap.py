"""Whether two scopes may write one path, and whether one scope lies inside another.

Theory of operation. If a path is writable in both scopes, take the two `write` rules
that decided. One of the two rule paths is the deeper; move up to it. No hole lies
between, or it would have decided, so the rule path itself is writable in both. Hence
two scopes overlap exactly if the path of some `write` rule is writable in both: a few
lookups instead of a search, and holes and protected paths need no case of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.rules import Rule, Scope


@dataclass(frozen=True, slots=True)
class Overlap:
    """A path that both may write, and what lets them."""

    path: str
    ours: Rule
    """The rule of the first scope."""
    theirs: Rule


def overlap(ours: Scope, theirs: Scope) -> Overlap | None:
    """Find a path that both may write; the modes play no part.

    Of several, the first in the order of our rules, then of theirs.
    """
    return overlap_of(ScopeIndex(ours), ScopeIndex(theirs))


def overlap_of(ours: ScopeIndex, theirs: ScopeIndex) -> Overlap | None:
    """Find a path that both may write, of compiled scopes."""
    for index in (ours, theirs):
        for path in index.scope.paths("write"):
            mine = ours.explain(path)
            other = theirs.explain(path)
            if mine.writable and other.writable:
                assert mine.rule is not None, "what is writable has a rule"
                assert other.rule is not None, "what is writable has a rule"
                return Overlap(path=path, ours=mine.rule, theirs=other.rule)
    return None


def escape(
    inner: Scope, outer: Scope, access: Literal["read", "write"] = "write"
) -> str | None:
    """Find a path that `inner` may access and `outer` may not; None: it is contained.

    Verdicts change only at the paths of rules and at most two levels below them (a rule
    that is not recursive), so those are all that need a look.
    """
    inside, outside = ScopeIndex(inner), ScopeIndex(outer)
    for path in _witnesses(inner, outer):
        mine, other = inside.explain(path), outside.explain(path)
        if access == "write" and mine.writable and not other.writable:
            return path
        if access == "read" and mine.readable and not other.readable:
            return path
    return None


def _witnesses(*scopes: Scope) -> Iterator[str]:
    paths = [rule.path for scope in scopes for rule in scope.rules]
    fresh = "x"
    while any(fresh in path for path in paths):
        fresh += "x"
    for path in paths:
        base = path.rstrip("/")
        yield path
        yield f"{base}/{fresh}"
        yield f"{base}/{fresh}/{fresh}"
