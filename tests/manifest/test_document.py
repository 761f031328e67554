from __future__ import annotations

import json
import shutil

import pytest

from podd.errors import ManifestError
from podd.manifest.document import from_document, to_document

TEXT = """
[pod]
description = "d"
[model]
ref = "openai_chat/a/b"
base_url = "http://h/v1"
auth = { file = "key" }
max_output_tokens = 8
temperature = 0
reasoning = { effort = "low" }
context_window = 9
[agent]
input = "go"
driver = "code"
max_steps = 3
max_repairs = 0
[scope]
write = [".", { path = "x", recursive = false }]
hidden = ["h"]
mode = "warn"
[tools]
allow = ["glob"]
per_tool.glob = { output_bytes = 100, timeout_seconds = 1.5 }
[sandbox]
read = ["."]
environment = ["A"]
[permissions]
default = "ask"
rules = [{ tool = "bash", match = "ls*", action = "allow" }]
[limits]
tokens = 1000
wall_seconds = 60
depth = 1
"""


def test_a_document_gives_back_what_it_was_made_of(desk) -> None:
    resolved = desk.text(TEXT)
    assert from_document(to_document(resolved)) == resolved


def test_a_document_is_plain_json(desk) -> None:
    document = to_document(desk.text(TEXT))
    assert json.loads(json.dumps(document)) == document


def test_a_restore_needs_no_file(desk) -> None:
    resolved = desk.text(TEXT)
    document = to_document(resolved)
    shutil.rmtree(desk.directory)
    assert from_document(document) == resolved


def test_warnings_are_of_one_load_only(desk) -> None:
    desk.user("[scope]\n")
    resolved = desk.text(TEXT)
    assert resolved.warnings
    assert from_document(to_document(resolved)).warnings == ()


def test_what_a_later_podd_added_is_ignored(desk) -> None:
    resolved = desk.text(TEXT)
    document = to_document(resolved)
    document["later"] = 1
    document["manifest"]["limits"]["colours"] = 1
    document["manifest"]["pod"]["colour"] = "red"
    assert from_document(document) == resolved


def test_what_an_earlier_podd_lacked_has_its_default(desk) -> None:
    resolved = desk.text('[model]\nref = "openai_chat/m"\n')
    document = to_document(resolved)
    for section in ("tools", "sandbox", "permissions", "limits", "supervise"):
        del document["manifest"][section]
    del document["lenders_permissions"]
    del document["task_instruction"]
    del document["project_prompts"]
    del document["output_schema"]
    assert from_document(document) == resolved


@pytest.mark.parametrize("document", [{}, {"manifest": {}, "scope": {}}, {"scope": 1}])
def test_a_document_of_another_kind_is_refused(document: dict) -> None:
    with pytest.raises(ManifestError) as caught:
        from_document(document)
    assert caught.value.path == "journal"
