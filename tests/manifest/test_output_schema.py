"""A schema is read, checked and held against values, whatever somebody wrote."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podd.core.context.nesting import VALUE_LEVELS
from podd.errors import ManifestError
from podd.manifest.document import from_document, to_document
from podd.manifest.output_schema import (
    SCHEMA_BYTES,
    read_schema,
    schema_problem,
    value_problem_of,
)
from podd.manifest.trust import trust

MODEL = '[model]\nref = "openai_chat/m"\n'
ASKS = MODEL + "[agent]\noutput_schema = 's.json'\n"
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "lines": {"type": "integer"}},
    "required": ["title"],
    "additionalProperties": False,
}


# In a manifest


def test_a_schema_is_taken_from_its_file(desk) -> None:
    path = desk.write("s.json", json.dumps(SCHEMA))
    resolved = desk.text(ASKS)
    assert resolved.output_schema == SCHEMA
    assert resolved.manifest.agent.output_schema == str(path)
    assert desk.text(MODEL).output_schema is None


def test_a_restored_session_needs_no_file(desk) -> None:
    desk.write("s.json", json.dumps(SCHEMA))
    resolved = desk.text(ASKS)
    document = json.loads(json.dumps(to_document(resolved)))
    shutil.rmtree(desk.directory)
    assert from_document(document) == resolved
    del document["output_schema"]
    assert from_document(document).output_schema is None


def test_a_file_is_looked_for_beside_who_names_it(desk) -> None:
    desk.write("s.json", '{"title": "the caller\'s"}')
    desk.write("sub/s.json", '{"title": "the file\'s"}')
    desk.write("sub/pod.toml", ASKS)
    given = desk.load("sub/pod.toml")
    override = desk.load("sub/pod.toml", "agent.output_schema=s.json")
    assert given.output_schema == {"title": "the file's"}
    assert override.output_schema == {"title": "the caller's"}


def test_a_dollar_begins_no_library_of_schemas(desk) -> None:
    path = desk.write("$user/s.json", "{}")
    text = MODEL + "[agent]\noutput_schema = '$user/s.json'\n"
    assert desk.text(text).manifest.agent.output_schema == str(path)


def _text(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _link(path: Path) -> None:
    path.symlink_to("gone")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (_text("{"), "is not JSON"),
        (_text(""), "is not JSON"),
        (lambda path: path.write_bytes(b'{"title": "\xff"}'), "is not JSON"),
        (_text("[" * 100_000), "more than 65536 bytes"),
        (_text("[" * 60_000), "is not JSON"),
        (_text("[]"), "not an object"),
        (_text("true"), "not an object"),
        (_text('{"type": "strng"}'), "$.type"),
        (_text('{"pattern": "("}'), "regex"),
        (_text('{"$ref": "http://h/x"}'), "http://h/x"),
        (_text('{"not":' * 70 + "1" + "}" * 70), "levels"),
        (lambda path: os.truncate(_touched(path), 10**12), "more than 65536"),
        (_text(" " * SCHEMA_BYTES + "{}"), "more than 65536"),
        (os.mkfifo, "not a regular file"),
        (os.mkdir, "directory"),
        (_link, "No such file"),
        (lambda _path: None, "No such file"),
    ],
)
def test_what_is_no_schema_is_named_with_file_line_and_key(desk, make, word) -> None:
    make(desk.directory / "s.json")
    path = desk.write("pod.toml", ASKS)
    [error] = desk.check("pod.toml")
    assert (error.path, error.line) == (str(path), 4)
    assert error.key == "agent.output_schema"
    assert error.reason.startswith(f"{desk.directory}/s.json ")
    assert word in error.reason
    assert "\n" not in error.reason


def _touched(path: Path) -> Path:
    path.touch()
    return path


def test_what_may_not_be_read_is_said(desk) -> None:
    path = desk.write("s.json", "{}")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("permission bits do not bind root")
    desk.write("pod.toml", ASKS)
    [error] = desk.check("pod.toml")
    assert "Permission denied" in error.reason


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_cannot_be_a_path_is_no_path_of_a_schema(desk, path: str) -> None:
    desk.write("pod.toml", MODEL)
    [error] = desk.check("pod.toml", f"agent.output_schema={json.dumps(path)}")
    assert error.key == "agent.output_schema"


# Of a project


@pytest.mark.parametrize("name", ["../../s.json", "~/s.json", "/etc/s.json", "link"])
def test_an_untrusted_projects_schema_lies_inside_it(desk, name: str) -> None:
    project = desk.directory / "work"
    outside = desk.write("s.json", "{}")
    desk.write("home/s.json", "{}")
    desk.write("work/.podd/manifest.toml", f"[agent]\n\noutput_schema = '{name}'\n")
    (project / ".podd/link").symlink_to(outside)
    desk.write("pod.toml", MODEL + "[pod]\nworkdir = 'work'\n")

    [error] = desk.check("pod.toml")

    assert (error.key, error.line) == ("agent.output_schema", 3)
    assert error.remedy == f"podctl manifest trust {project}"
    trust(desk.places, project)
    assert [e for e in desk.check("pod.toml") if "trust" in e.reason] == []


def test_an_untrusted_project_may_have_a_schema_of_its_own(desk) -> None:
    desk.write("work/.podd/s.json", json.dumps(SCHEMA))
    desk.write("work/.podd/manifest.toml", "[agent]\noutput_schema = 's.json'\n")
    resolved = desk.text(MODEL + "[pod]\nworkdir = 'work'\n")
    assert resolved.output_schema == SCHEMA


# By itself


@pytest.mark.parametrize(
    "dialect",
    [
        "http://json-schema.org/draft-03/schema#",
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ],
)
def test_every_dialect_has_its_own_rules(dialect: str) -> None:
    schema = {
        "$schema": dialect,
        "definitions": {"word": {"type": "string"}},
        "properties": {"x": {"$ref": "#/definitions/word"}},
    }
    assert schema_problem(schema) is None
    assert value_problem_of(schema)({"x": "a"}) is None
    assert value_problem_of(schema)({"x": 1}) == "$.x: 1 is not of type 'string'"


@pytest.mark.parametrize("dialect", ["http://h/mine", "http://[", 5, {}, None, []])
def test_a_dialect_that_nobody_knows_is_refused(dialect: object) -> None:
    assert "$schema" in str(schema_problem({"$schema": dialect}))


def test_its_own_address_changes_nothing() -> None:
    schema = {
        "$id": "http://h/[",
        "$defs": {"a": {"type": "null"}},
        "properties": {"x": {"$ref": "#/$defs/a"}},
    }
    assert schema_problem(schema) is None
    assert value_problem_of(schema)({"x": 1}) == "$.x: 1 is not of type 'null'"
    assert "$id" in str(schema_problem({"$id": 5}))


def test_a_problem_with_a_schema_is_bounded() -> None:
    for schema in ({"type": "x" * 10_000}, {"$ref": "x" * 10_000}, {"x": "y" * 70_000}):
        problem = schema_problem(schema)
        assert problem is not None
        assert len(problem) < 600


# Against values


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"title": "t", "lines": 3}, None),
        ({"title": 1}, "$.title: 1 is not of type 'string'"),
        ({"lines": 3}, "'title' is a required property"),
        ([], "[] is not of type 'object'"),
        (None, "None is not of type 'object'"),
    ],
)
def test_a_problem_says_where_and_what(value: Any, problem: str | None) -> None:
    assert value_problem_of(SCHEMA)(value) == problem


def test_a_problem_is_one_line_however_the_value_is_written() -> None:
    problem = value_problem_of({"additionalProperties": {"type": "string"}})
    assert problem({"a\nb": 1}) == "$['a b']: 1 is not of type 'string'"


def test_of_a_long_value_what_is_wrong_with_it_is_still_told() -> None:
    problem = value_problem_of({"type": "string"})(["x" * 100_000])
    assert problem is not None
    assert len(problem) < 600
    assert problem.endswith("is not of type 'string'")


def test_a_schema_that_takes_anything_takes_anything() -> None:
    assert schema_problem({}) is None
    for value in (None, 0, "", [], {}):
        assert value_problem_of({})(value) is None


def test_a_value_is_not_nested_without_bound() -> None:
    value: object = 1
    for _ in range(VALUE_LEVELS):
        value = [value]
    assert value_problem_of({})(value) is None
    assert "200 levels" in str(value_problem_of({})([value]))


def test_what_would_go_round_for_ever_is_a_problem_with_the_value() -> None:
    schema: dict[str, Any] = {"$ref": "#"}
    assert schema_problem(schema) is None
    assert "nested too deeply" in str(value_problem_of(schema)(1))


def test_what_the_library_stumbles_over_is_a_problem_with_the_value() -> None:
    # No schema that passed; a bug in the library would look like it.
    assert "cannot be held" in str(value_problem_of({"type": "strng"})(1))


def test_nothing_is_fetched(monkeypatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("urllib.request.urlopen", asked.append)
    assert "cannot be held" in str(value_problem_of({"$ref": "http://h/x"})(1))
    assert asked == []


def test_a_file_is_judged_by_where_it_really_lies(tmp_path) -> None:
    real = tmp_path / "real.json"
    real.write_text("{}", encoding="utf-8")
    (tmp_path / "link.json").symlink_to(real)
    asked: list[str] = []

    def may_read(path: str) -> bool:
        asked.append(path)
        return False

    with pytest.raises(ValueError, match="may not read"):
        read_schema(str(tmp_path / "link.json"), may_read)
    assert asked == [str(real)]
    assert read_schema(str(tmp_path / "link.json"), lambda _path: True) == {}


# Of a child


def test_a_child_is_told_a_schema_by_the_call(desk, child) -> None:
    desk.write("file.json", '{"title": "the file\'s"}')
    desk.write("child.toml", "[agent]\noutput_schema = 'file.json'\n")
    for schema in (SCHEMA, {}):
        # The call counts for more than the file.
        resolved = child(manifest="child.toml", output_schema=schema)
        assert resolved.output_schema == schema
        assert resolved.manifest.agent.output_schema is None
        assert "agent.output_schema" not in resolved.origins
        assert from_document(to_document(resolved)) == resolved


def test_a_child_is_told_a_schema_by_its_file(desk, child) -> None:
    path = desk.write("src/a/s.json", json.dumps(SCHEMA))
    desk.write("src/a/child.toml", "[agent]\noutput_schema = 's.json'\n")
    resolved = child(manifest="src/a/child.toml")
    assert resolved.output_schema == SCHEMA
    assert resolved.manifest.agent.output_schema == str(path)
    assert resolved.origins["agent.output_schema"].line == 2


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "strng"}, "$.type"),
        ({"$ref": "file:///etc/passwd"}, "file:///etc/passwd"),
        ([1], "not an object"),
        ({"title": "x" * 70_000}, "more than 65536 bytes"),
    ],
)
def test_no_schema_in_a_call_is_refused_by_its_key(refusal, schema, word) -> None:
    error = refusal(output_schema=schema)
    assert (error.path, error.key) == ("spawn_pod", "output_schema")
    assert word in error.reason


@pytest.mark.parametrize("name", ["src/secret/s.json", "link.json", "/etc/hostname"])
def test_what_the_parent_may_not_read_is_no_schema_of_a_child(
    desk, refusal, name: str
) -> None:
    secret = desk.write("src/secret/s.json", "{}")
    (desk.directory / "link.json").symlink_to(secret)
    desk.write("child.toml", f"[agent]\n\noutput_schema = '{name}'\n")
    error: ManifestError = refusal(manifest="child.toml")
    assert (error.key, error.line) == ("agent.output_schema", 3)
    assert "the parent may not read" in error.reason


@pytest.mark.parametrize(
    ("content", "word"),
    [("{", "is not JSON"), ("[]", "not an object"), (None, "No such file")],
)
def test_a_file_with_no_schema_for_a_child_is_named(
    desk, refusal, content: str | None, word: str
) -> None:
    if content is not None:
        desk.write("s.json", content)
    file = desk.write("child.toml", "[agent]\n\noutput_schema = 's.json'\n")
    error: ManifestError = refusal(manifest="child.toml")
    assert (error.path, error.line) == (str(file), 3)
    assert word in error.reason


def test_a_pipe_is_no_schema_for_a_child(desk, refusal) -> None:
    os.mkfifo(desk.directory / "s.json")
    desk.write("child.toml", "[agent]\noutput_schema = 's.json'\n")
    assert "not a regular file" in refusal(manifest="child.toml").reason


def test_a_child_inherits_no_schema_and_no_driver(desk, child) -> None:
    desk.write("s.json", json.dumps(SCHEMA))
    parent = ASKS + "driver = 'code'\nmax_repairs = 0\n"
    resolved = child(parent)
    assert resolved.output_schema is None
    assert resolved.manifest.agent.output_schema is None
    assert resolved.manifest.agent.driver == "chat"
    assert resolved.manifest.agent.max_repairs == 2
    desk.write("child.toml", "[agent]\ndriver = 'code'\nmax_repairs = 5\n")
    stated = child(MODEL, manifest="child.toml").manifest.agent
    assert (stated.driver, stated.max_repairs) == ("code", 5)
