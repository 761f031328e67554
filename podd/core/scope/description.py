"""A scope in words, for people and for the model."""

from __future__ import annotations

from podd.core.scope.explanation import PROTECTED
from podd.core.scope.rules import Access, Rule, Scope

_WORDS: dict[Access, str] = {
    "write": "may read and write",
    "read": "may read",
    "read_only": "may not write",
    "hidden": "may not see",
}


def describe(scope: Scope) -> tuple[str, ...]:
    """Say a scope in lines, one a rule: grants first, then what they leave out."""
    lines = [
        f"{_WORDS[access]} {_extent(rule)}"
        for access in _WORDS
        for rule in scope.rules
        if rule.access == access
    ]
    if scope.paths("write"):
        lines.append(
            f"may not write {', '.join(PROTECTED)} unless named here as writable"
        )
    return tuple(lines or ["may neither read nor write anything"])


def _extent(rule: Rule) -> str:
    if rule.access in {"read_only", "hidden"} or rule.recursive:
        return f"{rule.path} and everything below it"
    return f"{rule.path} and what lies directly in it"
