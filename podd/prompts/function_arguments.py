"""What a tool takes, in the words of Python: for models that call it from code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_NAMES: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}


class Argument(NamedTuple):
    """One argument of a function."""

    name: str
    kind: str
    """As Python would have it."""
    required: bool
    description: str


def arguments_of(schema: Mapping[str, Any]) -> tuple[Argument, ...]:
    """The arguments that a tool's schema has, what is required first."""
    required = schema.get("required", ())
    found = [
        Argument(name, kind_of(one), name in required, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]
    return tuple(sorted(found, key=lambda argument: not argument.required))


def kind_of(schema: Mapping[str, Any]) -> str:
    """A schema as a type. What may be null may be left out, which needs no word."""
    if "enum" in schema:
        return " | ".join(map(repr, schema["enum"]))
    if "anyOf" in schema:
        kinds = [kind_of(one) for one in schema["anyOf"]]
        return " | ".join(kind for kind in kinds if kind != "None")
    if schema.get("properties"):
        inner = schema["properties"].items()
        return "{" + ", ".join(f"{name!r}: {kind_of(one)}" for name, one in inner) + "}"
    if schema.get("type") == "array" and "items" in schema:
        return f"list[{kind_of(schema['items'])}]"
    return _NAMES.get(schema.get("type", ""), "Any")
