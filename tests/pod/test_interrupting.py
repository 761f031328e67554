"""Promise 8 for a whole pod: real requests, commands, people and children.

The model's server is a real one, on loopback. What it is sent after an interruption is
what counts: each call with its one result, right behind the answer that asked for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import msgspec
import pytest

from podd.launch.start import Started
from podd.paths import Places
from podd.sandbox.probe import probe
from podd.testing.provider_server import (
    ChatCall,
    Hang,
    ProviderServer,
    Reply,
    chat_chunk,
    chat_stream,
    chunked,
    document,
    full_backlog,
    head,
)
from podd.testing.wire_client import WireClient
from podd_protocol.events import TurnEnded
from podd_protocol.requests import Cancel, Pause, Resume, Run, Shutdown, Status
from podd_protocol.values import Cancelled, Completed
from tests.end_to_end.families import write_child
from tests.end_to_end.shell import until_true
from tests.launch.pods import (
    ENDLESS,
    LIMIT_SECONDS,
    OUTLIVES,
    Watched,
    entries,
    resumed,
    started,
)
from tests.runtime.one_rule import end_of, results
from tests.testing.connections import is_connecting

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings(OUTLIVES)]

#: About a second for whatever it is, and as much for a machine that is busy.
PROMPT_SECONDS = 2.0

#: Hears nothing but SIGKILL.
HUNG = "trap '' TERM INT HUP; echo up; while :; do sleep 0.05; done # {0}"


@dataclass(kw_only=True)
class World:
    """A pod, who asks it, and the server that it asks."""

    places: Places
    directory: Path
    server: ProviderServer
    port: int
    pod: Started
    client: WireClient
    hear: Callable[[], Awaitable[None]]
    """Serve, if nobody was heard before."""

    async def until(self, name: str):
        return (await self.client.until(name))[-1]

    async def ended(self, turn: str) -> TurnEnded:
        """The end of this turn."""
        events = await self.client.events_until(
            lambda event: isinstance(event, TurnEnded) and event.turn == turn
        )
        return events[-1]

    def entries(self) -> list:
        return entries(self.places, self.pod.session)


async def _nothing(_world: World) -> None:
    """Nobody has to notice anything."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Where a turn stands, what shows it, and what shows that nothing is left."""

    name: str
    replies: Callable[[str], tuple[Reply, ...]] = lambda _token: ()
    reached: Callable[[World], Awaitable[object]]
    released: Callable[[World], Awaitable[object]] = _nothing
    results: dict[str, str] = field(default_factory=dict)
    is_deaf: bool = False
    """The server hears nobody until it is interrupted."""


async def _waits(holds: Callable[[], object]) -> None:
    await asyncio.to_thread(until_true, holds)


async def _connects(world: World) -> None:
    await _waits(lambda: is_connecting(world.port))


async def _connects_no_more(world: World) -> None:
    await _waits(lambda: not is_connecting(world.port))


async def _has_asked(world: World) -> None:
    await world.until("step_started")
    await world.server.arrived.wait()


async def _has_hung_up(world: World) -> None:
    await world.server.requests[0].abandoned.wait()


