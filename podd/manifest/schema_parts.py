"""The parts of a JSON schema: how deep they go, and what refers to which.

Only what a keyword makes a schema is one: `{"const": {"$ref": "x"}}` refers to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_ANCHORS: Final = ("$anchor", "$dynamicAnchor")
#: What only stands at the top, as it changes how all below it is read.
_TOP_ONLY: Final = ("$id", "$schema")

#: Keywords whose value is a schema, or an array of them.
_SCHEMAS: Final = frozenset(
    {
        *("additionalItems", "contains", "items", "prefixItems", "unevaluatedItems"),
        *("additionalProperties", "propertyNames", "unevaluatedProperties"),
        *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
        *("disallow", "extends", "type"),  # of draft 3
    }
)
#: Keywords whose value is an object of schemas by names.
_NAMED: Final = frozenset(
    {
        *("$defs", "definitions", "dependencies", "dependentSchemas"),
        *("patternProperties", "properties"),
    }
)

_Part = tuple[str, dict[str, Any]]
"""A JSON pointer, and the schema that is there."""


def reference_problem(schema: dict[str, Any]) -> str | None:
    """What is wrong with its references, if anything is.

    Args:
        schema: checked, and not nested too deeply.
    """
    # Imported late: schemas are rare.
    from urllib.parse import unquote

    parts = dict(_parts("", schema))
    anchors = [part.get(key) for part in parts.values() for key in _ANCHORS]
    for pointer, part in parts.items():
        if pointer and (inner := next((key for key in _TOP_ONLY if key in part), None)):
            return f"has {inner} at #{pointer}, and podd knows it at the top alone"
        for key in _REFERENCES:
            reference = part.get(key)
            if not isinstance(reference, str):
                continue
            if not reference.startswith("#"):
                return (
                    f"refers to {reference!r}, and a schema here must be whole in "
                    "itself"
                )
            target = unquote(reference[1:])
            if target not in parts and target not in anchors:
                return f"refers to {reference!r}, and no schema is there in it"
    return None


def _parts(pointer: str, schema: object) -> Iterator[_Part]:
    """Yield `schema` and all schemas in it. `true` and `false` refer to nothing."""
    if isinstance(schema, bool):
        yield pointer, {}
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for key, value in schema.items():
        below = f"{pointer}/{key}"
        if key in _SCHEMAS:
            if not isinstance(value, list):
                yield from _parts(below, value)
                continue
            for index, one in enumerate(value):
                yield from _parts(f"{below}/{index}", one)
        elif key in _NAMED and isinstance(value, dict):
            for name, one in value.items():
                yield from _parts(f"{below}/{_quoted(name)}", one)


def _quoted(name: str) -> str:
    """A name as JSON pointers have it."""
    return name.replace("~", "~0").replace("/", "~1")
