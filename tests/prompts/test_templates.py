from __future__ import annotations

import pytest

from podd.errors import ManifestError


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("ok\n{{ colour }}\n", 2),
        ("ok\n\n{% if %}\n", 3),
        ("{{ 'x' \n", 1),
        ("\n{{ pod.__class__.__mro__ }}", 2),
        ("\n\n{{ tools[7] }}", 3),
        ("\n{{ 1 / 0 }}", 2),
        ("\n{{ pod + 3 }}", 2),
        ("\n{{ pod | nofilter }}", 2),
    ],
)
def test_a_mistake_names_file_and_line(shelf, source: str, line: int) -> None:
    path = shelf.write(shelf.user / "x.md", source)

    with pytest.raises(ManifestError) as caught:
        shelf.system("$user/x")

    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert caught.value.key == "agent.instruction"


def test_a_mistake_in_an_included_text_names_that_text(shelf) -> None:
    shelf.write(shelf.user / "x.md", "\n\n{% include 'deep/part' %}")
    part = shelf.write(shelf.user / "deep/part.md", "one\n{{ nope }}")

    with pytest.raises(ManifestError) as caught:
        shelf.system("$user/x")

    assert (caught.value.path, caught.value.line) == (str(part), 2)


def test_variables_are_filled_in(shelf) -> None:
    shelf.write(shelf.user / "x.md", "{{ pod }}|{{ date }}|{{ workdir }}|{{ tools }}")
    text = shelf.system("$user/x", tools=("grep", "glob"))
    assert text.startswith(f"p|2026-11-21|{shelf.workdir}|['glob', 'grep']\n")


def test_an_include_is_found_beside_its_includer_or_in_a_library(shelf) -> None:
    shelf.write(shelf.user / "deep/x.md", "{% include 'y' %},{% include '$user/z' %}")
    shelf.write(shelf.user / "deep/y.md", "beside")
    shelf.write(shelf.user / "z.md", "library")
    assert shelf.system("$user/deep/x").startswith("beside,library\n")


def test_a_file_includes_files_beside_and_below_it(shelf) -> None:
    path = shelf.write(shelf.workdir / "x.md", "{% include 'parts/y.md' %}")
    shelf.write(shelf.workdir / "parts/y.md", "below")
    assert shelf.system(str(path)).startswith("below\n")


@pytest.mark.parametrize("name", ["../secret.md", "link.md", "/etc/passwd"])
def test_a_file_includes_nothing_from_elsewhere(shelf, name: str) -> None:
    secret = shelf.write(shelf.workdir.parent / "secret.md", "secret")
    (shelf.workdir / "link.md").symlink_to(secret)
    path = shelf.write(shelf.workdir / "x.md", f"{{% include '{name}' %}}")
    with pytest.raises(ManifestError):
        shelf.system(str(path))


def test_what_is_missing_in_an_include_is_told(shelf) -> None:
    shelf.write(shelf.user / "x.md", "{% include '$user/gone' %}")
    with pytest.raises(ManifestError) as caught:
        shelf.system("$user/x")
    assert caught.value.path == "$user/gone"


def test_a_text_that_includes_itself_ends_in_an_error(shelf) -> None:
    path = shelf.write(shelf.user / "x.md", "{% include 'x' %}")
    with pytest.raises(ManifestError) as caught:
        shelf.system("$user/x")
    assert caught.value.path == str(path)
