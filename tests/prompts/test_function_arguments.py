"""What a tool's schema says is said in the words of Python."""

from __future__ import annotations

import pytest

from podd.prompts.function_arguments import arguments_of, kind_of
from podd.tools.catalog import TOOLS, specs


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "str"),
        ({"type": "integer", "minimum": 1}, "int"),
        ({"type": "number"}, "float"),
        ({"type": "boolean"}, "bool"),
        ({"type": "object"}, "dict"),
        ({"type": "array"}, "list"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"enum": ["a", "b"]}, "'a' | 'b'"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "str"),
        ({"type": "object", "properties": {"a": {"type": "null"}}}, "{'a': None}"),
        ({}, "Any"),
    ],
)
def test_a_schema_is_told_as_a_type(schema: dict, kind: str) -> None:
    assert kind_of(schema) == kind


def test_what_is_required_comes_first_and_the_rest_keeps_its_order() -> None:
    names = ("a", "b", "c", "d")
    schema = {"properties": {name: {} for name in names}, "required": ["d", "b"]}
    assert [one.name for one in arguments_of(schema)] == ["b", "d", "a", "c"]


def test_every_argument_of_every_tool_has_a_type_and_a_description() -> None:
    for tool in specs(tuple(TOOLS)):
        for argument in arguments_of(tool.schema):
            assert "Any" not in argument.kind, (tool.name, argument)
            assert argument.description, (tool.name, argument)
