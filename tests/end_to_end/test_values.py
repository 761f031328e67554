"""Turns that end in a value: refused, mended, handed up; and schemas that are none."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.families import call, says, spawn, write_child
from tests.end_to_end.shell import Shell

pytestmark = [pytest.mark.end_to_end, pytest.mark.processes]

SCHEMA = {
    "type": "object",
    "properties": {"sound": {"type": "boolean"}},
    "required": ["sound"],
}
ASKS = '[agent]\noutput_schema = "answer.json"\n'


def _answer(value: object) -> str:
    """A step that answers with a value."""
    return f"text = '{json.dumps(value)}'"


def test_an_answer_that_is_no_such_value_is_refused_and_mended(shell: Shell) -> None:
    (shell.directory / "answer.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    manifest = shell.manifest(
        f"{call('glob', pattern='*')}".replace('text = ""', 'text = "I look."'),
        _answer({"sound": 1}),
        _answer({"sound": True}),
        *(_answer(value) for value in ([], "sound", {})),
        more=f"{ASKS}max_repairs = 2\n",
    )
    shell.spawned(manifest)
    # The schema is the session's from now on.
    (shell.directory / "answer.json").unlink()

    mended = shell("run", "demo", "hi", "--json")
    never = shell("run", "demo", "hi", "--json")

    assert mended.code == 0
    result = mended.document["result"]
    assert result["outcome"] == {"kind": "completed"}
    assert result["value"] == {"sound": True}
    [refused] = [x for x in mended.lines if x.get("event") == "answer_refused"]
    assert refused["problem"] == "$.sound: 1 is not of type 'boolean'"
    assert never.code == 1
    outcome = never.document["result"]["outcome"]
    assert (outcome["kind"], outcome["code"]) == ("failed", "output_schema")
    assert never.document["result"]["value"] is None
    assert never.events.count("answer_refused") == 2


def test_a_session_keeps_its_schema_without_its_file(shell: Shell) -> None:
    (shell.directory / "answer.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    pod = shell.spawned(
        shell.manifest(
            *(_answer(value) for value in ([], {"sound": False}, {"sound": True})),
            more=ASKS,
        )
    )
    shell("kill", "demo")
    (shell.directory / "answer.json").unlink()

    assert shell("resume", pod["session"]).code == 0
    said = shell("run", "demo", "hi", "--json")

    assert said.document["result"]["value"] == {"sound": False}
    assert said.events.count("answer_refused") == 1
    # For a script, what was asked for is all there is.
    assert shell("run", "demo", "again").out == '{"sound":true}\n'


def test_a_child_hands_up_the_value_that_its_parent_asked_for(shell: Shell) -> None:
    write_child(shell.directory, says("well"), _answer({"sound": True}))
    manifest = shell.manifest(
        spawn("left", output_schema={"type": "nonsense"}),
        spawn("left", output_schema={**SCHEMA, "$ref": "http://127.0.0.1:1/x"}),
        spawn("left", output_schema=SCHEMA),
        call("wait_pods", names=["left"]),
        'text = "{{result wait_pods | find (?m)^Its value.*$}}"',
    )
    shell.spawned(manifest)

    said = shell("run", "demo", "hi", "--json")

    results = [x for x in said.lines if x.get("event") == "tool_result"]
    assert [x["status"] for x in results] == ["error", "error", "ok", "ok"]
    assert "output_schema" in results[0]["summary"]
    assert "http://127.0.0.1:1/x" in results[1]["summary"]
    text = said.document["result"]["text"]
    assert json.loads(text.partition(": ")[2]) == {"sound": True}
    assert said.document["result"]["value"] is None


def test_what_is_no_schema_starts_no_pod(shell: Shell) -> None:
    (shell.directory / "answer.json").write_text('{"type": 3}', encoding="utf-8")
    manifest = shell.manifest(says("hi"), more=ASKS)

    said = shell("spawn", manifest, "hi", "--json")

    assert (said.code, said.error["code"]) == (2, "bad_manifest")
    assert "agent.output_schema" in said.error["message"]
    assert shell.is_clean()
