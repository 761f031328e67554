"""A child has what its parent has, less what is taken away, and never more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from podd.core.permission import PermissionSet
from podd.core.scope.explanation import ScopeIndex
from podd.errors import ManifestError
from podd.manifest.child import ChildAsked, child_manifest
from podd.manifest.child_name import child_name
from podd.manifest.document import from_document, to_document
from podd.manifest.resolved import Origin, Resolved
from podd.manifest.vocabulary import PARENTS_TOOLS, TOOLS

MODEL = '[model]\nref = "openai_chat/m"\n'
SCOPE = "[scope]\nread = ['.']\nwrite = ['notes', 'src']\nhidden = ['src/secret']\n"

Child = Callable[..., Resolved]


# Names


def test_a_child_has_its_parents_name_before_its_own() -> None:
    assert child_name("p", "x") == "p.x"
    assert child_name("p", "p.x") == "p.x"
    assert child_name("p.x", "y.z-1_2") == "p.x.y.z-1_2"
    assert len(child_name("p" * 31, "x" * 31)) == 63


@pytest.mark.parametrize("name", ["", "X", "-x", "a b", "a/b", "..", "ä", "x" * 64])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ManifestError) as caught:
        child_name("p", name)
    assert (caught.value.path, caught.value.key) == ("spawn_pod", "name")
    assert "a-z" in caught.value.reason


def test_a_name_that_is_too_long_together_says_how_long_it_may_be() -> None:
    with pytest.raises(ManifestError) as caught:
        child_name("p" * 40, "x" * 23)
    assert "at most 22 characters" in caught.value.remedy
    with pytest.raises(ManifestError) as caught:
        child_name("p" * 62, "x")
    assert "too long a name to have children" in caught.value.remedy


# What is inherited


def test_without_a_word_a_child_reads_what_its_parent_reads(desk, child: Child) -> None:
    resolved = child()
    index = ScopeIndex(resolved.scope)
    home = str(desk.directory)
    assert resolved.manifest.pod.name == "pod.x"
    assert resolved.manifest.pod.workdir == home
    assert index.explain(f"{home}/src/a/x").readable
    assert not index.explain(f"{home}/src/secret/x").readable
    assert resolved.scope.paths("write") == ()
    assert resolved.file is None


def test_model_and_limits_are_the_parents(child: Child) -> None:
    resolved = child(
        MODEL + "base_url = 'http://127.0.0.1:1/v1'\ntemperature = 0.5\n"
        "[agent]\nmax_steps = 7\ninput = 'go'\n"
        "[limits]\npods = 5\ndepth = 2\ntokens = 900\nwall_seconds = 60\n"
        "[tools]\noutput_bytes = 100\n[permissions]\nwait_seconds = 5\n"
        "[sandbox]\nnetwork = 'deny'\nprocesses = 10\n"
        "[supervise]\non_parent_end = 'detach'\n"
    )
    manifest = resolved.manifest
    assert manifest.model.base_url == "http://127.0.0.1:1/v1"
    assert manifest.model.temperature == 0.5
    assert (manifest.agent.max_steps, manifest.agent.input) == (7, None)
    assert manifest.agent.instruction == "$builtin/default"
    assert (manifest.limits.pods, manifest.limits.depth) == (5, 1)
    assert (manifest.limits.tokens, manifest.limits.wall_seconds) == (900, 60)
    assert manifest.tools.output_bytes == 100
    assert manifest.permissions.wait_seconds == 5
    assert (manifest.sandbox.network, manifest.sandbox.processes) == ("deny", 10)
    assert manifest.supervise.on_parent_end == "detach"


def test_a_childs_manifest_outlives_a_journal(child: Child) -> None:
    resolved = child(
        MODEL + SCOPE + "[permissions]\nrules = [{tool = '*', action = 'ask'}]\n",
        instruction="Be brief.",
        scope={"write": ["src/a"]},
    )
    assert from_document(to_document(resolved)) == resolved


def test_each_value_says_whom_it_is_from(desk, child: Child) -> None:
    path = desk.write("child.toml", "[agent]\n\nmax_steps = 2\n")
    origins = child(manifest="child.toml", model="openai_chat/n").origins
    assert origins["pod.name"] == Origin(layer="spawn_pod")
    assert origins["agent.max_steps"] == Origin("file", str(path), 3)
    assert origins["model.ref"] == Origin(layer="spawn_pod")
    assert origins["tools.output_bytes"] == Origin(layer="parent")


# Tools


def test_a_child_has_its_parents_tools_and_can_ask_it(child: Child) -> None:
    allowed = child(MODEL + "[tools]\nallow = ['grep', 'read_file', 'spawn_pod']\n")
    assert allowed.manifest.tools.allow == (
        "read_file",
        "grep",
        "spawn_pod",
        "ask_parent",
    )
    assert child().manifest.tools.allow == TOOLS.built


@pytest.mark.parametrize("limit", ["depth = 1", "pods = 0"])
def test_who_may_start_no_pods_has_no_tools_for_it(desk, child: Child, limit) -> None:
    parent = MODEL + f"[limits]\n{limit}\n"
    desk.write("child.toml", "[tools]\nallow = ['glob', 'spawn_pod', 'list_pods']\n")
    assert not set(child(parent).manifest.tools.allow) & set(PARENTS_TOOLS)
    assert child(parent, manifest="child.toml").manifest.tools.allow == ("glob",)
    assert "spawn_pod" in child(MODEL, manifest="child.toml").manifest.tools.allow


def test_depth_ends_at_nothing(child: Child) -> None:
    assert child(MODEL + "[limits]\ndepth = 0\n").manifest.limits.depth == 0


# Instruction


def test_a_text_is_told_as_it_stands_and_a_reference_is_looked_up(child: Child) -> None:
    text = child(instruction="{{ pod }} costs $5/month")
    assert text.task_instruction == "{{ pod }} costs $5/month"
    assert text.manifest.agent.instruction == "$builtin/default"
    costly = child(instruction="$5/month is too much")
    assert costly.task_instruction == "$5/month is too much"
    reference = child(instruction="$user/reviewer")
    assert reference.task_instruction is None
    assert reference.manifest.agent.instruction == "$user/reviewer"
    assert child().task_instruction is None


def test_an_instruction_in_a_file_is_told_besides(desk, child: Child) -> None:
    desk.write("prompt.md", "Be {{ brief }}.\n")
    desk.write("child.toml", "[agent]\ninstruction = 'prompt.md'\n")
    resolved = child(manifest="child.toml", instruction="And more.")
    assert resolved.manifest.agent.instruction == "$builtin/default"
    # As it stands: a template could take in what the parent may not read.
    assert resolved.task_instruction == "Be {{ brief }}.\n\nAnd more."


# Permissions


def test_the_rules_of_all_lenders_stay_in_force(desk, child: Child) -> None:
    rules = "[permissions]\nrules = [{{tool = '{}', action = 'deny'}}]\n"
    desk.write("child.toml", rules.format("grep"))
    first = child(MODEL + rules.format("bash"), manifest="child.toml")
    second = child_manifest(
        first,
        ChildAsked(name="y"),
        pod="pod.x",
        environment={"HOME": "/"},
        places=desk.places,
    )
    assert [(x.pod, [r.tool for r in x.rules]) for x in second.permissions] == [
        ("pod", ["bash"]),
        ("pod.x", ["grep"]),
        ("pod.x.y", []),
    ]
    assert second.permissions[-1] == PermissionSet(
        pod="pod.x.y", workdir=second.manifest.pod.workdir
    )


def test_what_is_not_built_is_refused_by_name(refusal) -> None:
    error = refusal(budget={"tokens": 1})
    assert (error.path, error.key) == ("spawn_pod", "budget")
    assert error.reason.startswith("not_supported")


def test_a_parents_prompts_are_the_childs(desk, child: Child, tmp_path: Path) -> None:
    resolved = desk.text(MODEL)
    trusted = msgspec.structs.replace(resolved, project_prompts=str(tmp_path))
    found = child_manifest(
        trusted,
        ChildAsked(name="x"),
        pod="pod",
        environment={"HOME": "/"},
        places=desk.places,
    )
    assert found.project_prompts == str(tmp_path)
