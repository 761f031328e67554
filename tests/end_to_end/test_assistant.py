"""manifests/assistant.toml against a server that speaks as OpenAI's do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from podd.testing.provider_server import ChatCall, ProviderServer, chat_stream
from tests.end_to_end.shell import Shell

pytestmark = pytest.mark.end_to_end

ASSISTANT = Path(__file__).parents[2] / "manifests/assistant.toml"


async def test_two_parallel_calls_one_of_them_broken_end_in_the_answer(
    shell: Shell,
) -> None:
    project = shell.directory / "project"
    project.mkdir()
    (project / "about.txt").write_text("Otters, 7731 of them.\n", encoding="utf-8")
    calls = (
        ChatCall("call_a", "read_file", '{"path": "about.txt"}'),
        ChatCall("call_b", "glob", '{"pattern": "*'),
    )
    async with ProviderServer() as server:
        server.play(chat_stream("I look.", calls=calls), chat_stream("7731 otters."))
        said = await asyncio.to_thread(
            shell,
            *("spawn", ASSISTANT, "How many?", "--once", "--json"),
            *("--set", f"model.base_url={server.url}"),
            *("--set", f"pod.workdir={project}"),
        )
        first, second = (request.json() for request in server.requests)

    assert (said.code, said.document["result"]["text"]) == (0, "7731 otters.")
    messages = second["messages"]
    assert messages[: len(first["messages"])] == first["messages"]
    assert second["tools"] == first["tools"]
    asked, *results = messages[len(first["messages"]) :]
    assert (asked["role"], asked["content"]) == ("assistant", "I look.")
    arguments = {
        call["id"]: json.loads(call["function"]["arguments"])
        for call in asked["tool_calls"]
    }
    assert len(arguments) == 2
    assert all(isinstance(value, dict) for value in arguments.values())
    assert [message["role"] for message in results] == ["tool", "tool"]
    answered = [message["tool_call_id"] for message in results]
    assert sorted(answered) == sorted(arguments)
    content = {message["tool_call_id"]: message["content"] for message in results}
    read, broken = (content[call] for call in arguments)
    assert "Otters, 7731 of them." in read
    assert "JSON" in broken
    statuses = [e["status"] for e in said.lines if e.get("event") == "tool_result"]
    assert sorted(statuses) == ["error", "ok"]
    assert shell.is_clean()


async def test_it_writes_to_its_notes_and_nowhere_else(shell: Shell) -> None:
    project = shell.directory / "project"
    project.mkdir()
    calls = (
        ChatCall("call_a", "write_file", '{"path": "notes/n.md", "content": "n"}'),
        ChatCall("call_b", "write_file", '{"path": "other.md", "content": "o"}'),
    )
    async with ProviderServer() as server:
        server.play(chat_stream("", calls=calls), chat_stream("done"))
        said = await asyncio.to_thread(
            shell,
            *("spawn", ASSISTANT, "Write.", "--once", "--json"),
            *("--set", f"model.base_url={server.url}"),
            *("--set", f"pod.workdir={project}"),
        )

    assert said.code == 0
    statuses = {
        e["call"]: e["status"] for e in said.lines if e.get("event") == "tool_result"
    }
    assert sorted(statuses.values()) == ["denied", "ok"]
    written = {str(p.relative_to(project)) for p in project.rglob("*") if p.is_file()}
    assert written == {"notes/n.md"}
