"""What a pod is told whose code calls its tools, or whose turns end in a value."""

from __future__ import annotations

import pytest

from podd.core.context.request import ToolSpec
from podd.prompts.notices import Notices
from podd.prompts.system import Function
from podd.tools.catalog import specs

DEFAULT = "$builtin/default"
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}
TOOLS = specs(("bash", "glob", "read_file", "spawn_pod"))
CODE = {"driver": "code", "functions": [Function.of(tool) for tool in TOOLS]}
NAMES = tuple(tool.name for tool in TOOLS)


@pytest.mark.parametrize(
    ("schema", "signature"),
    [
        ({}, "f()"),
        ({"properties": {"a": {}, "b": {}}}, "f(a=None, b=None)"),
        (
            {"properties": {"a": {}, "b": {}, "c": {}}, "required": ["c", "b"]},
            "f(b, c, a=None)",
        ),
    ],
)
def test_a_function_takes_what_is_required_first(schema, signature) -> None:
    tool = ToolSpec(name="f", description="d", schema=schema)
    function = Function.of(tool)
    assert (function.signature, function.description) == (signature, "d")


def test_code_is_told_each_tool_as_a_function(shelf) -> None:
    text = shelf.system(DEFAULT, tools=NAMES, **CODE)
    for signature in (
        "`read_file(path, offset=None, limit=None)`: ",
        "`bash(command, timeout_seconds=None, background=None)`: ",
        "`glob(pattern, path=None)`: ",
        "`submit(value)`: ",
    ):
        assert f"\n- {signature}" in text


def test_code_is_told_what_each_argument_is(shelf) -> None:
    text = shelf.system(DEFAULT, tools=NAMES, **CODE)
    for argument in (
        "`path: str`: The file.",
        "`background: bool`: ",
        "`scope: {'read': list[str], 'write': list[str], 'read_only': list[str], ",
        "`output_schema: dict`: JSON schema",
    ):
        assert f"\n  - {argument}" in text


def test_code_is_told_nothing_of_calls_in_an_answer(shelf) -> None:
    text = shelf.system(DEFAULT, tools=NAMES, **CODE)
    assert "Ask for tool calls" not in text
    assert "Your tools:" not in text
    assert "functions of your code: bash, glob" in text
    # What the boundaries say of single tools holds for functions too.
    assert "What you lend to a child" in text


def test_who_calls_tools_is_told_nothing_of_code(shelf) -> None:
    text = shelf.system(DEFAULT, tools=NAMES, functions=CODE["functions"])
    assert "Ask for tool calls" in text
    for word in ("submit", "code", "Python"):
        assert word not in text


def test_code_without_tools_is_code_nevertheless(shelf) -> None:
    text = shelf.system(DEFAULT, driver="code", output_schema=SCHEMA)
    assert "`submit(value)`" in text
    assert "You have no tools:" not in text
    assert "way to the world" not in text


def test_a_schema_stands_whole_in_the_prompt_and_says_how_to_meet_it(shelf) -> None:
    schema = {**SCHEMA, "description": "{{ no template }} ```"}
    text = shelf.system(DEFAULT, output_schema=schema, task="TASK")
    assert '"description": "{{ no template }} ```"' in text
    assert "as JSON and\nnothing else" in text
    assert "submit" not in text
    assert "answer with what you did" not in text
    assert text.index("boundaries") < text.index('"title"') < text.index("TASK")


def test_code_hands_a_value_in_and_prose_ends_nothing(shelf) -> None:
    text = shelf.system(DEFAULT, tools=NAMES, output_schema=SCHEMA, **CODE)
    assert "An answer in prose does not end the turn" in text
    assert "An answer without a block ends your turn" not in text
    assert "as JSON and" not in text
    plain = shelf.system(DEFAULT, tools=NAMES, **CODE)
    assert "An answer without a block ends your turn" in plain


def test_the_same_tools_and_schema_give_the_same_bytes(shelf) -> None:
    wanted = {"output_schema": {"b": {"z": 1, "a": 2}, "a": 1}, **CODE}
    first = shelf.system(DEFAULT, tools=NAMES, **wanted)
    second = shelf.system(DEFAULT, tools=tuple(reversed(NAMES)), **wanted)
    assert first == second
    assert first.index('"z": 1') < first.index('"a": 2')


def test_an_instruction_of_ones_own_can_tell_the_drivers_apart(shelf) -> None:
    shelf.write(shelf.user / "x.md", "BY {{ driver }}")
    assert "BY chat" in shelf.system("$user/x")
    assert "BY code" in shelf.system("$user/x", driver="code")


def test_each_limit_says_whose_it_is_and_that_this_is_the_last_answer(shelf) -> None:
    notices = Notices(shelf.catalogue)
    texts = {
        "this turn has reached its limit of steps (5)": notices.limit("steps", 5),
        "used up its tokens (5)": notices.limit("tokens", 5),
        "time that this pod may work is over (5": notices.limit("wall_seconds", 5),
    }
    for words, text in texts.items():
        assert words in text
        assert "last answer" in text


def test_a_refused_answer_says_what_is_wrong_and_how_often_is_left(shelf) -> None:
    notices = Notices(shelf.catalogue)
    last = notices.answer_refused("$.a: 1 is not of type 'string'", 0)
    assert "$.a: 1 is not of type 'string'" in last
    assert "one more try" in last
    assert "after 3 more tries" in notices.answer_refused("x", 2)
    assert len(notices.answer_refused("x" * 1_000_000, 2)) < 10_000


def test_the_end_of_code_is_one_line_that_says_what_is_known(shelf) -> None:
    notices = Notices(shelf.catalogue)
    lines = {
        status: notices.code_ended(status, "known")
        for status in ("ok", "error", "interrupted", "unknown")
    }
    assert len(set(lines.values())) == 4
    assert all("known" in line and "\n" not in line for line in lines.values())
    assert "look before you repeat" in lines["unknown"]
