from __future__ import annotations

import fnmatch

from hypothesis import given
from hypothesis import strategies as st

from podd.policy.pattern import ANYTHING, Pattern, Unknown

_PATTERNS = st.text("ab*?[]!- ", max_size=8)
_TEXTS = st.text("ab*?[]!- \n", max_size=8)


@given(pattern=_PATTERNS, text=_TEXTS)
def test_a_known_text_matches_as_everybody_expects(pattern: str, text: str) -> None:
    expected = fnmatch.fnmatchcase(text, pattern)
    assert Pattern(pattern).matches((text,)) == expected
    assert Pattern(pattern).may_match((text,)) == expected


@given(pattern=_PATTERNS, before=_TEXTS, value=_TEXTS, after=_TEXTS)
def test_what_is_unknown_is_neither_trusted_nor_overlooked(
    pattern: str, before: str, value: str, after: str
) -> None:
    known = fnmatch.fnmatchcase(before + value + after, pattern)
    found = Pattern(pattern)
    for unknown in Unknown:
        if unknown is Unknown.NAME and " " in value:
            continue
        text = (before, unknown, after)
        assert found.may_match(text) or not known
        assert known or not found.matches(text)


def test_only_a_star_is_certain_of_what_it_does_not_know() -> None:
    text = ("git ", Unknown.TEXT)
    assert Pattern("git *").matches(text)
    assert not Pattern("git ?*").matches(text)
    assert not Pattern("git push").matches(text)
    assert Pattern("git push").may_match(text)
    assert not Pattern("make").may_match(text)


def test_a_name_has_no_blanks() -> None:
    text = (Unknown.NAME, "/tool x")
    assert not Pattern("git push*").may_match(text)
    assert Pattern("/opt/*").may_match(text)
    assert Pattern("* x").may_match(text)


def test_case_and_line_ends_count() -> None:
    assert not Pattern("A").matches(("a",))
    assert Pattern("a*b").matches(("a\n/b",))


def test_everything_is_a_star_alone() -> None:
    assert Pattern("*").is_everything
    assert Pattern("**").is_everything
    assert not Pattern("?*").is_everything
    assert Pattern("?*").may_match(ANYTHING)


def test_a_long_text_takes_one_pass() -> None:
    text = ("ab" * 60_000,)
    assert not Pattern("*a*b*a*b*a*b*c").matches(text)
