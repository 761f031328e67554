import json

import pytest

from podd.core.scope.rules import Rule
from podd.tools import glob, walk
from podd.tools.catalog import run_call


async def _glob(context, **arguments):
    return await run_call("glob", json.dumps(arguments), context)


async def test_paths_come_in_order_with_hidden_names_and_without_git(place):
    for name in ("b.py", "a/c.py", "a.py", ".hidden/d.py", ".git/e.py", "a/x.txt"):
        place.write(name)

    outcome = await _glob(place.context(), pattern="**/*.py")

    assert outcome.content.split("\n") == [".hidden/d.py", "a.py", "a/c.py", "b.py"]
    assert outcome.summary == "4 paths for **/*.py"


async def test_directories_end_in_a_slash_and_links_are_not_followed(place):
    place.write("a/file")
    (place.outside / "secret").write_text("", encoding="utf-8")
    (place.work / "out").symlink_to(place.outside)
    (place.work / "loop").symlink_to(".")

    outcome = await _glob(place.context(), pattern="**")

    assert outcome.content.split("\n") == ["a/", "a/file", "loop", "out"]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a/*", "."),
        ("*", "a"),
        ("{work}/a/*", "."),
        ("../work/a/*", "."),
        ("*", "to_a"),
    ],
)
async def test_patterns_and_paths_lead_to_the_same_directory(place, pattern, path):
    place.write("a/file")
    (place.work / "to_a").symlink_to("a")

    outcome = await _glob(
        place.context(), pattern=pattern.format(work=place.work), path=path
    )

    assert outcome.content == "a/file"


async def test_a_pattern_cannot_lead_out(place):
    (place.outside / "secret").write_text("", encoding="utf-8")

    for pattern in ("../outside/*", f"{place.outside}/*", "/*"):
        outcome = await _glob(place.context(), pattern=pattern)
        assert outcome.status == "denied"
        assert "secret" not in outcome.content


async def test_a_grant_below_a_hidden_directory_is_met(place):
    place.write("secrets/private/file")
    place.write("secrets/public/file")
    context = place.context(
        Rule(str(place.work / "secrets"), "hidden"),
        Rule(str(place.work / "secrets/public"), "read"),
    )

    outcome = await _glob(context, pattern="**/file")

    assert outcome.content == "secrets/public/file"


async def test_nothing_found_is_said(place):
    outcome = await _glob(place.context(), pattern="*.py")

    assert (outcome.status, outcome.summary) == ("ok", "0 paths for *.py")


async def test_more_than_is_listed_is_counted(place, monkeypatch):
    monkeypatch.setattr(glob, "LISTED_PATHS", 3)
    for number in range(5):
        place.write(f"{number}")

    outcome = await _glob(place.context(), pattern="*")

    assert outcome.content == "0\n1\n2"
    assert outcome.summary == "5 paths for *; the first 3 are listed"


async def test_a_walk_over_too_many_names_says_that_it_stopped(place, monkeypatch):
    monkeypatch.setattr(walk.Walk.__init__, "__defaults__", (10,))
    for number in range(20):
        place.write(f"{number}/file")

    outcome = await _glob(place.context(), pattern="**")

    assert "too many names" in outcome.summary


async def test_a_file_in_the_place_of_a_directory_is_an_error(place):
    place.write("file")

    outcome = await _glob(place.context(), pattern="*", path="file")

    assert outcome.status == "error"


async def test_a_very_deep_tree_is_walked(place):
    path = place.work
    for _ in range(300):
        path /= "d"
    path.mkdir(parents=True)
    (path / "file").write_text("", encoding="utf-8")

    outcome = await _glob(place.context(), pattern="**/file")

    assert outcome.summary.startswith("1 path ")
