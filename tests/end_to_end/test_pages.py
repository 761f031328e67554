"""What the pages say of codes, verbs and options is what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest

from podd import errors
from podd.cli.main import group
from podd.cli.verbs import VERBS
from podd.errors import FailureReplyError, PoddError, ProviderFault
from podd.providers.retry_policy import RETRIED
from podd_protocol.replies import FailureCode

pytestmark = pytest.mark.end_to_end

PAGE = Path(__file__).parents[2].joinpath("docs/operations.md").read_text("utf-8")

#: Said by the border of podctl alone, of what is no error of podd's.
BORDER = {"interrupted": 130}


def _section(title: str) -> str:
    return re.split(r"(?m)^#+ ", PAGE.partition(f"# {title}\n")[2])[0]


def _kinds(kind: type[PoddError]) -> Iterator[type[PoddError]]:
    for sub in kind.__subclasses__():
        if sub.__module__ == errors.__name__:
            yield sub
            yield from _kinds(sub)


def _codes() -> dict[str, int]:
    """Each code word, and what podctl exits with."""
    codes = {"internal": PoddError.exit_code, **BORDER}
    for word in get_args(FailureCode):
        failure = FailureReplyError(pod="x", failure=word, message="x")
        codes[word] = failure.exit_code
    for kind in _kinds(PoddError):
        # A family has no word of its own, and some words are what was met.
        if isinstance(vars(kind).get("code"), str):
            assert isinstance(kind.exit_code, int)
            codes[kind.code] = kind.exit_code
    for what in ("pod", "session", "file"):
        codes[f"no_such_{what}"] = errors.NoSuchError.exit_code
    return codes


def test_every_code_word_is_listed_with_its_exit_code() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\d+) \|", _section("Code words"))

    assert {word: int(code) for word, code in rows} == _codes()
    assert len(rows) == len(_codes())


def test_every_exit_code_is_explained() -> None:
    listed = {
        int(code) for code in re.findall(r"(?m)^\| (\d+) \|", _section("Exit codes"))
    }

    assert listed == {0, *_codes().values()}


def test_every_fault_of_a_provider_is_listed_with_whether_it_is_retried() -> None:
    rows = re.findall(
        r"(?m)^\| `(\w+)` \| .* \| (yes|no) \|$", _section("Words of a failed turn")
    )

    assert dict(rows) == {
        fault: "yes" if fault in RETRIED else "no" for fault in get_args(ProviderFault)
    }


@pytest.mark.parametrize("page", ["operations.md", "guide.md", "security.md"])
def test_every_link_to_another_page_leads_somewhere(page: str) -> None:
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / page).read_text("utf-8")

    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (docs / target).exists(), target


@pytest.mark.parametrize("page", ["operations.md", "guide.md", "security.md"])
def test_every_verb_and_option_that_is_shown_exists(page: str) -> None:
    text = Path(__file__).parents[2].joinpath("docs", page).read_text("utf-8")
    shown = re.findall(r"podctl ([a-z]+)([^`\n#]*)", text)
    assert shown

    for verb, rest in shown:
        assert verb in VERBS, verb
        command: Any = group.get_command(click.Context(group), verb)
        words = rest.split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        options = {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
        assert options <= known, (verb, rest)
