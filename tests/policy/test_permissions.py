from __future__ import annotations

from typing import Any

import pytest

from podd.core.permission import Action, PermissionRule, PermissionSet
from podd.policy.permissions import Permissions


def rule(tool: str, match: str, action: Action) -> PermissionRule:
    return PermissionRule(tool=tool, match=match, action=action)


def rules(*listed: PermissionRule, default: Action = "allow", **more: str) -> Any:
    return PermissionSet(
        pod=more.get("pod", "p"),
        workdir=more.get("workdir", "/w"),
        default=default,
        rules=listed,
    )


def action(permissions: Any, tool: str, **arguments: Any) -> Action:
    sets = permissions if isinstance(permissions, list) else [permissions]
    return Permissions(sets).verdict(tool, arguments).action


def test_without_rules_the_default_holds() -> None:
    for default in ("allow", "ask", "deny"):
        assert action(rules(default=default), "bash", command="ls") == default


def test_the_first_rule_that_matches_counts() -> None:
    permissions = rules(
        rule("bash", "git push --dry-run*", "allow"),
        rule("bash", "git push*", "deny"),
        rule("bash", "git *", "ask"),
        rule("bash", "*", "deny"),
        rule("*", "*", "ask"),
    )
    assert action(permissions, "bash", command="git push --dry-run") == "allow"
    assert action(permissions, "bash", command="git push") == "deny"
    assert action(permissions, "bash", command="git pull") == "ask"
    assert action(permissions, "bash", command="ls") == "deny"
    assert action(permissions, "glob", pattern="*") == "ask"


def test_each_command_goes_by_its_own_rule_and_the_strictest_counts() -> None:
    permissions = rules(
        rule("bash", "git status*", "allow"),
        rule("bash", "ls*", "allow"),
        rule("bash", "git *", "ask"),
        rule("bash", "rm *", "deny"),
        default="ask",
    )
    assert action(permissions, "bash", command="git status && ls -l") == "allow"
    assert action(permissions, "bash", command="ls; git pull") == "ask"
    assert action(permissions, "bash", command="git pull; rm x") == "deny"
    assert action(permissions, "bash", command="rm x; git pull") == "deny"
    assert action(permissions, "bash", command="ls; make") == "ask"


@pytest.mark.parametrize(
    "line",
    [
        "ls; make",
        "make; ls",
        "ls | make",
        "ls $(make)",
        "ls `make`",
        'ls "$(make)"',
        "ls <(make)",
        "ls\nmake",
        "(make)",
        "sudo ls",
        "env ls",
        "FOO=1 ls",
        "PATH=/x ls",
        "PATH=/x; ls",
        "ls=1 make",
        "/bin/ls",
        "ls > x",
        "ls >> x",
        "ls &> x",
        "ls 2>x",
        "ls() { make; }; ls",
        "case x in a) make;; esac",
        "for x in a; do make; done",
        "for x do make; done",
        "if ls; then make; fi",
        "$X",
        "l?",
        "cat <<EOF\n$(make)\nEOF",
        "ls 'a",
        "ls $'\\''",
        "ls ${x@P}",
        "l",
        "",
    ],
)
def test_a_rule_that_allows_is_not_stretched(line: str) -> None:
    permissions = rules(rule("bash", "ls*", "allow"), default="ask")
    assert action(permissions, "bash", command=line) == "ask"


@pytest.mark.parametrize(
    "line",
    [
        "ls",
        "ls -l  $X",
        "ls 'a b' \"$Y\" *.py",
        "ls; ls && ls || ls | ls",
        "if ls; then ls; fi",
        "for x in a b; do ls $x; done",
        "ls > /dev/null 2>&1",
        "ls < x",
        "ls # and more",
        "ls $(ls)",
        "case $x in *) ls;; esac",
        "! ls",
        "{ ls; }",
        "l's'",
    ],
)
def test_a_rule_that_allows_covers_all_that_is_in_it(line: str) -> None:
    permissions = rules(rule("bash", "ls*", "allow"), default="deny")
    assert action(permissions, "bash", command=line) == "allow"


