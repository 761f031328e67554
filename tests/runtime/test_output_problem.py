"""A value is held against the pod's schema, and no schema holds the pod up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from podd.core.scope.rules import Scope
from podd.manifest.output_schema import schema_problem
from podd.manifest.resolved import Resolved
from podd.manifest.schema import Manifest, ModelSection, PodSection
from podd.runtime import output_problem
from podd.runtime.output_problem import output_problem_of

POD = Resolved(
    manifest=Manifest(
        pod=PodSection(name="p", workdir="/"),
        model=ModelSection(ref="scripted/x", provider="scripted", name="x"),
    ),
    scope=Scope(rules=()),
    origins={},
    file=None,
)


def _problem(schema: dict[str, Any], value: object) -> str | None:
    assert schema_problem(schema) is None
    found = output_problem_of(msgspec.structs.replace(POD, output_schema=schema))
    assert found is not None
    return found(value)


def test_a_pod_without_a_schema_wants_no_value() -> None:
    assert output_problem_of(POD) is None


def test_a_value_fits_or_is_told_what_is_wrong() -> None:
    assert _problem({"type": "integer"}, 1) is None
    assert _problem({"type": "integer"}, "x") == "'x' is not of type 'integer'"
    assert _problem({}, None) is None


def _doubling(levels: int) -> dict[str, Any]:
    parts: dict[str, Any] = {f"d{levels}": {}}
    for level in range(levels):
        both = {"$ref": f"#/$defs/d{level + 1}"}
        parts[f"d{level}"] = {"allOf": [both, both]}
    return {"$defs": parts, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^(a+)+$"},
        {"items": {"patternProperties": {"^(a|a)*$": {}}}},
        _doubling(50),
    ],
)
def test_a_schema_that_takes_for_ever_is_given_up(monkeypatch, schema) -> None:
    monkeypatch.setattr(output_problem, "CHECK_SECONDS", 0.1)
    word = "a" * 60 + "b"
    value: object = [{word: 1}] if "items" in schema else word
    assert "took longer than 0.1 s" in str(_problem(schema, value))
