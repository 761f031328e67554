"""protocol/schema.json says what the Structs say, and the golden lines agree."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.protocol.golden import KINDS, PROTOCOL, cases, tag

ROOT = PROTOCOL.parent
SCHEMA: dict[str, Any] = json.loads((PROTOCOL / "schema.json").read_bytes())
UNIONS = {"requests": "Request", "replies": "Reply", "events": "Event"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def _generator() -> ModuleType:
    path = ROOT / "scripts" / "schema.py"
    spec = importlib.util.spec_from_file_location("schema", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference; it must lead somewhere."""
    if "$ref" not in schema:
        return schema
    return SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]


def _fits(value: object, schema: dict[str, Any]) -> bool:
    """Check type and choice, of this value alone and not of what is inside."""
    schema = _resolved(schema)
    if "anyOf" in schema:
        return any(_fits(value, choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "type" not in schema:
        return True
    wanted = schema["type"]
    return isinstance(value, TYPES[wanted]) and (
        wanted == "boolean" or not isinstance(value, bool)
    )


@pytest.mark.parametrize(("kind", "line"), cases())
def test_a_golden_line_is_as_the_schema_says(kind, line) -> None:
    fields = json.loads(line)
    union = SCHEMA["$defs"][UNIONS[kind]]
    discriminator = union["discriminator"]
    word = fields[discriminator["propertyName"]]
    struct = _resolved({"$ref": discriminator["mapping"][word]})

    assert {"$ref": discriminator["mapping"][word]} in union["anyOf"]
    assert set(struct["required"]) <= fields.keys() <= struct["properties"].keys()
    assert [
        name
        for name, value in fields.items()
        if not _fits(value, struct["properties"][name])
    ] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_knows_every_message_by_its_word(kind) -> None:
    mapping = SCHEMA["$defs"][UNIONS[kind]]["discriminator"]["mapping"]

    assert set(mapping) == {tag(struct) for struct in KINDS[kind]}


def test_every_reference_leads_somewhere() -> None:
    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*map(references, value.values()))
        if isinstance(value, list):
            return set().union(*map(references, value))
        return set()

    known = {f"#/$defs/{name}" for name in SCHEMA["$defs"]}

    assert references(SCHEMA) - known == set()


def test_a_client_can_rely_on_every_event_having_its_number() -> None:
    for choice in SCHEMA["$defs"]["Event"]["anyOf"]:
        assert "seq" in _resolved(choice)["required"]


def test_the_schema_is_that_of_the_structs() -> None:
    assert (PROTOCOL / "schema.json").read_text(encoding="utf-8") == (
        _generator().schema()
    )


def test_the_check_refuses_a_schema_that_is_stale_or_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = _generator()
    file = tmp_path / "schema.json"
    monkeypatch.setattr(generator, "SCHEMA", file)

    assert generator.main(["--check"]) == 1
    assert "scripts/schema" in capsys.readouterr().err
    assert not file.exists()
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert generator.main(["--check"]) == 1


def test_an_argument_that_the_script_does_not_know_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = _generator()
    monkeypatch.setattr(generator, "SCHEMA", tmp_path / "schema.json")

    assert generator.main(["--chek"]) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_script_can_be_run_by_its_name() -> None:
    script = ROOT / "scripts" / "schema"

    done = subprocess.run(
        [sys.executable, "-I", f"{script}.py", "--check"],
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert script.stat().st_mode & 0o111 == 0o111
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
