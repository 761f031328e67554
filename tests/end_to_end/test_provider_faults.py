"""Whatever a model's server does: the turn says why, and the next one works.

The server is a real one, on loopback; it sends these bytes and no others.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from podd.testing.provider_server import (
    DONE,
    ProviderServer,
    Reply,
    Reset,
    chat_chunk,
    chat_stream,
    chunked,
    document,
    event,
    head,
    streamed,
    whole,
)
from tests.end_to_end.shell import Shell

pytestmark = pytest.mark.end_to_end

#: A retry that need not be waited for.
AT_ONCE = (("Retry-After", "0"),)
#: All tries of one request that nothing was heard of.
TRIES = 4
#: All tries of one whose answer begins and breaks off: `broken_streams` more.
BROKEN = 2


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the server sends, and what comes of it."""

    name: str
    reply: Reply
    code: str
    tries: int = 1


FAULTS = (
    Fault(name="401", reply=document(401, {"error": {"message": "no"}}), code="auth"),
    Fault(
        name="429 for ever",
        reply=document(429, {"error": {"message": "slow"}}, headers=AT_ONCE),
        code="rate_limited",
        tries=TRIES,
    ),
    Fault(
        name="500 for ever",
        reply=document(500, {"error": {"message": "oh"}}, headers=AT_ONCE),
        code="server_error",
        tries=TRIES,
    ),
    Fault(
        name="HTML",
        reply=whole(200, b"<html>Log in</html>", content_type="text/html"),
        code="malformed",
    ),
    Fault(name="no JSON", reply=streamed(b"data: {oops\n\n", DONE), code="malformed"),
    Fault(
        name="cut in the middle",
        reply=Reply(head(), chunked(chat_chunk({"content": "Hal"})), Reset()),
        code="cut",
        tries=BROKEN,
    ),
    Fault(
        name="no end marker",
        reply=streamed(chat_chunk({"content": "Hal"})),
        code="cut",
        tries=BROKEN,
    ),
    Fault(
        name="error in the stream",
        reply=streamed(
            chat_chunk({"content": "Hal"}),
            event({"error": {"message": "gone wrong", "code": 500}}),
        ),
        code="server_error",
        tries=BROKEN,
    ),
    Fault(
        name="empty answer",
        reply=streamed(chat_chunk(finish_reason="stop"), DONE),
        code="empty_response",
    ),
)


def _manifest(shell: Shell, url: str) -> Path:
    (shell.directory / "work").mkdir()
    file = shell.directory / "demo.toml"
    file.write_text(
        '[pod]\nname = "demo"\nworkdir = "work"\n'
        f'[model]\nref = "openai_chat/m"\nbase_url = "{url}"\n'
        f"retries.broken_streams = {BROKEN - 1}\n",
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-")
)
async def test_the_turn_fails_by_name_and_the_next_one_works(
    fault: Fault, shell: Shell
) -> None:
    async with ProviderServer() as server:
        server.play(*[fault.reply] * fault.tries, chat_stream("all ", "is well"))

        failed = await asyncio.to_thread(
            shell, "spawn", _manifest(shell, server.url), "hi", "--json"
        )
        tries = len(server.requests)
        verified = await asyncio.to_thread(shell, "session", "verify", "demo")
        after = await asyncio.to_thread(shell, "run", "demo", "again")
        sent = server.requests[-1].json()["messages"]

    result = failed.document["result"]
    assert failed.code == 1
    assert (result["outcome"]["kind"], result["outcome"]["code"]) == (
        "failed",
        fault.code,
    )
    assert result["outcome"]["message"]
    assert tries == fault.tries
    assert failed.events.count("retry_scheduled") == fault.tries - 1
    assert verified.code == 0
    assert (after.code, after.out) == (0, "all is well\n")
    # What a broken answer had said is in the journal, not in the conversation.
    assert [m["role"] for m in sent if m["role"] != "system"] == ["user", "user"]


async def test_a_server_that_was_busy_is_asked_again(shell: Shell) -> None:
    busy = document(429, {"error": {"message": "slow"}}, headers=AT_ONCE)
    async with ProviderServer() as server:
        server.play(busy, chat_stream("now"))
        said = await asyncio.to_thread(
            shell, "spawn", _manifest(shell, server.url), "hi", "--once", "--json"
        )

    assert (said.code, said.document["result"]["text"]) == (0, "now")
    assert said.events.count("retry_scheduled") == 1
    assert len(server.requests) == 2


def test_a_refused_connection_is_said_after_the_last_try(shell: Shell) -> None:
    with socket.socket() as unheard:
        # Bound and not listening: nobody else gets this port, and nobody answers.
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}/v1"
        said = shell("spawn", _manifest(shell, url), "hi", "--once", "--json")

    outcome = said.document["result"]["outcome"]
    assert (said.code, outcome["code"]) == (1, "unreachable")
    assert said.events.count("retry_scheduled") == TRIES - 1
    assert shell.is_clean()
    assert shell("session", "verify", "last").code == 0
