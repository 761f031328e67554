"""What is kept of an answer while it comes, and that it can be played again."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing

import pytest

from podd.core.context.response import TextDelta
from podd.providers import tape
from podd.providers.recording import Recording, read, written
from podd.providers.registry import build
from podd.providers.settings import KeyFromEnvironment, ModelSettings, RetryLimits
from podd.testing.provider_server import (
    DONE,
    Gate,
    Reply,
    chat_chunk,
    chat_stream,
    chunked,
    document,
    head,
    streamed,
)
from tests.providers.test_transport import BAD_ANSWERS, REFUSALS

ONCE = RetryLimits(attempts=1)
KEY = "sk-of-nobody/at-all"


@pytest.fixture(name="kept")
def _kept() -> list[Recording]:
    return []


@pytest.fixture(name="recorded")
def _recorded(server, world, kept, ask, hear):
    """Ask a server once, on a tape."""

    async def recorded(*pieces, until=None):
        provider = build(
            ModelSettings(
                provider="openai_chat",
                name="m",
                base_url=server.url,
                retries=ONCE,
                auth=KeyFromEnvironment("KEY"),
            ),
            environment={"KEY": KEY},
            ports=dataclasses.replace(world.ports(), recorder=kept.append),
        )
        server.play(*pieces)
        try:
            if until is None:
                return await hear(provider, ask())
            async with aclosing(provider.stream(ask(), print)) as answer:
                async for item in answer:
                    if isinstance(item, until):
                        return None
            raise AssertionError("it ended before")
        finally:
            await provider.aclose()

    return recorded


@pytest.fixture(name="played")
def _played(tmp_path, world, ask, hear):
    """Play a recording as the scripted provider."""

    async def played(recording: Recording):
        file = tmp_path / "x.recording.jsonl"
        file.write_bytes(written(recording))
        settings = ModelSettings(
            provider="scripted", name="x", script=str(file), retries=ONCE
        )
        provider = build(settings, environment={}, ports=world.ports())
        return await hear(provider, ask())

    return played


async def test_what_came_is_kept_in_its_pieces_with_their_times(recorded, kept, server):
    gate = Gate()
    gate.open.set()
    some, end = chat_chunk({"content": "Grüße"}), chat_chunk(finish_reason="stop")

    await recorded(streamed(some[:60], gate, some[60:], end + DONE))

    (found,) = kept
    assert found.asked.provider == "openai_chat"
    assert found.asked.sent_bytes == len(server.requests[0].body)
    assert found.answered is not None
    assert (found.answered.status, found.end.fault) == (200, None)
    assert found.answered.headers == {"content-type": "text/event-stream"}
    assert b"".join(piece.content for piece in found.pieces) == some + end + DONE
    times = [piece.seconds for piece in found.pieces]
    assert 0 <= found.answered.seconds <= times[0]
    assert times == sorted(times)
    assert found.end.seconds >= times[-1]


async def test_nothing_is_kept_where_nobody_wants_it(connect, server, ask, hear):
    server.play(chat_stream("fine"))

    assert (await hear(connect(server.url), ask())).text == "fine"


@pytest.mark.parametrize("name", [*BAD_ANSWERS, *REFUSALS])
async def test_what_went_wrong_goes_wrong_again(name, recorded, kept, played):
    reply = BAD_ANSWERS[name][0] if name in BAD_ANSWERS else REFUSALS[name][0]

    then = await recorded(reply)
    now = await played(kept[0])

    assert now.response is None
    assert (now.fault, now.error.status) == (then.fault, then.error.status)
    assert now.error.provider == "openai_chat"
    assert now.deltas == then.deltas


async def test_a_whole_answer_is_the_same_again(recorded, kept, played):
    then = await recorded(chat_stream("Grüße, Welt"))
    now = await played(read(written(kept[0]), "x"))

    assert (now.deltas, now.response) == (then.deltas, then.response)


async def test_what_was_given_up_is_kept_as_far_as_it_came(recorded, kept, played):
    gate = Gate()
    some = chat_chunk({"content": "some"})
    await recorded(streamed(some, gate), until=TextDelta)

    now = await played(kept[0])

    assert kept[0].end.fault == "interrupted"
    assert now.deltas == [TextDelta("some")]
    assert now.fault == "cut"


@pytest.mark.parametrize("at", [0, 3, len(KEY)])
async def test_a_key_is_kept_nowhere(at, recorded, kept):
    echo = chat_chunk({"content": f"it is {KEY}, you said"})
    cut = echo.index(KEY.encode()) + at

    await recorded(streamed(echo[:cut], echo[cut:], DONE))
    await recorded(document(401, {"error": {"message": f"bad key {KEY}"}}))

    for found in kept:
        assert KEY.encode() not in written(found)
        content = b"".join(piece.content for piece in found.pieces)
        assert KEY.encode() not in content
        assert b"[key]" in content


async def test_cookies_and_accounts_are_not_kept(recorded, kept):
    headers = [
        ("set-cookie", "a=b"),
        ("openai-organization", "me"),
        ("retry-after", "7"),
    ]
    await recorded(document(429, {"error": {"message": "slow"}}, headers=headers))

    assert kept[0].answered is not None
    assert kept[0].answered.headers == {
        "content-type": "application/json",
        "retry-after": "7",
    }


async def test_an_answer_that_is_too_long_is_kept_up_to_there(
    recorded, kept, played, monkeypatch
):
    monkeypatch.setattr(tape, "TAPE_BYTES", 600)
    pieces = [chat_chunk({"content": str(number)}) for number in range(9)]
    framed = [chunked(piece) for piece in (*pieces, DONE)]

    then = await recorded(Reply(head(), *framed, chunked(b"")))
    now = await played(kept[0])

    assert then.fault is None
    assert kept[0].end.fault == "too_long"
    assert len(written(kept[0])) < 2000
    assert now.fault == "cut"
    assert "too long" in now.error.message
