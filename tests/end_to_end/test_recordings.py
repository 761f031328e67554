"""A user's bug report is a file: a pod records a server, another one plays it."""

from __future__ import annotations

import asyncio
import shutil
import stat
from pathlib import Path

import pytest

from podd.testing.provider_server import (
    DONE,
    ChatCall,
    ProviderServer,
    chat_chunk,
    chat_stream,
    streamed,
)
from tests.end_to_end.shell import Said, Shell

pytestmark = pytest.mark.end_to_end

KEY = "sk-of-nobody-at-all"


def _manifest(shell: Shell, url: str, more: str) -> Path:
    (shell.directory / "work").mkdir()
    file = shell.directory / "asks.toml"
    file.write_text(
        f'[pod]\nname = "asks"\nworkdir = "work"\n[model]\nref = "openai_chat/m"\n'
        f'base_url = "{url}"\nauth = {{ env = "THE_KEY" }}\n{more}',
        encoding="utf-8",
    )
    return file


def _recordings(shell: Shell, said: Said) -> list[Path]:
    session = said.document["result"]["session"]
    return sorted(shell.places.session(session).glob("recordings/*"))


async def _asked(shell: Shell, *replies: object, more: str) -> Said:
    async with ProviderServer() as server:
        server.play(*replies)
        file = _manifest(shell, server.url, more)
        return await asyncio.to_thread(
            shell, "spawn", file, "hi", "--once", "--json", THE_KEY=KEY
        )


async def test_what_a_server_said_is_said_again_without_it(shell: Shell) -> None:
    call = ChatCall("call_a", "glob", '{"pattern": "*"}')
    said = await _asked(
        shell,
        chat_stream("I look.", calls=[call]),
        streamed(
            chat_chunk({"content": f"Grüße, {KEY}"})[:-30],
            chat_chunk({"content": f"Grüße, {KEY}"})[-30:],
            chat_chunk(finish_reason="stop"),
            DONE,
        ),
        more="[agent]\nrecord = true\n",
    )
    first, second = _recordings(shell, said)

    assert said.code == 0
    assert first.name.startswith("000001-t1.1.1.")
    assert second.name.startswith("000002-t1.2.1.")
    for file in (first, second):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert KEY not in file.read_text(encoding="utf-8")
        shutil.copy(file, shell.directory)

    steps = (f'recording = "{file.name}"' for file in (first, second))
    again = shell("spawn", shell.manifest(*steps), "hi", "--once", "--json")

    assert again.code == 0
    assert [again.document["result"]["text"], "glob"] == [
        "Grüße, [key]",
        next(x["name"] for x in again.lines if x.get("event") == "tool_call"),
    ]


async def test_a_recording_is_a_script_of_its_own(shell: Shell) -> None:
    broken = streamed(chat_chunk({"content": "some"}), b'data: {"choices": 7}\n\n')
    once = "retries = { broken_streams = 0 }\n"
    said = await _asked(shell, broken, more=f"{once}[agent]\nrecord = true\n")
    (file,) = _recordings(shell, said)
    then = said.document["result"]["outcome"]
    asks = shell.manifest("text = 'unused'")

    again = shell("spawn", asks, "hi", "--set", f"model.script={file}", "--json")

    assert then["code"] == "malformed"
    assert again.document["result"]["outcome"]["code"] == "malformed"


async def test_nothing_is_recorded_that_nobody_wants(shell: Shell) -> None:
    said = await _asked(shell, chat_stream("fine"), more="")

    assert said.code == 0
    assert _recordings(shell, said) == []
    session = shell.places.session(said.document["result"]["session"])
    assert not (session / "recordings").exists()


def test_a_damaged_recording_is_told_at_the_start(shell: Shell) -> None:
    (shell.directory / "x.recording.jsonl").write_text('{"kind":"recording"', "utf-8")
    manifest = shell.manifest('recording = "x.recording.jsonl"')

    said = shell("spawn", manifest, "hi", "--json")

    assert said.code == 2
    assert "x.recording.jsonl:1" in said.error["message"]
    assert shell.pods() == []
