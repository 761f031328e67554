from __future__ import annotations

import pytest

from podd.core.scope.explanation import explain
from podd.core.scope.lending import Excess, delegated, excess, narrowed
from podd.core.scope.rules import Rule, Scope
from podd.errors import OutsideScopeError, ScopeConflictError


def _scope(*rules: tuple[str, ...], mode="enforce") -> Scope:
    return Scope(
        tuple(Rule(path, access, not shallow) for access, path, *shallow in rules), mode
    )


def _may_write(scope: Scope, path: str) -> bool:
    return explain(scope, path).writable


PARENT = _scope(("write", "/w"), ("read", "/r"))


def test_what_is_lent_can_be_read_and_not_written():
    left = narrowed(PARENT, [_scope(("write", "/w/a"))])
    found = explain(left, "/w/a/b")
    assert (found.readable, found.writable) == (True, False)
    assert (found.reason, found.rule) == ("read_only", Rule("/w/a", "read_only"))
    assert _may_write(left, "/w/b")
    assert left.rules[: len(PARENT.rules)] == PARENT.rules


def test_lending_to_read_takes_nothing_away():
    assert narrowed(PARENT, [_scope(("read", "/w"))]) is PARENT
    assert narrowed(PARENT, []) is PARENT


def test_a_root_of_the_lenders_own_inside_the_loan_is_lent_with_it():
    parent = _scope(("write", "/w"), ("write", "/w/a/b"))
    left = narrowed(parent, [_scope(("write", "/w/a"))])
    assert not _may_write(left, "/w/a/b")
    assert not _may_write(left, "/w/a/b/c")


def test_a_root_of_the_lenders_own_inside_a_hole_of_the_loan_stays():
    parent = _scope(("write", "/w"), ("write", "/w/a/b"))
    left = narrowed(parent, [_scope(("write", "/w/a"), ("read_only", "/w/a/b"))])
    assert _may_write(left, "/w/a/b/c")
    assert not _may_write(left, "/w/a/c")


def test_below_a_hole_of_the_loan_nobody_writes_until_it_returns():
    loan = _scope(("write", "/w/a"), ("read_only", "/w/a/b"))
    assert not _may_write(narrowed(PARENT, [loan]), "/w/a/b")


def test_a_loan_that_is_not_recursive_takes_all_below():
    left = narrowed(PARENT, [_scope(("write", "/w/a", "shallow"))])
    assert not _may_write(left, "/w/a/b")
    assert not _may_write(left, "/w/a/b/c")
    assert _may_write(left, "/w/b")


def test_what_was_never_the_lenders_makes_no_hole():
    assert narrowed(PARENT, [_scope(("write", "/elsewhere"))]) is PARENT
    assert narrowed(PARENT, [_scope(("write", "/w/.git/hooks"))]) is PARENT


def test_a_child_gets_what_was_asked_for_with_the_parents_holes_in_it():
    parent = _scope(
        ("write", "/w"),
        ("read_only", "/w/a/keep"),
        ("hidden", "/w/a/secret"),
        ("read_only", "/w/b"),
        ("hidden", "/w/ab"),
    )
    child = delegated(parent, _scope(("write", "/w/a"), ("hidden", "/w/a/x")))
    assert child == _scope(
        ("write", "/w/a"),
        ("hidden", "/w/a/x"),
        ("read_only", "/w/a/keep"),
        ("hidden", "/w/a/secret"),
        ("hidden", "/w/ab"),
    )


def test_a_hole_that_only_stops_writing_means_nothing_to_who_only_reads():
    parent = _scope(("write", "/w"), ("read_only", "/w/keep"), ("hidden", "/w/secret"))
    child = delegated(parent, _scope(("read", "/w")))
    assert child == _scope(("read", "/w"), ("hidden", "/w/secret"))


def test_a_hole_at_the_very_root_that_is_asked_for_is_met():
    parent = _scope(("write", "/w"), ("hidden", "/w/a"), ("write", "/w/a/b"))
    with pytest.raises(OutsideScopeError):
        delegated(parent, _scope(("read", "/w/a")))
    child = delegated(parent, _scope(("write", "/w/a/b")))
    assert child == _scope(("write", "/w/a/b"), ("hidden", "/w/a"))
    assert _may_write(child, "/w/a/b")


def test_a_hole_that_is_asked_for_by_name_is_refused_also_inside_a_larger_root():
    parent = _scope(("write", "/w"), ("read_only", "/w/a"), ("hidden", "/w/b"))
    for asked in (("write", "/w/a"), ("read", "/w/b"), ("write", "/w/b")):
        with pytest.raises(OutsideScopeError) as caught:
            delegated(parent, _scope(("write", "/w"), asked))
        assert caught.value.path == asked[1]


