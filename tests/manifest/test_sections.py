"""What the sections about commands, people, limits and ends say when nobody says it."""

from __future__ import annotations

import pytest

from podd.core.permission import PermissionRule, PermissionSet
from podd.errors import ManifestError
from podd.manifest.vocabulary import TOOLS

MODEL = '[model]\nref = "openai_chat/m"\n'


def test_what_holds_where_nothing_is_said(desk) -> None:
    manifest = desk.text(MODEL).manifest
    assert manifest.tools.allow == TOOLS.built
    assert manifest.sandbox.network == "allow"
    assert manifest.sandbox.read == manifest.sandbox.require == ()
    assert manifest.permissions.default == "allow"
    assert manifest.permissions.wait_seconds == 600
    assert (manifest.limits.pods, manifest.limits.depth) == (8, 3)
    assert manifest.supervise.restart == "never"
    assert manifest.supervise.on_parent_end == "drain"


def test_toolchains_are_relative_to_the_workdir_and_may_be_at_home(desk) -> None:
    (desk.directory / "home/.cargo").mkdir()
    desk.write("work/tool", "")
    read = desk.text(
        MODEL + "[pod]\nworkdir = 'work'\n[sandbox]\nread = ['~/.cargo', 'tool', '/']\n"
    ).manifest.sandbox.read
    home, work = desk.directory / "home", desk.directory / "work"
    assert read == (f"{home}/.cargo", f"{work}/tool", "/")


def test_toolchains_of_an_override_are_relative_to_the_caller(desk) -> None:
    desk.write("work/x", "")
    desk.write("tool", "")
    read = desk.text(
        MODEL + "[pod]\nworkdir = 'work'\n", "sandbox.read=['tool']"
    ).manifest.sandbox.read
    assert read == (f"{desk.directory}/tool",)


def test_all_toolchains_that_are_missing_are_told(desk) -> None:
    desk.write("pod.toml", MODEL + "[sandbox]\nread = ['a',\n'b']\n")
    errors = desk.check("pod.toml")
    assert [(e.key, e.line) for e in errors] == [
        ("sandbox.read", 4),
        ("sandbox.read", 5),
    ]


def test_rules_may_be_written_as_tables_of_their_own(desk) -> None:
    short = desk.text(
        MODEL + "[permissions]\nrules = [{tool = 'bash', match = 'x', action = 'ask'}]"
    )
    long = desk.text(
        MODEL + "[[permissions.rules]]\ntool = 'bash'\nmatch = 'x'\naction = 'ask'\n"
    )
    assert short.manifest == long.manifest
    assert short.manifest.permissions.rules == (
        PermissionRule(tool="bash", match="x", action="ask"),
    )


def test_rules_that_are_stated_higher_replace_the_lower_ones(desk) -> None:
    desk.user(
        "[permissions]\ndefault = 'ask'\nrules = [{tool = '*', action = 'deny'}]\n"
    )
    permissions = desk.text(
        MODEL + "[permissions]\nrules = [{tool = 'glob', action = 'allow'}]\n"
    ).manifest.permissions
    assert permissions.default == "ask"
    assert [rule.tool for rule in permissions.rules] == ["glob"]


def test_a_pod_of_its_own_is_bound_by_its_own_rules(desk) -> None:
    resolved = desk.text(MODEL + "[permissions]\ndefault = 'ask'\n")
    assert resolved.permissions == (
        PermissionSet(pod="pod", workdir=str(desk.directory), default="ask"),
    )


def test_a_value_in_the_place_of_a_variables_name_is_not_repeated(refused) -> None:
    error: ManifestError = refused(MODEL + "[sandbox]\nenvironment = ['sk-secret']\n")
    assert "secret" not in f"{error} {error.remedy} {error.data}"


@pytest.mark.parametrize("tool", ["*", "*_pod", "ask_*", "[rw]*_file"])
def test_a_rule_may_be_about_several_tools(desk, tool: str) -> None:
    text = f"[permissions]\nrules = [{{tool = '{tool}', action = 'ask'}}]\n"
    assert desk.text(MODEL + text).manifest.permissions.rules[0].tool == tool


