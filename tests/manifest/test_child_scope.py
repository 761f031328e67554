"""What a child may touch is its parent's to give, and it works inside of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from podd.core.scope.explanation import ScopeIndex
from podd.manifest.resolved import Resolved

MODEL = '[model]\nref = "openai_chat/m"\n'
SCOPE = "[scope]\nread = ['.']\nwrite = ['notes', 'src']\nhidden = ['src/secret']\n"

Child = Callable[..., Resolved]


def test_a_loan_is_what_the_call_says(desk, child: Child) -> None:
    home = str(desk.directory)
    resolved = child(
        scope={
            "read": ["notes"],
            "write": ["src/a"],
            "read_only": ["src/a/x"],
            "hidden": ["notes/x"],
        }
    )
    assert resolved.scope.paths("read") == (f"{home}/notes",)
    assert resolved.scope.paths("write") == (f"{home}/src/a",)
    assert resolved.scope.paths("read_only") == (f"{home}/src/a/x",)
    assert resolved.scope.paths("hidden") == (f"{home}/notes/x",)
    assert resolved.manifest.pod.workdir == f"{home}/src/a"
    assert resolved.scope.mode == "enforce"


def test_who_is_lent_only_writing_reads_only_that(desk, child: Child) -> None:
    resolved = child(scope={"write": ["src/a"]})
    index = ScopeIndex(resolved.scope)
    assert resolved.scope.paths("read") == ()
    assert index.explain(f"{desk.directory}/src/a/x").readable
    assert not index.explain(f"{desk.directory}/src/b/x").readable


def test_a_call_that_gives_nothing_leaves_reading(child: Child) -> None:
    assert child(scope={}).scope == child().scope


def test_a_write_path_need_not_be_there(desk, child: Child) -> None:
    resolved = child(scope={"write": ["src/new"]})
    assert resolved.manifest.pod.workdir == f"{desk.directory}/src/new"
    assert not (desk.directory / "src/new").exists()


def test_who_writes_one_file_works_where_it_reads(desk, child: Child) -> None:
    resolved = child(scope={"read": ["notes"], "write": ["src/a/x"]})
    assert resolved.manifest.pod.workdir == f"{desk.directory}/notes"
    alone = child(scope={"read": ["."], "write": ["src/a/x"]})
    assert alone.manifest.pod.workdir == str(desk.directory)


def test_who_may_read_no_directory_has_nowhere_to_work(refusal) -> None:
    error = refusal(scope={"write": ["src/a/x"]})
    assert (error.path, error.key) == ("spawn_pod", "scope")
    assert "directory" in error.reason


@pytest.mark.parametrize(
    ("scope", "key", "word"),
    [
        ({"write": ["src", ".."]}, "scope.write", "not the parent's to lend"),
        ({"write": ["."]}, "scope.write", "may write"),
        ({"write": ["src/secret"]}, "scope.write", "lend"),
        ({"write": ["/etc"]}, "scope.write", "lend"),
        ({"read": [".."]}, "scope.read", "may not read"),
        ({"read": ["src/secret/x"]}, "scope.read", "may not read"),
        ({"read": ["/no/such/thing"]}, "scope.read", "may not read"),
        ({"read": ["gone"]}, "scope.read", "No such file"),
        ({"read": [""]}, "scope.read", "empty"),
        ({"write": ["a\0"]}, "scope.write", "zero byte"),
        ({"write": ["src/a"], "hidden": [""]}, "scope.hidden", "empty"),
    ],
)
def test_what_is_not_the_parents_is_not_lent(refusal, scope, key, word) -> None:
    error = refusal(scope=scope)
    assert (error.path, error.key, error.exit_code) == ("spawn_pod", key, 2)
    assert word in f"{error.reason} {error.remedy}"


def test_a_link_is_lent_only_where_it_leads_inside(desk, child, refusal) -> None:
    (desk.directory / "src/out").symlink_to("/etc")
    (desk.directory / "src/in").symlink_to("a")
    assert refusal(scope={"write": ["src/out"]}).key == "scope.write"
    assert child(scope={"write": ["src/in"]}).scope.paths("write")


def test_the_mode_is_the_parents(child: Child) -> None:
    assert child(MODEL + SCOPE + "mode = 'warn'\n").scope.mode == "warn"
    lent = child(MODEL + SCOPE + "mode = 'off'\n", scope={"write": ["src/a"]})
    assert lent.scope.mode == "off"


def test_a_rule_that_is_not_recursive_stays_so(desk, child: Child) -> None:
    scope = "[scope]\nread = ['.']\nwrite = [{path = 'src', recursive = false}]\n"
    resolved = child(MODEL + scope)
    index = ScopeIndex(
        msgspec.structs.replace(resolved.scope, rules=resolved.scope.rules[1:])
    )
    assert index.explain(f"{desk.directory}/src/a").readable
    assert not index.explain(f"{desk.directory}/src/a/x").readable


@pytest.mark.parametrize("access", ["read_only", "hidden"])
def test_holes_alone_are_refused_and_not_left_out(refusal, access) -> None:
    error = refusal(scope={access: ["src/a"]})
    assert error.key == f"scope.{access}"
    assert "takes away from nothing" in error.reason
