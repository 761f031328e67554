"""References of a schema lead to schemas in it."""

from __future__ import annotations

import pytest

from podd.manifest.schema_parts import reference_problem


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$ref": "#"},
        {"$defs": {"a": {}}, "$ref": "#/$defs/a"},
        {"definitions": {"a": True}, "items": {"$ref": "#/definitions/a"}},
        {"properties": {"a": {"items": {}}}, "not": {"$ref": "#/properties/a/items"}},
        {"anyOf": [{}, {}], "not": {"$ref": "#/anyOf/1"}},
        {"$defs": {"a/b": {}}, "$ref": "#/$defs/a~1b"},
        {"$defs": {"~ä": {}}, "$ref": "#/$defs/~0%C3%A4"},
        {"$defs": {"a": {"$anchor": "here"}}, "$ref": "#here"},
        {"$defs": {"a": {"$dynamicAnchor": "here"}}, "$dynamicRef": "#here"},
        # Data, and names, are no references.
        {"const": {"$ref": "x"}},
        {"enum": [{"$ref": "x"}], "default": {"$ref": "x"}, "examples": [{"$id": "x"}]},
        {"properties": {"$ref": {}, "$id": {}, "const": {"$ref": "#"}}},
        {"$id": "http://x/y", "$schema": "s"},
    ],
)
def test_what_leads_to_a_schema_in_it_is_fine(schema: dict) -> None:
    assert reference_problem(schema) is None


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"$ref": "other.json"}, "other.json"),
        ({"$ref": "http://127.0.0.1:1/x"}, "whole in itself"),
        ({"$ref": "file:///etc/passwd"}, "whole in itself"),
        ({"$ref": ""}, "whole in itself"),
        ({"properties": {"const": {"$ref": "x"}}}, "'x'"),
        ({"items": [{"$ref": "x"}]}, "'x'"),
        ({"dependentSchemas": {"a": {"$ref": "x"}}}, "'x'"),
        ({"$ref": "#/$defs/a"}, "#/$defs/a"),
        ({"$defs": {"a/b": {}}, "$ref": "#/$defs/a/b"}, "no schema is there"),
        ({"anyOf": [{}], "not": {"$ref": "#/anyOf/x"}}, "no schema is there"),
        ({"title": "x", "not": {"$ref": "#/title"}}, "no schema is there"),
        ({"$defs": {}, "not": {"$ref": "#/$defs"}}, "no schema is there"),
        ({"components": {"A": {}}, "$ref": "#/components/A"}, "no schema is there"),
        ({"$dynamicRef": "#node"}, "#node"),
        ({"not": {"$id": "http://x/y"}}, "$id"),
        ({"$defs": {"a": {"$schema": "x"}}}, "$schema"),
    ],
)
def test_what_leads_elsewhere_is_a_problem(schema: dict, word: str) -> None:
    assert word in str(reference_problem(schema))