@pytest.mark.parametrize(
    ("text", "key", "line", "word"),
    [
        # Commands.
        (MODEL + "[sandbox]\nread = ['.',\n'gone']\n", "sandbox.read", 5, "No such"),
        (MODEL + "[sandbox]\nread = ['']\n", "sandbox.read", 4, "empty"),
        (MODEL + "[sandbox]\nread = '.'\n", "sandbox.read", 4, "an array"),
        (MODEL + "[sandbox]\nnetwork = 'off'\n", "sandbox.network", 4, "'deny'"),
        (MODEL + "[sandbox]\nnetwrok = 'x'\n", "sandbox.netwrok", 4, "network"),
        (
            MODEL + "[sandbox]\nenvironment = ['A',\n'B-C']\n",
            "sandbox.environment",
            5,
            "variable",
        ),
        (
            MODEL + "[sandbox]\nrequire = ['landlok']\n",
            "sandbox.require",
            4,
            "'landlock'",
        ),
        (MODEL + "[sandbox]\nprocesses = 0\n", "sandbox.processes", 4, "at least 1"),
        (MODEL + "[sandbox]\nmemory_bytes = '4G'\n", "sandbox.memory_bytes", 4, "int"),
        (MODEL + "[sandbox]\nfile_bytes = -1\n", "sandbox.file_bytes", 4, "at least"),
        # Permissions.
        (
            MODEL + "[permissions]\ndefault = 'yes'\n",
            "permissions.default",
            4,
            "'ask'",
        ),
        (MODEL + "[permissions]\nrules = {}\n", "permissions.rules", 4, "an array"),
        (
            MODEL + "[permissions]\nrules = [\n'bash']\n",
            "permissions.rules",
            5,
            "a table",
        ),
        (
            MODEL + "[[permissions.rules]]\ntool = 'bash'\n",
            "permissions.rules",
            3,
            "needs action",
        ),
        (
            MODEL + "[permissions]\nrules = [{action = 'ask'}]\n",
            "permissions.rules",
            4,
            "needs tool",
        ),
        (
            MODEL + "[permissions]\nrules = [{tool = '*', action = 'aks'}]\n",
            "permissions.rules.action",
            4,
            "'ask'",
        ),
        (
            MODEL + "[permissions]\nrules = [{tool = '*', mach = 'x'}]\n",
            "permissions.rules.mach",
            4,
            "permissions.rules.match",
        ),
        (
            MODEL + "[[permissions.rules]]\ntool = '*'\naction = 'ask'\n"
            "[[permissions.rules]]\ntool = 'bsh'\naction = 'ask'\n",
            "permissions.rules",
            6,
            "'bash'",
        ),
        (
            MODEL + "[permissions]\nrules = [{tool = 'x*', action = 'ask'}]\n",
            "permissions.rules",
            4,
            "no tool",
        ),
        (
            MODEL + "[permissions]\nrules=[{tool='*', match='', action='ask'}]\n",
            "permissions.rules",
            4,
            "empty",
        ),
        (
            MODEL + "[permissions]\nwait_seconds = 0\n",
            "permissions.wait_seconds",
            4,
            "more than 0",
        ),
        # Limits.
        (MODEL + "[limits]\npods = -1\n", "limits.pods", 4, "at least 0"),
        (MODEL + "[limits]\ndepth = 1.5\n", "limits.depth", 4, "an integer"),
        (MODEL + "[limits]\ndeep = 1\n", "limits.deep", 4, "depth"),
        (
            MODEL + "[supervise]\nrestart = 'always'\n",
            "supervise.restart",
            4,
            "never",
        ),
        (
            MODEL + "[supervise]\non_parent_end = 'kill'\n",
            "supervise.on_parent_end",
            4,
            "'drain'",
        ),
        # Not built.
        (MODEL + "[limits]\ntokens = 0\n", "limits.tokens", 4, "at least 1"),
        (MODEL + "[limits]\ntokens = 1.5\n", "limits.tokens", 4, "an integer"),
        (MODEL + "[limits]\ncost_usd = 0\n", "limits.cost_usd", 4, "more than 0"),
        (MODEL + "[limits]\ncost_usd = '1'\n", "limits.cost_usd", 4, "a number"),
        (MODEL + "[limits]\ncost_usd = nan\n", "limits.cost_usd", 4, ""),
        (MODEL + "[limits]\ncost_usd = 1\n", "limits.cost_usd", 4, "no known price"),
        (
            MODEL + "[limits]\nwall_seconds = 0\n",
            "limits.wall_seconds",
            4,
            "at least 1",
        ),
        (
            MODEL + "[supervise]\nrestart = 'on-failure'\n",
            "supervise.restart",
            4,
            "not_supported",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(
    desk, text: str, key: str, line: int, word: str
) -> None:
    path = desk.write("pod.toml", text)

    [error] = desk.check("pod.toml")

    assert (error.path, error.key, error.line) == (str(path), key, line)
    assert word in f"{error.reason} {error.remedy}"
