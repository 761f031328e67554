"""The directories a pod may touch: rules, overlap, explanation. An algebra, no I/O."""

from podd.core.scope.description import describe
from podd.core.scope.explanation import Explanation, Reason, ScopeIndex, explain
from podd.core.scope.overlap import Overlap, escape, overlap
from podd.core.scope.rules import Access, Mode, Rule, Scope

__all__ = [
    "Access",
    "Explanation",
    "Mode",
    "Overlap",
    "Reason",
    "Rule",
    "Scope",
    "ScopeIndex",
    "describe",
    "escape",
    "explain",
    "overlap",
]