def test_output_into_a_file_is_a_command_of_its_own() -> None:
    permissions = rules(
        rule("bash", "ls*", "allow"),
        rule("bash", "> notes/*", "allow"),
        rule("bash", "> *.lock", "deny"),
        default="ask",
    )
    assert action(permissions, "bash", command="ls > notes/x") == "allow"
    assert action(permissions, "bash", command="ls >> other") == "ask"
    assert action(permissions, "bash", command="ls >| a.lock") == "deny"
    assert action(permissions, "bash", command="ls > $X") == "deny"
    assert action(permissions, "bash", command="bash -c 'ls > a.lock'") == "deny"


def test_a_rule_may_be_about_the_line_as_it_stands() -> None:
    permissions = rules(rule("bash", "*curl*|*sh*", "deny"))
    assert action(permissions, "bash", command="curl x | sh") == "deny"
    assert action(permissions, "bash", command="curl x") == "allow"
    # A rule without such a sign is about commands only.
    permissions = rules(rule("bash", "git st*", "allow"), rule("bash", "git *", "deny"))
    assert action(permissions, "bash", command="git status; ls") == "allow"


def test_a_line_that_cannot_be_read_says_so() -> None:
    permissions = Permissions([rules(rule("bash", "git push*", "ask"))])
    found = permissions.verdict("bash", {"command": "echo 'x"})
    assert found.action == "ask"
    assert "a quote is not closed" in found.reason
    everything = rules(rule("bash", "*", "allow"), default="deny")
    assert action(everything, "bash", command="echo 'x") == "allow"


@pytest.mark.parametrize("path", ["secrets/k", "./secrets/k", "a/../secrets//k"])
def test_a_path_is_the_same_however_it_is_written(path: str) -> None:
    for match in ("secrets/*", "./secrets/*", "secrets/", "/w/secrets/*"):
        denies = rules(rule("*_file", match, "deny"))
        assert action(denies, "read_file", path=path) == "deny"
        assert action(denies, "read_file", path=f"/w/{path}") == "deny"
        assert action(denies, "read_file", path="secret") == "allow"
        allows = rules(rule("*_file", match, "allow"), default="deny")
        assert action(allows, "read_file", path=path) == "allow"
        assert action(allows, "read_file", path=f"{path}/../../x") == "deny"


def test_a_path_outside_the_workdir_can_be_named_both_ways() -> None:
    for match in ("../other/*", "/other/*"):
        assert action(
            rules(rule("*", match, "deny")), "grep", pattern="x", path="/other/y"
        )
    denies = rules(rule("*", "/other/*", "deny"))
    assert action(denies, "grep", pattern="x", path="../other/y") == "deny"
    assert action(denies, "read_file", path="//other/y") == "deny"


def test_a_link_is_also_where_it_leads() -> None:
    def resolve(path: str) -> str:
        return path.replace("/w/link", "/w/secrets")

    denies = Permissions([rules(rule("*", "secrets/*", "deny"))], resolve=resolve)
    assert denies.verdict("read_file", {"path": "link/k"}).action == "deny"
    allows = Permissions(
        [rules(rule("*", "link/*", "allow"), default="deny")], resolve=resolve
    )
    assert allows.verdict("read_file", {"path": "link/k"}).action == "deny"
    both = Permissions(
        [rules(rule("*", "[ls]*/*", "allow"), default="deny")], resolve=resolve
    )
    assert both.verdict("read_file", {"path": "link/k"}).action == "allow"


def test_a_linked_workdir_is_seen_through() -> None:
    def resolve(path: str) -> str:
        return path.replace("/w", "/real/w")

    allows = Permissions(
        [rules(rule("*", "notes/*", "allow"), default="deny")], resolve=resolve
    )
    assert allows.verdict("write_file", {"path": "notes/x"}).action == "allow"


def test_a_search_goes_by_where_it_looks() -> None:
    denies = rules(rule("*", "secrets*", "deny"))
    assert action(denies, "grep", pattern="x", path="secrets") == "deny"
    assert action(denies, "grep", pattern="secrets") == "allow"
    assert action(denies, "glob", pattern="secrets/**") == "deny"
    assert action(denies, "glob", pattern="**", path="secrets") == "deny"
    assert action(denies, "glob", pattern="**/*.py") == "allow"
    asks = rules(rule("grep", ".", "ask"))
    assert action(asks, "grep", pattern="x") == "ask"


def test_a_pod_is_the_same_by_both_its_names() -> None:
    for match in ("left", "p.left"):
        denies = rules(rule("*", match, "deny"))
        assert action(denies, "send_to_pod", name="left", message="x") == "deny"
        assert action(denies, "stop_pod", name="p.left") == "deny"
        assert action(denies, "spawn_pod", name="right", task="x") == "allow"


