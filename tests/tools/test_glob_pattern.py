import time

import pytest

from podd.errors import UsageError
from podd.tools.glob_pattern import GlobPattern, literal_prefix


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.py", ["a.py", ".py"], ["a/b.py", "a.pyc"]),
        ("**/*.py", ["a.py", "a/b.py", "a/b/c.py"], ["a.txt"]),
        ("**", ["a", "a/b"], []),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a", "b", "a/b/c"]),
        ("**/a/**/b", ["a/b", "x/a/y/b"], ["b", "x/b"]),
        ("*.{ts,tsx}", ["a.ts", "a.tsx"], ["a.t", "a.{ts,tsx}"]),
        ("{a,b}/{c,d}", ["a/c", "b/d"], ["a/b"]),
        ("?[ab][!c]", ["xad"], ["xac", "ad"]),
        ("./a//b", ["a/b"], ["b"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_patterns_match_by_name(pattern, yes, no):
    compiled = GlobPattern(pattern)

    assert [path for path in yes if not compiled.matches(path)] == []
    assert [path for path in no if compiled.matches(path)] == []


@pytest.mark.parametrize("pattern", ["", "a/../b", "**/..", "x" * 2000, "{a,b}" * 10])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(UsageError):
        GlobPattern(pattern)


def test_a_directory_that_cannot_lead_to_a_match_is_known():
    compiled = GlobPattern("a/*.py")

    assert compiled.step(compiled.start, "a")
    assert not compiled.step(compiled.start, "b")


@pytest.mark.parametrize(
    "pattern", ["*a" * 60 + "b", "**/" * 60 + "b", "*" * 500 + "b"]
)
def test_no_pattern_takes_for_ever(pattern):
    before = time.perf_counter()

    assert not GlobPattern(pattern).matches("/".join(["a" * 200] * 40))

    assert time.perf_counter() - before < 2


@pytest.mark.parametrize(
    ("pattern", "split"),
    [
        ("*.py", ("", "*.py")),
        ("a/b/*.py", ("a/b", "*.py")),
        ("/a/*/b", ("/a", "*/b")),
        ("/*", ("/", "*")),
        ("a/b", ("a", "b")),
        ("../a*", ("..", "a*")),
    ],
)
def test_leading_directories_are_split_off(pattern, split):
    assert literal_prefix(pattern) == split
