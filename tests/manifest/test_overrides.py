from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.manifest.overrides import quoted

MODEL = '[model]\nref = "openai_chat/m"\n'


def test_a_value_is_toml_and_else_a_string(desk) -> None:
    manifest = desk.text(
        MODEL,
        "agent.max_steps=7",
        "pod.description=two words # and a hash",
        'agent.input="quoted"',
        "tools.allow=['glob']",
        "model.reasoning={ effort = 'low' }",
        "tools.per_tool.grep.timeout_seconds = 3",
    ).manifest

    assert manifest.agent.max_steps == 7
    assert manifest.pod.description == "two words # and a hash"
    assert manifest.agent.input == "quoted"
    assert manifest.tools.allow == ("glob",)
    assert manifest.model.reasoning is not None
    assert manifest.tools.per_tool["grep"].timeout_seconds == 3


def test_blocks_of_code_have_limits_as_a_tool_has(desk) -> None:
    manifest = desk.text(MODEL, "tools.per_tool.code.timeout_seconds=3").manifest

    assert manifest.tools.per_tool["code"].timeout_seconds == 3


def test_a_line_break_smuggles_in_no_second_key(desk) -> None:
    value = '"a"\nagent = 3'
    manifest = desk.text(MODEL, f"pod.description={value}").manifest
    assert manifest.pod.description == value


def test_of_two_for_one_key_the_later_counts(desk) -> None:
    resolved = desk.text(MODEL, "agent.max_steps=1", "agent.max_steps=2")
    assert resolved.manifest.agent.max_steps == 2


def test_paths_start_at_the_caller(desk) -> None:
    desk.write("sub/pod.toml", MODEL + "[pod]\nworkdir = '..'\n")
    desk.write("here/.keep", "")

    resolved = desk.load("sub/pod.toml", "pod.workdir=here", "scope.write=['out']")

    assert resolved.manifest.pod.workdir == f"{desk.directory}/here"
    assert resolved.scope.paths("read") == (f"{desk.directory}/here",)
    assert resolved.scope.paths("write") == (f"{desk.directory}/out",)


def test_the_short_form_works_here_too(desk) -> None:
    assert desk.text(MODEL, "pod.model=openai_chat/n").manifest.model.name == "n"


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("agent.max_steps", "agent.max_steps"),
        ("=3", ""),
        ("agent.max_steps=", "agent.max_steps"),
        ("agent.=3", "agent."),
        (".max_steps=3", ".max_steps"),
        ("agent..max_steps=3", "agent..max_steps"),
        ("agent.max_steps=many", "agent.max_steps"),
        ("agent.max_stepz=3", "agent.max_stepz"),
        ("agent=3", "agent"),
        ("scope.read=['gone']", "scope.read"),
        ("pod.workdir=gone", "pod.workdir"),
        ("model.ref=nobody/x", "model.ref"),
        ("sandbox.network=denied", "sandbox.network"),
        ("pod.description=\udcff", "pod.description"),
        ("pod.name=1\nx = 2", "pod.name"),
    ],
)
def test_a_fault_names_the_option_and_the_key(desk, override: str, key: str) -> None:
    desk.write("pod.toml", MODEL)

    [error] = desk.check("pod.toml", override)

    assert (error.path, error.line) == ("--set", None)
    assert error.key == key
    assert error.exit_code == 2


def test_a_value_is_no_table_for_another_key(desk) -> None:
    desk.write("pod.toml", MODEL)
    errors = desk.check("pod.toml", "agent=3", "agent.max_steps=3")
    assert [error.key for error in errors] == ["agent.max_steps", "agent"]


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_stays_the_text_it_is(text: str) -> None:
    key, _, value = quoted("pod.name", text).partition("=")
    assert key == "pod.name"
    assert tomllib.loads(f"value = {value}") == {"value": text}


def test_a_name_of_digits_stays_a_name(desk) -> None:
    assert desk.text(MODEL, quoted("pod.name", "7")).manifest.pod.name == "7"
