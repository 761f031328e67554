"""What a pod keeps when it lends, and what may be lent.

Theory of operation. Who lends keeps its rules and gets a read-only hole wherever a
loan and its own rules meet in writing. By the theorem of overlap.py those meetings are
found at the paths of `write` rules of either side, so a hole at each of these paths
leaves nothing that both may write. A hole reaches all the way down: what the borrower
itself may not write below a lent root is nobody's until the loan returns, unless a
`write` rule of the lender's own stands there. Nothing is taken out of the lender's
rules, so without the loan the scope is what it was.

What may be lent is what the lender may do now, so a loan never grows on its way down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.overlap import escape
from podd.core.scope.rules import Mode, Rule, Scope
from podd.errors import OutsideScopeError, ScopeConflictError

#: From the loosest to the strictest.
_STRICTNESS: Final[tuple[Mode, ...]] = ("off", "warn", "enforce")
_NOTHING: Final[Mapping[str, Scope]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Excess:
    """Something that a loan may do and its lender may not."""

    path: str
    access: Literal["read", "write"]
    borrower: str = ""
    """To whom it is lent already; empty: the lender never had it."""
    borrower_path: str = ""
    """The hole that the borrower's loan makes."""


def narrowed(scope: Scope, lent: Iterable[Scope]) -> Scope:
    """Return what is left of `scope` while others have `lent` from it."""
    ours = ScopeIndex(scope)
    holes: dict[Rule, None] = {}
    for loan in lent:
        theirs = ScopeIndex(loan)
        for path in (*loan.paths("write"), *scope.paths("write")):
            if ours.explain(path).writable and theirs.explain(path).writable:
                holes[Rule(path, "read_only")] = None
    if not holes:
        return scope
    return Scope(rules=(*scope.rules, *holes), mode=scope.mode)


def delegated(
    parent: Scope, asked: Scope, *, lent: Mapping[str, Scope] = _NOTHING
) -> Scope:
    """Return the scope of a child that was promised `asked`.

    That is `asked`, with the holes of the parent that lie in it (what is lent already
    is one) and all that is hidden from the parent, under the stricter of both modes.

    Args:
        parent: what the parent may do; whether it is narrowed already plays no part.
        asked: real paths, as `parent` has them.
        lent: what is lent already, by name of the borrower.

    Raises:
        OutsideScopeError: the parent may not read or write all of it.
        ScopeConflictError: the parent has lent some of it; names the borrower.
    """
    kept = narrowed(parent, lent.values())
    holes = [rule for rule in kept.rules if _is_hole_in(rule, asked)]
    mode = max(parent.mode, asked.mode, key=_STRICTNESS.index)
    scope = Scope(rules=tuple(dict.fromkeys((*asked.rules, *holes))), mode=mode)
    found = excess(parent, scope, lent=lent)
    if found is None:
        return scope
    if found.borrower:
        raise ScopeConflictError(
            path=found.path, holder=found.borrower, holder_path=found.borrower_path
        )
    raise OutsideScopeError(
        path=found.path,
        access=found.access,
        reason="who lends it may not either",
    )


def excess(
    parent: Scope, child: Scope, *, lent: Mapping[str, Scope] = _NOTHING
) -> Excess | None:
    """Find what `child` may do and `parent`, having lent `lent`, may not.

    Of several, the first in the order of the child's rules. The modes play no part.
    """
    kept = narrowed(parent, lent.values())
    holes = tuple(rule for rule in child.rules if _is_hole(rule))
    known = {rule.path for rule in (*kept.rules, *child.rules)}
    for rule in child.rules:
        if _is_hole(rule):
            continue
        # What a scope gives is what each of its grants gives alone, between the holes.
        alone = Scope((rule, *holes))
        for access in _accesses(rule):
            at = escape(alone, kept, access)
            if at is None:
                continue
            path = at if at in known else rule.path
            for borrower, loan in lent.items():
                if (hole := _hole_of(parent, loan, at)) is not None:
                    return Excess(path, access, borrower, hole)
            return Excess(path, access)
    return None


def _accesses(rule: Rule) -> tuple[Literal["write", "read"], ...]:
    return ("write", "read") if rule.access == "write" else ("read",)


def _hole_of(parent: Scope, loan: Scope, path: str) -> str | None:
    """Name the hole that this loan makes over `path`; None: it is none of its."""
    if not ScopeIndex(parent).explain(path).writable:
        return None
    found = ScopeIndex(narrowed(parent, (loan,))).explain(path)
    return None if found.writable or found.rule is None else found.rule.path


def _is_hole(rule: Rule) -> bool:
    return rule.access in {"read_only", "hidden"}


def _is_hole_in(rule: Rule, asked: Scope) -> bool:
    """Whether the rule takes away something in the midst of what `asked` would give.

    What is hidden stays so wherever it lies: commands also read what no scope gives,
    the system and toolchains. A hole at the very path that is asked for is none: who
    asks for it by name would get nothing and not be told.
    """
    if rule.access == "hidden":
        return rule.path not in (*asked.paths("write"), *asked.paths("read"))
    if rule.access != "read_only":
        return False
    roots = asked.paths("write")
    return rule.path not in roots and any(
        rule.path.startswith(root.rstrip("/") + "/") for root in roots
    )
