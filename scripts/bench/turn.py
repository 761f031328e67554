"""A whole turn (G10): model, tool, model, streamed, against a raw httpx loop.

The pod does all that a pod does: journal, events to a subscriber, scope check. Its
state lies in memory (/dev/shm), so that syncing to a disk is left out on both sides.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import select
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

import httpx
import msgspec
from ratio import compare, show

from podd.client.connection import PodConnection
from podd.core.context.conversation import TextPart
from podd.core.session import entries as e
from podd.core.session.stamps import uuid7
from podd.journal.opening import create_journal
from podd.journal.session_directory import SessionDirectory
from podd.launch.start import StartRequest, start
from podd.manifest.document import to_document
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.manifest.resolved import Resolved
from podd.paths import Places
from podd_protocol.events import TurnEnded
from podd_protocol.requests import Run, Shutdown, Subscribe
from podd_protocol.values import Completed, Usage

HISTORIES = (0, 2_000)
ROUNDS = 15


def chunk(delta: str, finish: str = "null") -> str:
    choice = f'{{"index":0,"delta":{delta},"finish_reason":{finish}}}'
    return f'data: {{"choices":[{choice}]}}\n\n'


CALL = (
    chunk(
        '{"tool_calls":[{"index":0,"id":"a","function":{"name":"glob",'
        '"arguments":"{\\"pattern\\":\\"*.toml\\"}"}}]}'
    )
    + chunk("{}", '"tool_calls"')
    + "data: [DONE]\n\n"
).encode()
TEXT = (
    "".join(chunk(f'{{"content":"word{number} "}}') for number in range(20))
    + chunk("{}", '"stop"')
    + "data: [DONE]\n\n"
).encode()


def serve(port: int) -> None:
    """Answer at once: a call, or text where the last message is a tool's."""

    async def client(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(
                    head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
                )
                body = await reader.readexactly(length)
                is_second = body.rfind(b'"role":"tool"') > body.rfind(b'"role":"user"')
                answer = TEXT if is_second else CALL
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n"
                    + f"{len(answer):x}\r\n".encode()
                    + answer
                    + b"\r\n0\r\n\r\n"
                )
        except asyncio.IncompleteReadError:
            writer.close()

    async def main() -> None:
        async with await asyncio.start_server(
            client, "127.0.0.1", port, limit=1 << 24
        ) as s:
            await s.serve_forever()

    asyncio.run(main())


class RawLoop:
    """The least that a program in Python does for such a run: httpx and msgspec."""

    def __init__(self, url: str, history: int, directory: Path) -> None:
        self._url = url
        self._client = httpx.AsyncClient(trust_env=False)
        self._loop = asyncio.new_event_loop()
        self._directory = directory
        self._messages = [{"role": "system", "content": "You are a pod." * 40}]
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

    async def _ask(self, messages: list[dict[str, object]]) -> list[object]:
        body = msgspec.json.encode({"model": "m", "stream": True, "messages": messages})
        calls: list[object] = []
        headers = {"content-type": "application/json"}
        async with self._client.stream(
            "POST", f"{self._url}/chat/completions", content=body, headers=headers
        ) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    delta = msgspec.json.decode(line[6:])["choices"][0]["delta"]
                    calls += delta.get("tool_calls", [])
        return calls


class PodTurn:
    """The same run by a pod, as a client that follows it sees it."""

    def __init__(self, places: Places, resolved: Resolved, session: str | None) -> None:
        self.started = start(
            StartRequest(
                places=places, resolved=None if session else resolved, resume=session
            )
        )
        self._pod = PodConnection.open(Path(self.started.socket))
        self._pod.ask(Subscribe(id=0))

    def __call__(self) -> float:
        before = time.perf_counter()
        self._pod.ask(Run(id=0, input="go"))
        for heard in self._pod.events(timeout_seconds=30.0):
            if isinstance(heard.event, TurnEnded):
                if heard.event.outcome != Completed():
                    raise RuntimeError(heard.event.outcome)
                return time.perf_counter() - before
        raise RuntimeError("the turn had no end")

    def end(self) -> None:
        self._pod.ask(Shutdown(id=0, mode="now"))
        self._pod.close()
        os.waitpid(self.started.pid, 0)


def session_with(places: Places, resolved: Resolved, history: int) -> str:
    """A session whose conversation has so many messages already."""
    session = uuid7(time.time_ns() // 1_000_000, os.urandom(10))
    journal = create_journal(SessionDirectory(places.session(session)))
    journal.append(
        e.SessionStarted(
            format=e.FORMAT,
            session=session,
            pod="bench",
            origin=e.Origin(kind="new"),
            manifest=to_document(resolved),
            podd="bench",
        )
    )
    for number in range(1, history // 2 + 1):
        turn, cause = f"t{number}", f"c{number}"
        question, answer = f"question {number} " * 8, f"answer {number} " * 8
        for entry in (
            e.InputAccepted(turn=turn, cause=cause, origin="user", text=question),
            e.TurnStarted(turn=turn, causes=(cause,)),
            e.ModelResponded(
                turn=turn,
                step=1,
                attempt=1,
                parts=(TextPart(answer),),
                stop_reason="stop",
                usage=Usage(requests=1),
            ),
            e.TurnEnded(turn=turn, outcome=Completed(), text=answer, usage=Usage()),
        ):
            journal.append(entry)
    journal.close()
    return session


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = multiprocessing.get_context("fork").Process(
        target=serve, args=(port,), daemon=True
    )
    server.start()
    wait_for(port)
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as directory:
        root = Path(directory)
        places = Places(root / "run", root / "state", root / "config")
        url = f"http://127.0.0.1:{port}/v1"
        (root / "pod.toml").write_text(
            '[pod]\nname = "bench"\n[model]\nref = "openai_chat/m"\n'
            f'base_url = "{url}"\nauth = {{ none = true }}\n[scope]\nread = ["."]\n',
            encoding="utf-8",
        )
        request = LoadRequest(root / "pod.toml", [], root, os.environ, places)
        resolved = load(request)
        figures = []
        for history in HISTORIES:
            session = session_with(places, resolved, history) if history else None
            turn = PodTurn(places, resolved, session)
            goal = "2.0" if history == 0 else "1.5"
            name = f"G10 run, {history} messages before"
            raw = RawLoop(url, history, root)
            figures.append(compare(name, goal, turn, raw, rounds=ROUNDS))
            turn.end()
        show(figures)
    server.terminate()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        with socket.socket() as link:
            if link.connect_ex(("127.0.0.1", port)) == 0:
                return
        select.select([], [], [], 0.01)
    raise RuntimeError("the server did not start")


main()
