from __future__ import annotations

import pytest

from podd.core.scope.explanation import PROTECTED, ScopeIndex, explain
from podd.core.scope.rules import Access, Mode, Rule, Scope


def _scope(*rules: tuple[Access, str], mode: Mode = "enforce") -> Scope:
    return Scope(tuple(Rule(path, access) for access, path in rules), mode)


def _can(scope: Scope, path: str) -> tuple[bool, bool, str]:
    found = explain(scope, path)
    return found.readable, found.writable, found.reason


def test_nothing_is_granted_outside_every_rule():
    scope = _scope(("write", "/w/a"))
    for path in ("/", "/w", "/w/ab", "/w/ab/c", "/x"):
        assert _can(scope, path) == (False, False, "outside")
        assert explain(scope, path).rule is None


def test_write_implies_read_at_the_root_and_far_below():
    scope = _scope(("write", "/w"))
    for path in ("/w", "/w/a", "/w/a/b/c"):
        assert _can(scope, path) == (True, True, "granted")


def test_a_read_rule_gives_no_writing_and_takes_none_away():
    scope = _scope(("write", "/w"), ("read", "/w/src"), ("read", "/r"))
    assert _can(scope, "/r/a") == (True, False, "granted")
    assert _can(scope, "/w/src/a") == (True, True, "granted")


def test_the_root_of_the_file_system_can_be_a_rule():
    scope = _scope(("read", "/"), ("write", "/w"))
    assert _can(scope, "/") == (True, False, "granted")
    assert _can(scope, "/etc") == (True, False, "granted")
    assert _can(scope, "/etc/passwd") == (True, False, "granted")
    assert _can(scope, "/w/x") == (True, True, "granted")


def test_a_rule_that_is_not_recursive_reaches_its_direct_entries_only():
    scope = Scope((Rule("/w", "write", recursive=False), Rule("/w", "read")))
    assert _can(scope, "/w") == (True, True, "granted")
    assert _can(scope, "/w/a") == (True, True, "granted")
    assert _can(scope, "/w/a/b") == (True, False, "granted")
    assert _can(scope, "/w/a/b/c") == (True, False, "granted")


def test_a_rule_that_is_not_recursive_still_reaches_a_deeper_rules_own_path():
    scope = Scope((Rule("/w", "write", recursive=False), Rule("/w/a", "read")))
    assert _can(scope, "/w/a") == (True, True, "granted")
    assert _can(scope, "/w/a/b") == (True, False, "granted")


def test_holes_reach_all_the_way_down_recursive_or_not():
    scope = Scope(
        (
            Rule("/w", "write"),
            Rule("/w/ro", "read_only", recursive=False),
            Rule("/w/no", "hidden", recursive=False),
        )
    )
    for tail in ("", "/a", "/a/b", "/a/b/c"):
        assert _can(scope, "/w/ro" + tail) == (True, False, "read_only")
        assert _can(scope, "/w/no" + tail) == (False, False, "hidden")


def test_a_grant_deeper_than_a_hole_gives_again():
    scope = _scope(
        ("write", "/w"),
        ("read_only", "/w/ro"),
        ("write", "/w/ro/out"),
        ("hidden", "/w/no"),
        ("read", "/w/no/shown"),
    )
    assert _can(scope, "/w/ro/x") == (True, False, "read_only")
    assert _can(scope, "/w/ro/out/x") == (True, True, "granted")
    assert _can(scope, "/w/no/shown/x") == (True, False, "granted")


def test_a_hole_at_the_path_of_a_grant_wins():
    for hole, expected in (
        ("read_only", (True, False, "read_only")),
        ("hidden", (False, False, "hidden")),
    ):
        assert _can(_scope(("write", "/w"), (hole, "/w")), "/w/a") == expected
    both = _scope(("write", "/w"), ("read_only", "/w/a"), ("hidden", "/w/a"))
    assert _can(both, "/w/a") == (False, False, "hidden")


def test_read_only_does_not_uncover_what_is_hidden():
    scope = _scope(("write", "/w"), ("hidden", "/w/a"), ("read_only", "/w/a/b"))
    assert _can(scope, "/w/a/b/c") == (False, False, "hidden")


def test_a_hole_without_a_grant_around_it_is_outside():
    for hole in ("read_only", "hidden"):
        assert _can(_scope((hole, "/h")), "/h/a") == (False, False, "outside")


@pytest.mark.parametrize("name", PROTECTED)
def test_protected_paths_are_readable_only_at_any_depth(name):
    scope = _scope(("write", "/w"))
    for path in (f"/w/{name}", f"/w/{name}/x/y", f"/w/a/b/{name}", f"/w/a/{name}/x"):
        assert _can(scope, path) == (True, False, "protected")
        assert explain(scope, path).rule == Rule("/w", "write")


def test_names_that_only_look_protected_are_not():
    scope = _scope(("write", "/w"))
    for path in (
        "/w/.poddx",
        "/w/x.podd",
        "/w/.git",
        "/w/.git/hooksx",
        "/w/.git/configs",
        "/w/a.git/hooks",
        "/w/.git/x/hooks",
        "/w/.gitignore",
    ):
        assert _can(scope, path) == (True, True, "granted")


def test_naming_a_protected_path_or_something_below_it_makes_it_writable():
    scope = _scope(("write", "/w"), ("write", "/w/.git/hooks"), ("write", "/w/.podd/a"))
    assert _can(scope, "/w/.git/hooks/pre-commit") == (True, True, "granted")
    assert _can(scope, "/w/.podd/a/b") == (True, True, "granted")
    assert _can(scope, "/w/.podd/b") == (True, False, "protected")
    assert _can(scope, "/w/.git/config") == (True, False, "protected")


def test_naming_the_directory_around_a_protected_path_is_not_enough():
    assert _can(_scope(("write", "/w/.git")), "/w/.git/hooks/x")[2] == "protected"
    assert _can(_scope(("write", "/w/.git")), "/w/.git/objects/x")[2] == "granted"


def test_a_protected_path_inside_a_named_one_stays_protected():
    scope = _scope(("write", "/w/.podd/a"))
    assert _can(scope, "/w/.podd/a/.podd/x")[2] == "protected"


def test_a_path_that_is_not_normalised_is_outside():
    scope = _scope(("write", "/"))
    for path in (
        "/w/../etc",
        "/w/./a",
        "/w//a",
        "/w/a/",
        "/w/..",
        "w/a",
        "",
        ".podd",
        "/.\0",
    ):
        assert _can(scope, path) == (False, False, "outside")


@pytest.mark.parametrize("path", ["", "w", "/w/", "/w/../x", "//w", "/w/./x"])
def test_a_rule_that_could_never_be_met_is_refused(path):
    with pytest.raises(ValueError, match="normalised"):
        ScopeIndex(_scope(("hidden", path)))


def test_the_mode_changes_no_verdict():
    for mode in ("enforce", "warn", "off"):
        scope = _scope(("write", "/w"), ("read_only", "/w/a"), mode=mode)
        assert _can(scope, "/w/x") == (True, True, "granted")
        assert _can(scope, "/w/a/x") == (True, False, "read_only")
