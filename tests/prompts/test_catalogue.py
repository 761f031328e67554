from __future__ import annotations

import os

import pytest

from podd.errors import ManifestError
from podd.prompts.catalogue import BUILTIN, TEXTS, Catalogue
from podd.prompts.references import LIBRARIES, parse


def test_each_text_that_podd_says_is_a_file_and_each_file_is_said() -> None:
    assert {path.name for path in BUILTIN.iterdir()} == {
        f"{name}.md" for name in (*TEXTS, "default")
    }


def test_a_project_goes_before_the_user_and_the_user_before_podd(shelf) -> None:
    before = shelf.catalogue.text("limit").name
    shelf.write(shelf.user / "limit.md", "u")
    with_user = shelf.catalogue.text("limit")
    shelf.write(shelf.project / "limit.md", "p")
    with_both = shelf.catalogue.text("limit")

    assert before == "$builtin/limit"
    assert (with_user.name, with_user.source) == ("$user/limit", "u")
    assert (with_both.name, with_both.source) == ("$project/limit", "p")
    assert shelf.catalogue.text("unknown").name == "$builtin/unknown"


def test_a_reference_means_one_library_and_no_other(shelf) -> None:
    shelf.write(shelf.user / "default.md", "u")
    shelf.write(shelf.user / "roles/coder.md", "c")
    find = shelf.catalogue.find
    assert find("$builtin/default").path == str(BUILTIN / "default.md")
    assert find("$user/default").source == "u"
    assert find("$user/default.md").source == "u"
    assert find("$user/roles/coder").source == "c"
    with pytest.raises(ManifestError):
        find("$project/default")


@pytest.mark.parametrize(
    "reference",
    [
        "$builtin/gone",
        "$user/../secret",
        "$user/.hidden",
        "$user/a//b",
        "$user/",
        "$user",
        "$nobody/default",
        "$",
        "relative.md",
        "/gone.md",
        "/tmp",
        "/dev/null",
    ],
)
def test_what_is_not_there_blames_the_instruction(shelf, reference: str) -> None:
    with pytest.raises(ManifestError) as caught:
        shelf.catalogue.find(reference)
    assert caught.value.key == "agent.instruction"
    assert caught.value.path == reference


def test_a_library_that_is_not_given_is_named() -> None:
    for reference in ("$user/x", "$project/x"):
        with pytest.raises(ManifestError) as caught:
            Catalogue().find(reference)
        assert caught.value.key == "agent.instruction"


def test_a_text_is_a_readable_text_of_some_size(shelf) -> None:
    path = shelf.write(shelf.user / "x.md", "")
    path.write_bytes(b"\xff")
    with pytest.raises(ManifestError):
        shelf.catalogue.find("$user/x")
    os.truncate(path, 10_000_000_000)
    with pytest.raises(ManifestError):
        shelf.catalogue.find("$user/x")


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_reference_is_written_as_it_is_read(library: str) -> None:
    assert str(parse(f"${library}/a/b")) == f"${library}/a/b"
    assert parse("/a/b") is None
