from __future__ import annotations

import os

import pytest

from podd.core.scope.rules import Rule
from podd.prompts.agents_file import LARGEST


def test_instruction_boundaries_and_agents_file_come_in_that_order(shelf) -> None:
    shelf.write(shelf.user / "x.md", "INSTRUCTION")
    shelf.write(shelf.workdir / "AGENTS.md", "KEEPER {{ not a template }}\n")

    text = shelf.system("$user/x")

    places = [
        text.index("INSTRUCTION"),
        text.index("Your boundaries"),
        text.index("KEEPER {{ not a template }}"),
    ]
    assert places == sorted(places)
    assert text.endswith("}}\n")


def test_the_same_files_give_the_same_bytes(shelf) -> None:
    first = shelf.system("$builtin/default", tools=("grep", "glob"))
    second = shelf.system("$builtin/default", tools=("glob", "grep"))
    assert first == second


def test_the_default_instruction_knows_whom_it_speaks_to(shelf) -> None:
    text = shelf.system("$builtin/default", tools=("grep", "glob"))
    for word in ("p,", "2026-11-21", str(shelf.workdir), "glob, grep"):
        assert word in text
    assert "no tools" in shelf.system("$builtin/default")


def test_the_boundaries_name_all_but_the_hidden(shelf) -> None:
    text = shelf.system(
        "$builtin/default",
        Rule("/r", "read"),
        Rule("/both", "read"),
        Rule("/both", "write"),
        Rule("/w", "write", recursive=False),
        Rule("/o", "read_only"),
        Rule("/secret", "hidden"),
    )

    assert "read: /r, /both, /w (not its subdirectories)\n" in text
    assert "write: /both, /w (not its subdirectories)\n" in text
    assert "never write: /o\n" in text
    assert "/secret" not in text


def test_who_may_write_nothing_is_told_so(shelf) -> None:
    assert "write no files" in shelf.system("$builtin/default")
    hidden = Rule("/x", "hidden")
    assert "read no files" in shelf.system("$builtin/default", hidden)


@pytest.mark.parametrize(
    ("tool", "word"),
    [("bash", "by the kernel"), ("spawn_pod", "lend"), ("ask_user", "ask_user")],
)
def test_what_only_some_tools_need_is_said_where_they_are_offered(
    shelf, tool: str, word: str
) -> None:
    shelf.write(shelf.user / "x.md", "INSTRUCTION")

    assert word in shelf.system("$user/x", tools=("grep", tool))
    assert word not in shelf.system("$user/x", tools=("grep", "bash_history"))


def test_the_nearest_readable_agents_file_counts(shelf) -> None:
    outer = shelf.workdir.parent
    shelf.write(outer / "AGENTS.md", "OUTER")
    everything = Rule(str(outer), "read")
    hole = Rule(str(shelf.workdir / "AGENTS.md"), "hidden")

    narrow = shelf.system("$builtin/default")
    wide = shelf.system("$builtin/default", everything)
    shelf.write(shelf.workdir / "AGENTS.md", "INNER")
    both = shelf.system("$builtin/default", everything)
    hidden = shelf.system("$builtin/default", everything, hole)

    assert "OUTER" not in narrow
    assert "OUTER" in wide
    assert "INNER" in both
    assert "OUTER" not in both
    assert "OUTER" in hidden
    assert "INNER" not in hidden


def test_a_link_to_what_may_not_be_read_is_not_followed(shelf) -> None:
    secret = shelf.write(shelf.workdir.parent / "secret", "SECRET")
    (shelf.workdir / "AGENTS.md").symlink_to(secret)
    assert "SECRET" not in shelf.system("$builtin/default")


def test_a_long_agents_file_is_cut_and_says_so(shelf) -> None:
    shelf.write(shelf.workdir / "AGENTS.md", "a" + "é" * (LARGEST // 2) + "END")
    text = shelf.system("$builtin/default")
    assert "END" not in text
    assert "5 more bytes" in text


@pytest.mark.parametrize("kind", ["bytes", "directory", "pipe", "closed"])
def test_one_that_cannot_be_read_is_told_of(shelf, kind: str) -> None:
    path = shelf.workdir / "AGENTS.md"
    match kind:
        case "bytes":
            path.write_bytes(b"\xff\xfe bad")
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.touch(mode=0)
            if os.access(path, os.R_OK):
                pytest.skip("permission bits do not bind root")
    text = shelf.system("$builtin/default")
    assert str(path) in text
    assert "could not be read" in text


def test_the_users_text_replaces_podds(shelf) -> None:
    shelf.write(shelf.user / "boundaries.md", "MINE {{ writable | length }}")
    assert shelf.system("$builtin/default").endswith("MINE 0\n")


def test_what_the_parents_model_says_besides_stands_there_as_it_is(shelf) -> None:
    text = shelf.system("$builtin/default", task="Say {{ nothing }} twice.\n")

    assert "\n\nSay {{ nothing }} twice.\n" in text
