"""The laws of lending, against brute force over a small universe of paths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.lending import delegated, excess, narrowed
from podd.core.scope.overlap import overlap
from podd.core.scope.rules import Mode, Rule, Scope
from podd.errors import OutsideScopeError, ScopeConflictError
from tests.core.scope.test_overlap_properties import _UNIVERSE, _rules

_MODES: tuple[Mode, ...] = ("off", "warn", "enforce")
_scopes = st.builds(
    Scope,
    rules=st.lists(_rules, max_size=5).map(tuple),
    mode=st.sampled_from(_MODES),
)
#: Lenders that have something, so that not every example is a refusal.
_rich = _scopes.map(lambda s: Scope((Rule("/", "write"), *s.rules), s.mode))


def _writable(scope: Scope) -> set[str]:
    index = ScopeIndex(scope)
    return {path for path in _UNIVERSE if index.explain(path).writable}


def _readable(scope: Scope) -> set[str]:
    index = ScopeIndex(scope)
    return {path for path in _UNIVERSE if index.explain(path).readable}


@given(_scopes, st.lists(_scopes, max_size=3))
def test_no_path_is_writable_by_a_lender_and_by_a_borrower(scope, loans):
    left = narrowed(scope, loans)
    for loan in loans:
        assert not _writable(left) & _writable(loan)
        assert overlap(left, loan) is None


@given(_scopes, st.lists(_scopes, max_size=3))
def test_narrowing_gives_nothing_and_hides_nothing(scope, loans):
    left = narrowed(scope, loans)
    assert _writable(left) <= _writable(scope)
    assert _readable(left) == _readable(scope)
    assert left.mode == scope.mode


@given(_scopes, st.lists(_scopes, max_size=3))
def test_what_is_taken_away_lies_at_or_below_something_that_is_lent(scope, loans):
    roots = [path for loan in loans for path in loan.paths("write")]
    for path in _writable(scope) - _writable(narrowed(scope, loans)):
        assert any(
            path == root or path.startswith(root.rstrip("/") + "/") for root in roots
        )


@given(_scopes, _scopes, _scopes)
def test_a_loan_that_returns_leaves_what_there_was_without_it(scope, first, second):
    assert narrowed(scope, []) == scope
    both = narrowed(scope, [first, second])
    assert _writable(both) <= _writable(narrowed(scope, [first]))
    assert _writable(narrowed(scope, [second, first])) == _writable(both)
    assert _writable(narrowed(both, [first])) == _writable(both)


@given(_rich, _scopes, st.lists(_scopes, max_size=2))
def test_what_is_delegated_never_escapes(parent, asked, loans):
    lent = {str(number): loan for number, loan in enumerate(loans)}
    try:
        child = delegated(parent, asked, lent=lent)
    except (OutsideScopeError, ScopeConflictError):
        return
    left = narrowed(parent, loans)
    assert _writable(child) <= _writable(left)
    assert _readable(child) <= _readable(left)
    assert _writable(child) <= _writable(asked)
    assert _readable(child) <= _readable(asked)
    assert _MODES.index(child.mode) >= _MODES.index(parent.mode)
    for loan in loans:
        assert overlap(child, loan) is None


@given(_rich, _scopes, st.lists(_scopes, max_size=2))
def test_a_refusal_names_what_the_lender_may_not_do(parent, asked, loans):
    lent = {str(number): loan for number, loan in enumerate(loans)}
    left = ScopeIndex(narrowed(parent, loans))
    found = excess(parent, asked, lent=lent)
    leaks = {
        "write": _writable(asked) - _writable(left.scope),
        "read": _readable(asked) - _readable(left.scope),
    }
    if found is None:
        assert leaks == {"write": set(), "read": set()}
        return
    assert found.path in [rule.path for rule in (*asked.rules, *left.scope.rules)]
    if found.borrower:
        assert found.access == "write"
        hole = Rule(found.borrower_path, "read_only")
        assert hole in narrowed(parent, [lent[found.borrower]]).rules


@given(_rich, _scopes)
def test_delegating_again_and_to_itself_changes_nothing(parent, asked):
    try:
        child = delegated(parent, asked)
    except OutsideScopeError:
        return
    assert delegated(parent, child) == child
    assert delegated(child, child) == child
