"""Everything a server can do to a request, over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import aclosing

import pytest

from podd.core.context.response import TextDelta
from podd.errors import ProviderError
from podd.providers.settings import KeyFromEnvironment, RetryLimits, Timeouts
from podd.testing.provider_server import (
    DONE,
    Close,
    Gate,
    Hang,
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

LIMIT_SECONDS = 5
ONCE = RetryLimits(attempts=1)
HURRIED = Timeouts(first_byte_seconds=0.4, between_bytes_seconds=0.05)
SOME = chat_chunk({"content": "some"})
END = chat_chunk(finish_reason="stop")
QUOTA = {"error": {"message": "pay", "type": "x", "code": "insufficient_quota"}}
OVERFLOW = {"error": {"message": "long", "code": "context_length_exceeded"}}
PAGE = b"<!DOCTYPE html><html><title>502 Bad Gateway</title></html>"


def _error(message="no", **more):
    return {"error": {"message": message, **more}}


REFUSALS = {
    "300": (document(300, {}), "not_found", 300),
    "400": (document(400, _error()), "bad_request", 400),
    "400 too long": (document(400, OVERFLOW), "context_overflow", 400),
    "401": (document(401, _error()), "auth", 401),
    "402": (document(402, _error()), "quota", 402),
    "403": (document(403, _error()), "refused", 403),
    "404": (document(404, {"detail": "Not Found"}), "not_found", 404),
    "408": (document(408, _error()), "timed_out", 408),
    "409": (document(409, _error()), "overloaded", 409),
    "425": (document(425, _error()), "overloaded", 425),
    "429": (document(429, _error()), "rate_limited", 429),
    "429 quota": (document(429, QUOTA), "quota", 429),
    "500": (document(500, _error()), "server_error", 500),
    "502 page": (whole(502, PAGE, content_type="text/html"), "server_error", 502),
    "503": (whole(503, b"busy"), "overloaded", 503),
    "504": (whole(504, b""), "timed_out", 504),
    "529": (document(529, _error()), "overloaded", 529),
}
BAD_ANSWERS = {
    "page": (whole(200, PAGE), "malformed"),
    "error in place of a stream": (document(200, _error()), "server_error"),
    "other document": (document(200, {"status": "fine"}), "malformed"),
    "garbage": (streamed(b"data: {nonsense\n\n"), "malformed"),
    "no event stream": (whole(200, b"hello, I am no stream"), "cut"),
    "wrong shape": (streamed(event({"choices": [{"delta": 7}]})), "malformed"),
    "not UTF-8": (streamed(b'data: {"object":"\xff"}\n\n'), "malformed"),
    "error event": (streamed(event(_error(code=503))), "overloaded"),
    "error after content": (streamed(SOME, event(_error())), "server_error"),
    "named error event": (
        streamed(SOME, b'event: error\ndata: {"message":"x"}\n\n'),
        "server_error",
    ),
    "quota inside": (streamed(event(QUOTA)), "quota"),
    "overflow inside": (streamed(event(OVERFLOW)), "context_overflow"),
    "cut between events": (Reply(head(), chunked(SOME), Close()), "cut"),
    "cut in an event": (Reply(head(), chunked(SOME[:-9]), Close()), "cut"),
    "reset": (Reply(head(), chunked(SOME), Reset()), "cut"),
    "cut in a framed event": (streamed(SOME[:-9]), "cut"),
    "no end marker": (streamed(SOME), "cut"),
    "nothing": (streamed(), "cut"),
    "no text and no call": (streamed(END, DONE), "empty_response"),
    "blank text": (streamed(chat_chunk({"content": " \n"}), END), "empty_response"),
    "thoughts alone": (
        streamed(chat_chunk({"reasoning_content": "hm"}), END),
        "empty_response",
    ),
    "filtered": (
        streamed(chat_chunk(finish_reason="content_filter")),
        "content_filter",
    ),
    "closed before the headers": (Reply(Close()), "unreachable"),
    "no HTTP": (Reply(b"SSH-2.0-hello\r\n\r\n", Close()), "unreachable"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_named_with_its_status(name, server, connect, ask, hear):
    reply, fault, status = REFUSALS[name]
    server.play(reply)

    heard = await hear(connect(server.url, retries=ONCE), ask())

    assert heard.response is None
    assert (heard.fault, heard.error.status) == (fault, status)
    assert heard.error.provider == "openai_chat"


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_a_bad_answer_is_named_and_yields_no_response(
    name, server, connect, ask, hear
):
    reply, fault = BAD_ANSWERS[name]
    server.play(reply)

    heard = await hear(connect(server.url, retries=ONCE), ask())

    assert heard.response is None
    assert heard.fault == fault


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param((Hang(),), id="no headers"),
        pytest.param((head(), Hang()), id="headers alone"),
    ],
)
async def test_a_server_that_never_begins_times_out_and_is_tried_again(
    acts, server, connect, ask, hear
):
    server.play(Reply(*acts), chat_stream("fine"))

    heard = await hear(connect(server.url, timeouts=HURRIED), ask())

    assert heard.text == "fine"
    assert [retry.reason for retry in heard.retries] == ["timed_out"]
    async with asyncio.timeout(LIMIT_SECONDS):
        await server.requests[0].abandoned.wait()


async def test_a_server_that_stops_speaking_times_out_for_good(
    server, connect, ask, hear
):
    server.play(Reply(head(), chunked(SOME), Hang()))
    timeouts = Timeouts(first_byte_seconds=60, between_bytes_seconds=0.05)

    heard = await hear(connect(server.url, timeouts=timeouts), ask())

    assert heard.deltas == [TextDelta("some")]
    assert (heard.fault, heard.retries) == ("timed_out", [])


async def test_before_the_first_content_the_longer_limit_holds(
    server, connect, ask, hear
):
    server.play(Reply(head(), chunked(b": thinking\n\n"), Hang()))
    timeouts = Timeouts(first_byte_seconds=0.05, between_bytes_seconds=60)

    heard = await hear(connect(server.url, timeouts=timeouts, retries=ONCE), ask())

    assert heard.fault == "timed_out"


async def test_the_total_limit_ends_a_request_and_all_its_tries(
    server, connect, ask, hear
):
    server.always = Reply(head(), chunked(b": thinking\n\n"), Hang())

    heard = await hear(connect(server.url, timeouts=Timeouts(total_seconds=0.1)), ask())

    assert (heard.fault, heard.retries) == ("timed_out", [])


async def test_requests_share_one_connection(server, connect, ask, hear):
    server.always = chat_stream("fine")
    provider = connect(server.url)

    for _ in range(3):
        await hear(provider, ask())

    assert server.connections == 1


async def test_the_end_marker_ends_an_answer_that_the_server_leaves_open(
    server, connect, ask, hear
):
    server.play(Reply(head(), chunked(SOME + END + DONE), Hang()))

    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await hear(connect(server.url), ask())).text == "some"


@pytest.mark.parametrize(
    "act", [Close(), Reset(), Hang()], ids=["close", "reset", "hang"]
)
async def test_an_answer_with_its_finish_reason_needs_no_more(
    act, server, connect, ask, hear
):
    server.play(Reply(head(), chunked(SOME + END), act))

    heard = await hear(connect(server.url, timeouts=HURRIED, retries=ONCE), ask())

    assert heard.text == "some"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_the_split_of_the_bytes_makes_no_difference(
    size, server, connect, ask, hear
):
    body = "".join(
        chat_chunk({"content": text}).decode() for text in ("naïve ", "日本", "🦭")
    ).encode()
    body += END + DONE
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    server.play(streamed(*pieces))

    assert (await hear(connect(server.url), ask())).text == "naïve 日本🦭"


async def test_deltas_arrive_while_the_server_still_speaks(server, connect, ask):
    gate = Gate()
    server.play(streamed(SOME, gate, END, DONE))

    async with (
        asyncio.timeout(LIMIT_SECONDS),
        aclosing(connect(server.url).stream(ask(), lambda _: None)) as answer,
    ):
        assert await anext(answer) == TextDelta("some")
        assert not gate.open.is_set()
        gate.open.set()
        last = [item async for item in answer][-1]

    assert last.stop_reason == "stop"


async def test_a_compressed_answer_is_read_all_the_same(server, connect, ask, hear):
    import gzip

    body = gzip.compress(SOME + END + DONE)
    server.play(whole(200, body, headers=[("Content-Encoding", "gzip")]))

    assert (await hear(connect(server.url), ask())).text == "some"


async def test_a_redirect_is_not_followed(server, connect, ask, hear):
    target = [("Location", "http://elsewhere.example/")]
    server.play(document(307, {}, headers=target))

    assert (await hear(connect(server.url), ask())).fault == "not_found"
    assert len(server.requests) == 1


async def test_a_huge_refusal_is_cut_to_its_ends(server, connect, ask, hear):
    server.play(whole(400, b"start" + b"x" * 1_000_000))

    heard = await hear(connect(server.url), ask())

    assert "start" in heard.error.message
    assert len(heard.error.message.encode()) <= 4096


KEY = 'sk-secret/"key"-0123456789'


@pytest.mark.parametrize(
    "reply",
    [
        whole(401, b"wrong key: " + KEY.encode()),
        document(401, _error(f"wrong key: {KEY}")),
        document(401, _error(KEY * 900)),
        whole(401, b"x" * (64 * 1024 - 10) + KEY.encode() * 3),
        whole(401, b"x" * (4096 // 2 - 20) + KEY.encode() + b"y" * 4096),
        document(307, {}, headers=[("Location", f"http://x/?k={KEY}")]),
        streamed(event(_error(f"wrong key: {KEY}"))),
        document(200, {"said": KEY}),
        whole(401, KEY.replace("/", "\\/").replace('"', '\\"').encode()),
        Reply(f"HTTP/1.1 200 fine\r\nbad header {KEY}\r\n\r\n".encode(), Close()),
    ],
    ids=range(10),
)
async def test_the_key_is_in_no_error_and_no_retry(reply, server, connect, ask, hear):
    server.always = reply
    auth = KeyFromEnvironment("SOME_KEY")
    provider = connect(server.url, auth=auth, environment={"SOME_KEY": KEY})

    heard = await hear(provider, ask())

    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    told = [heard.error.message, repr(heard.error), str(heard.error.__cause__)]
    told += [retry.message for retry in heard.retries]
    assert heard.error.__cause__ is None or isinstance(heard.error, ProviderError)
    for text in told:
        for piece in (KEY, KEY[:10], "key", "0123456789"):
            assert piece not in text.replace("wrong key", "").replace("[key]", "")


async def test_a_password_in_the_base_url_is_in_no_error(connect, ask, hear):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"http://someone:hunter2@127.0.0.1:{port}/v1"

        heard = await hear(connect(url, retries=ONCE), ask())

    assert heard.fault == "unreachable"
    assert "hunter2" not in heard.error.message


async def test_a_proxy_is_not_asked_for_what_is_on_loopback(
    server, connect, ask, hear, monkeypatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.play(chat_stream("fine"))

    assert (await hear(connect(server.url, retries=ONCE), ask())).text == "fine"


async def test_nothing_is_left_open_after_an_error(server, connect, ask, hear):
    # Warnings are errors: a generator or a connection that was forgotten shows here.
    server.play(Reply(head(), chunked(SOME), Reset()))

    heard = await hear(connect(server.url), ask())
    gc.collect()

    assert heard.fault == "cut"


async def test_a_refusal_without_end_lets_the_connection_go(server, connect, ask, hear):
    server.play(Reply(head(400), chunked(b"x" * 100_000), Hang()))

    heard = await hear(connect(server.url), ask())

    assert heard.fault == "bad_request"
    async with asyncio.timeout(LIMIT_SECONDS):
        await server.requests[0].abandoned.wait()
