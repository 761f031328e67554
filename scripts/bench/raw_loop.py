"""The yardstick: the least that a program in Python does with httpx and msgspec.

raw_loop.py URL      one run from a cold start, then the end
raw_loop.py URL -    an answer's words as they come, one answer for each line read
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

HEADERS = {"content-type": "application/json"}


class Delta(msgspec.Struct):
    """What is new."""

    content: str | None = None


class Choice(msgspec.Struct):
    """One of the answers."""

    delta: Delta


class Chunk(msgspec.Struct):
    """One event, as far as it is of use here."""

    choices: list[Choice]


_chunks = msgspec.json.Decoder(Chunk)


class RawLoop:
    """A run: model, tool, model, streamed."""

    def __init__(self, url: str, history: int, directory: Path) -> None:
        self._url = url
        self._client = httpx.AsyncClient(trust_env=False)
        self._loop = asyncio.new_event_loop()
        self._directory = directory
        self._messages: list[dict[str, Any]] = [
            {"role": "system", "content": "You are a pod." * 40}
        ]
        for number in range(history // 2):
            self._messages.append(
                {"role": "user", "content": f"question {number} " * 8}
            )
            self._messages.append(
                {"role": "assistant", "content": f"answer {number} " * 8}
            )

    def __call__(self) -> float:
        before = time.perf_counter()
        self._loop.run_until_complete(self._run())
        return time.perf_counter() - before

    async def _run(self) -> None:
        messages = [*self._messages, {"role": "user", "content": "go"}]
        call = await self._ask(messages)
        names = sorted(p.name for p in self._directory.glob("*.toml"))
        messages.append({"role": "assistant", "content": None, "tool_calls": call})
        messages.append(
            {"role": "tool", "tool_call_id": "a", "content": "\n".join(names)}
        )
        await self._ask(messages)

    async def _ask(self, messages: list[dict[str, Any]]) -> list[Any]:
        body = msgspec.json.encode({"model": "m", "stream": True, "messages": messages})
        calls: list[Any] = []
        async with self._client.stream(
            "POST", f"{self._url}/chat/completions", content=body, headers=HEADERS
        ) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    delta = msgspec.json.decode(line[6:])["choices"][0]["delta"]
                    calls += delta.get("tool_calls", [])
        return calls


async def _words(client: httpx.AsyncClient, url: str) -> int:
    """Read an answer in the cheapest way: raw bytes, split by hand, typed."""
    words = 0
    rest = b""
    body = b'{"model":"m","stream":true,"messages":[]}'
    async with client.stream(
        "POST", f"{url}/chat/completions", content=body, headers=HEADERS
    ) as response:
        async for data in response.aiter_raw():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event.startswith(b"data: {"):
                    delta = _chunks.decode(event[6:]).choices[0].delta
                    words += delta.content is not None
    return words


async def _read_answers(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in iter(sys.stdin.readline, ""):
            print(await _words(client, url), flush=True)


if __name__ == "__main__":
    if sys.argv[2:]:
        asyncio.run(_read_answers(sys.argv[1]))
    else:
        RawLoop(sys.argv[1], 0, Path())()
