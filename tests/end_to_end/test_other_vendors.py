"""A conversation that goes from one vendor's model to another's, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.testing.provider_server import ProviderServer
from tests.end_to_end.shell import Shell
from tests.providers.conformance.anthropic import AnthropicDialect
from tests.providers.conformance.dialect import Dialect, Said
from tests.providers.conformance.openai_chat import OpenAIChatDialect

pytestmark = pytest.mark.end_to_end

FIRST: Dialect = AnthropicDialect()
SECOND: Dialect = OpenAIChatDialect()
SEALED = "c2VhbGVk"
LOOKS = Said(
    (
        ReasoningPart("Hm.", SEALED),
        TextPart("I look."),
        ToolCallPart("", "glob", '{"pattern":"*"}', "toolu_01Aq9"),
    ),
    "tool_use",
)


def _manifest(shell: Shell, url: str) -> Path:
    (shell.directory / "work").mkdir()
    file = shell.directory / "demo.toml"
    file.write_text(
        '[pod]\nname = "demo"\nworkdir = "work"\n'
        f'[model]\nref = "anthropic/m"\nbase_url = "{url}"\n',
        encoding="utf-8",
    )
    return file


async def test_tools_and_thoughts_survive_the_way_there_and_back(shell: Shell) -> None:
    async def type_(*words: str | Path) -> str:
        said = await asyncio.to_thread(shell, *words)
        assert said.code == 0, said
        return said.out

    def said(text: str) -> Said:
        return Said((TextPart(text),))

    async with ProviderServer() as first, ProviderServer() as second:
        first.play(FIRST.reply(LOOKS), FIRST.reply(said("It is empty.")))
        second.play(SECOND.reply(said("Still empty.")))
        url = FIRST.settings(first).base_url
        assert url is not None
        shell.places.configuration.mkdir(parents=True, exist_ok=True)
        shell.places.user_manifest.write_text(
            f'[model]\nref = "openai_chat/m"\nbase_url = "{second.url}"\n',
            encoding="utf-8",
        )
        await asyncio.to_thread(shell.spawned, _manifest(shell, url))

        assert await type_("run", "demo", "look") == "It is empty.\n"
        await type_("configure", "demo", "--set", "model.ref=openai_chat/m")
        assert await type_("run", "demo", "and now?") == "Still empty.\n"
        await type_("configure", "demo", "--set", "model.ref=anthropic/m")
        first.play(FIRST.reply(said("As I said.")))
        assert await type_("run", "demo", "sure?") == "As I said.\n"

    there = SECOND.read(second.requests[-1]).items
    back = FIRST.read(first.requests[-1]).items
    assert [item[:2] for item in there] == [
        ("user", "text"),
        ("model", "text"),
        ("model", "call"),
        ("result", "toolu_01Aq9"),
        ("model", "text"),
        ("user", "text"),
    ]
    assert ("model", "reasoning", "Hm.", SEALED) in back
    assert [item for item in back if item[1] == "text"][-3:] == [
        ("user", "text", "and now?"),
        ("model", "text", "Still empty."),
        ("user", "text", "sure?"),
    ]