def _runs(token: str) -> bool:
    """Whether a process with this in its command line lives."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if token.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


async def _command_runs(world: World) -> None:
    await world.until("tool_output_delta")
    assert _runs(f"# {world.directory}")


async def _command_is_gone(world: World) -> None:
    await _waits(lambda: not _runs(f"# {world.directory}"))


def _calls(*named: tuple[str, dict[str, object]]) -> Reply:
    return chat_stream(
        calls=[
            ChatCall(f"call_{number}", name, msgspec.json.encode(arguments).decode())
            for number, (name, arguments) in enumerate(named)
        ]
    )


def _child(token: str) -> tuple[Reply, ...]:
    spawned = {"name": "kid", "task": "do it", "manifest": "child.toml"}
    return (
        _calls(("spawn_pod", {**spawned, "scope": {"write": ["kid"]}})),
        _calls(("wait_pods", {"names": ["kid"]})),
    )


async def _waits_for_its_child(world: World) -> None:
    while (await world.until("tool_started")).name != "wait_pods":
        pass


BUSY = document(429, {"error": {"message": "slow"}}, headers=(("Retry-After", "30"),))
SOME = chunked(chat_chunk({"content": "some"}))

CONNECTING = Situation(
    name="connecting", reached=_connects, released=_connects_no_more, is_deaf=True
)
FIRST_BYTE = Situation(
    name="before the first byte",
    replies=lambda _: (Reply(Hang()),),
    reached=_has_asked,
    released=_has_hung_up,
)
RETRY = Situation(
    name="in the delay of a retry",
    replies=lambda _: (BUSY,),
    reached=lambda world: world.until("retry_scheduled"),
)
STREAM = Situation(
    name="in a stalled stream",
    replies=lambda _: (Reply(head(), SOME, Hang()),),
    reached=lambda world: world.until("text_delta"),
    released=_has_hung_up,
)
TOOL = Situation(
    name="in a hung tool",
    replies=lambda token: (_calls(("bash", {"command": HUNG.format(token)})),),
    reached=_command_runs,
    released=_command_is_gone,
    results={"t1.1.1": "interrupted"},
)
APPROVAL = Situation(
    name="before an approval",
    replies=lambda _: (_calls(("write_file", {"path": "x", "content": "x"})),),
    reached=lambda world: world.until("approval_requested"),
    results={"t1.1.1": "interrupted"},
)
CHILD = Situation(
    name="waiting for a child",
    replies=_child,
    reached=_waits_for_its_child,
    results={"t1.1.1": "ok", "t1.2.1": "interrupted"},
)

CONFINED = pytest.mark.skipif(probe().means is None, reason="no command is confined")


def _in_each(*situations: Situation) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "situation",
        [
            pytest.param(one, marks=CONFINED if one is TOOL else (), id=_id(one))
            for one in situations
        ],
    )


def _id(situation: Situation) -> str:
    return situation.name.replace(" ", "-")


def _manifest(directory: Path, url: str) -> Path:
    write_child(directory, ENDLESS)
    file = directory / "demo.toml"
    file.write_text(
        '[pod]\nname = "demo"\nworkdir = "work"\n'
        f'[model]\nref = "openai_chat/m"\nbase_url = "{url}"\n'
        '[scope]\nread = ["."]\nwrite = ["."]\n'
        '[permissions]\nrules = [{ tool = "write_file", action = "ask" }]\n',
        encoding="utf-8",
    )
    return file


@asynccontextmanager
async def _standing(
    situation: Situation, places: Places, directory: Path
) -> AsyncIterator[World]:
    """Bring the first turn of a pod there."""
    async with asyncio.timeout(2 * LIMIT_SECONDS), AsyncExitStack() as stack:
        backlog = stack.enter_context(ExitStack())
        listener = None
        if situation.is_deaf:
            listener = backlog.enter_context(full_backlog())
            port = listener.getsockname()[1]
            server = ProviderServer(listener)
        else:
            server = await stack.enter_async_context(ProviderServer())
            port = server.port
        server.play(*situation.replies(str(directory)))
        server.always = chat_stream("done")

        async def hear() -> None:
            if listener is not None:
                backlog.close()
                await stack.enter_async_context(server)

        file = _manifest(directory, f"http://127.0.0.1:{port}/v1")
        pod = await asyncio.to_thread(started, places, file)
        world = World(
            places=places,
            directory=directory,
            server=server,
            port=port,
            hear=hear,
            pod=pod,
            client=await _client(pod),
        )
        await world.client.ask(Run(id=1, input="work"))
        await situation.reached(world)
        yield world
        await world.client.close()


async def _client(pod: Started) -> WireClient:
    client = await WireClient.connect(Path(pod.socket))
    await client.subscribe()
    return client


async def _next_turn_works(world: World) -> None:
    accepted = await world.client.ask(Run(id=3, input="again"))
    assert (await world.ended(accepted.turn)).text == "done"
    _assert_sent_is_valid(world)


def _assert_sent_is_valid(world: World) -> None:
    """What the server was asked last: each call has one result, right behind it."""
    messages = world.server.requests[-1].json()["messages"]
    while messages:
        message = messages.pop(0)
        assert message["role"] != "tool", message
        calls = [call["id"] for call in message.get("tool_calls", ())]
        behind = messages[: len(calls)]
        assert [one.get("tool_call_id") for one in behind] == calls
        del messages[: len(calls)]


@_in_each(CONNECTING, FIRST_BYTE, RETRY, STREAM, TOOL, APPROVAL, CHILD)
async def test_a_turn_is_cancelled_wherever_it_stands(
    situation: Situation, places: Places, tmp_path: Path
) -> None:
    """Promise 3: each call has its one result, then the turn ends, then nothing."""
    async with _standing(situation, places, tmp_path) as world:
        asked = len(world.server.requests)
        with anyio.fail_after(PROMPT_SECONDS):
            await world.client.ask(Cancel(id=2))
            ended = await world.ended("t1")

        assert ended.outcome == Cancelled(by="user")
        await situation.released(world)
        status = await world.client.ask(Status(id=4))
        assert (status.state, status.approvals) == ("idle", [])
        assert len(world.server.requests) == asked
        await world.hear()

        await _next_turn_works(world)

        written = world.entries()
        assert end_of(written).outcome == Cancelled(by="user")
        assert results(written) == situation.results


@_in_each(RETRY, STREAM)
async def test_a_request_is_given_up_by_a_pause_and_sent_again_when_it_goes_on(
    situation: Situation, places: Places, tmp_path: Path
) -> None:
    async with _standing(situation, places, tmp_path) as world:
        with anyio.fail_after(PROMPT_SECONDS):
            await world.client.ask(Pause(id=2))
            await situation.released(world)
        assert (await world.client.ask(Status(id=4))).state == "paused"
        await world.hear()

        await world.client.ask(Resume(id=5))

        ended = await world.ended("t1")
        assert (ended.outcome, ended.text) == (Completed(), "done")
        await _next_turn_works(world)
        assert end_of(world.entries()).outcome == Completed()


@_in_each(STREAM, TOOL)
async def test_a_pod_is_stopped_at_once_and_goes_on_when_it_is_restored(
    situation: Situation, places: Places, tmp_path: Path
) -> None:
    async with _standing(situation, places, tmp_path) as world:
        process = Watched(world.pod.pid)
        await world.client.ask(Shutdown(id=2, mode="now"))
        await situation.released(world)
        await asyncio.to_thread(process.wait)
        assert results(world.entries()) == situation.results

        await world.client.close()
        world.pod = await asyncio.to_thread(resumed, places, world.pod.session)
        world.client = await _client(world.pod)

        ended = await world.ended("t1")
        assert (ended.outcome, ended.text) == (Completed(), "done")
        await _next_turn_works(world)
        written = world.entries()
        assert end_of(written).outcome == Completed()
        assert results(written) == situation.results