def test_a_whole_file_system_can_be_lent_but_for_its_holes():
    parent = _scope(("write", "/"), ("read_only", "/etc"))
    child = delegated(parent, _scope(("write", "/")))
    assert child == _scope(("write", "/"), ("read_only", "/etc"))


@pytest.mark.parametrize(
    ("asked", "path", "access"),
    [
        (("write", "/w2"), "/w2", "write"),
        (("write", "/"), "/", "write"),
        (("write", "/r"), "/r", "write"),
        (("read", "/x"), "/x", "read"),
        (("read", "/"), "/", "read"),
        (("write", "/w/no"), "/w/no", "write"),
        (("read", "/w/gone"), "/w/gone", "read"),
        (("write", "/w/.git/hooks"), "/w/.git/hooks", "write"),
        (("write", "/w/.podd/x"), "/w/.podd/x", "write"),
        (("write", "/s"), "/s", "write"),
        (("read", "/s"), "/s", "read"),
    ],
)
def test_more_than_the_parent_has_is_refused_with_the_path(asked, path, access):
    parent = _scope(
        ("write", "/w"),
        ("read", "/r"),
        ("read_only", "/w/no"),
        ("hidden", "/w/gone"),
        ("write", "/s", "shallow"),
    )
    with pytest.raises(OutsideScopeError) as caught:
        delegated(parent, _scope(("read", "/r"), asked))
    assert (caught.value.path, caught.value.access) == (path, access)
    assert path in str(caught.value)


def test_the_first_that_is_too_much_is_named():
    with pytest.raises(OutsideScopeError) as caught:
        delegated(PARENT, _scope(("write", "/w/a"), ("read", "/b"), ("write", "/c")))
    assert caught.value.path == "/b"


def test_what_is_lent_already_is_refused_with_the_borrower():
    lent = {"p.a": _scope(("write", "/w/a")), "p.b": _scope(("write", "/w/b"))}
    with pytest.raises(ScopeConflictError) as caught:
        delegated(PARENT, _scope(("write", "/w/b/c")), lent=lent)
    error = caught.value
    assert (error.path, error.holder, error.holder_path) == ("/w/b/c", "p.b", "/w/b")
    assert str(error) == "/w/b/c is writable by pod 'p.b' (through /w/b)"
    narrow = narrowed(PARENT, lent.values())
    with pytest.raises(OutsideScopeError):
        delegated(narrow, _scope(("write", "/w/b/c")))


def test_what_is_lent_already_is_a_hole_in_what_lies_around_it():
    lent = {"p.a": _scope(("write", "/w/a"))}
    child = delegated(PARENT, _scope(("write", "/w")), lent=lent)
    assert child == _scope(("write", "/w"), ("read_only", "/w/a"))


def test_where_a_borrower_has_a_hole_nobody_else_may_write_either():
    lent = {"p.a": _scope(("write", "/w/a"), ("read_only", "/w/a/keep"))}
    with pytest.raises(ScopeConflictError) as caught:
        delegated(PARENT, _scope(("write", "/w/a/keep")), lent=lent)
    assert (caught.value.holder, caught.value.holder_path) == ("p.a", "/w/a")


def test_reading_what_is_lent_can_be_lent():
    lent = {"p.a": _scope(("write", "/w/a"))}
    assert delegated(PARENT, _scope(("read", "/w/a")), lent=lent) == _scope(
        ("read", "/w/a")
    )


@pytest.mark.parametrize(
    ("parent", "asked", "got"),
    [
        ("enforce", "off", "enforce"),
        ("enforce", "warn", "enforce"),
        ("warn", "off", "warn"),
        ("warn", "enforce", "enforce"),
        ("off", "off", "off"),
        ("off", "warn", "warn"),
    ],
)
def test_the_mode_is_the_parents_or_stricter(parent, asked, got):
    child = delegated(
        _scope(("write", "/w"), mode=parent), _scope(("write", "/w/a"), mode=asked)
    )
    assert child.mode == got


def test_an_excess_is_told_without_invented_names():
    parent = _scope(("write", "/w", "shallow"))
    assert excess(parent, _scope(("write", "/w"))) == Excess("/w", "write")
    hole = _scope(("write", "/v"), ("read_only", "/v/a"))
    assert excess(hole, _scope(("write", "/v"))) == Excess("/v/a", "write")


def test_reading_where_the_parent_sees_nothing_is_an_excess_of_a_write_root_too():
    parent = _scope(("write", "/w"), ("hidden", "/w/a"))
    child = _scope(("write", "/w"), ("read_only", "/w/a"))
    assert excess(parent, child) == Excess("/w/a", "read")
    assert excess(parent, delegated(parent, child)) is None


def test_a_path_that_is_not_real_is_no_scope():
    with pytest.raises(ValueError, match="normalised"):
        delegated(PARENT, _scope(("write", "/w/../etc")))