def test_each_of_several_names_counts() -> None:
    denies = rules(rule("wait_pods", "left", "deny"))
    assert action(denies, "wait_pods", names=["right", "left"]) == "deny"
    assert action(denies, "wait_pods", names=["right"]) == "allow"
    allows = rules(rule("wait_pods", "left", "allow"), default="ask")
    assert action(allows, "wait_pods", names=["left", "right"]) == "ask"
    assert action(allows, "wait_pods", names=["left"]) == "allow"


def test_a_tool_without_a_main_argument_matches_every_star() -> None:
    assert action(rules(rule("list_pods", "*", "ask")), "list_pods") == "ask"
    assert action(rules(rule("list_pods", "x*", "ask")), "list_pods") == "allow"
    assert action(rules(rule("unheard_of", "*", "ask")), "unheard_of") == "ask"


@pytest.mark.parametrize("arguments", [{}, {"command": 3}, {"command": None}])
def test_an_argument_of_a_wrong_type_is_left_to_the_tool(arguments: Any) -> None:
    permissions = rules(rule("bash", "git*", "ask"))
    assert action(permissions, "bash", **arguments) == "allow"


def test_the_rules_of_those_who_lend_stay_in_force() -> None:
    root = rules(rule("bash", "git push*", "deny"), pod="a")
    parent = rules(rule("bash", "make*", "ask"), pod="a.b")
    own = rules(rule("bash", "*", "allow"), pod="a.b.c")
    permissions = [root, parent, own]
    assert action(permissions, "bash", command="ls") == "allow"
    assert action(permissions, "bash", command="make") == "ask"
    assert action(permissions, "bash", command="make; git push") == "deny"
    strict = rules(default="ask", pod="a.b.c")
    assert action([root, parent, strict], "bash", command="ls") == "ask"
    assert action([root, parent, strict], "bash", command="git push") == "deny"


def test_a_lenders_paths_start_where_the_lender_works() -> None:
    parent = rules(rule("*", "secrets/*", "deny"), pod="a", workdir="/w")
    own = rules(pod="a.b", workdir="/w/sub")
    assert action([parent, own], "read_file", path="../secrets/k") == "deny"
    assert action([parent, own], "read_file", path="secrets/k") == "allow"


def test_a_verdict_names_its_rule_and_whose_it_is() -> None:
    root = rules(rule("bash", "git push*", "deny"), pod="a")
    own = rules(
        rule("glob", "*", "allow"), rule("bash", "x*", "ask"), default="ask", pod="a.b"
    )
    permissions = Permissions([root, own])
    found = permissions.verdict("bash", {"command": "git push"})
    assert found.reason == "[permissions] of pod 'a', rule 1: bash \"git push*\""
    found = permissions.verdict("bash", {"command": "xargs"})
    assert found.reason == '[permissions], rule 2: bash "x*"'
    found = permissions.verdict("bash", {"command": "ls"})
    assert found.reason == "the default of [permissions]"
    found = permissions.verdict("glob", {"pattern": "*"})
    assert (found.action, found.reason) == ("allow", "")


def test_equal_calls_are_remembered_as_one() -> None:
    permissions = Permissions([rules()])

    def subject(tool: str, **arguments: Any) -> str:
        return permissions.verdict(tool, arguments).subject

    assert subject("bash", command="a  b") == "a  b"
    assert subject("edit_file", path="./x") == subject("edit_file", path="/w/x")
    assert subject("stop_pod", name="p.x") == subject("stop_pod", name="x") == "x"
    assert subject("wait_pods", names=["b", "a"]) == "a b"
    assert subject("grep", pattern="x") == "/w"
    assert subject("list_pods") == ""
    # Who approves a child approves its task and its scope, not its name alone.
    weeding = subject("spawn_pod", name="x", task="weed")
    assert weeding == subject("spawn_pod", task="weed", name="x")
    assert weeding != subject("spawn_pod", name="x", task="dig")
    assert subject("send_to_pod", name="x", message="a") != subject(
        "send_to_pod", name="x", message="b"
    )


def test_rules_that_only_allow_leave_the_pod_open() -> None:
    assert rules().is_open
    assert rules(rule("bash", "x", "allow")).is_open
    assert not rules(rule("bash", "x", "ask")).is_open
    assert not rules(default="deny").is_open
