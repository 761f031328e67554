"""A living pod gets another model, other tools and limits, and keeps them.

The server is a real one, on loopback; what the model was sent is read there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from podd.client.connection import PodConnection
from podd.errors import FailureReplyError
from podd.paths import Places
from podd.testing.provider_server import ProviderServer, chat_stream
from podd_protocol.requests import Configure, Status
from tests.end_to_end.families import (
    SAID,
    Parent,
    call,
    results,
    says,
    spawn,
    write_child,
)
from tests.end_to_end.shell import Shell, kill
from tests.launch.pods import OUTLIVES, kill_all

pytestmark = [pytest.mark.end_to_end, pytest.mark.filterwarnings(OUTLIVES)]


@pytest.fixture
def places(universe: Places) -> Iterator[Places]:
    """Give a universe in which no pod outlives the test."""
    yield universe
    kill_all(universe)


async def test_a_pod_goes_from_a_script_to_a_server_and_back(shell: Shell) -> None:
    async def type_(*words: str) -> str:
        said = await asyncio.to_thread(shell, *words)
        assert said.code == 0, said
        return said.out

    manifest = shell.manifest('text = "by the script"', 'text = "and again"')
    shell.places.configuration.mkdir(parents=True, exist_ok=True)
    async with ProviderServer() as server:
        server.play(chat_stream("by the server"), chat_stream("after a crash"))
        # How the provider is reached is the user's to say, and in no manifest.
        shell.places.user_manifest.write_text(
            f'[model]\nref = "openai_chat/m"\nbase_url = "{server.url}"\n',
            encoding="utf-8",
        )
        pod = await asyncio.to_thread(shell.spawned, manifest)
        assert await type_("run", "demo", "one") == "by the script\n"
        await type_(
            *("configure", "demo", "--set", "model.ref=openai_chat/other"),
            *("--set", 'tools.allow=["grep"]', "--set", "agent.max_steps=3"),
        )
        assert await type_("run", "demo", "two") == "by the server\n"

        await asyncio.to_thread(kill, pod["pid"])
        prompts = shell.places.prompts
        prompts.mkdir()
        (prompts / "boundaries.md").write_text("Other words.", encoding="utf-8")
        shell.places.user_manifest.unlink()
        await type_("resume", "demo")
        status = await asyncio.to_thread(shell, "status", "demo", "--json")
        assert await type_("run", "demo", "three") == "after a crash\n"
        await type_("configure", "demo", "--set", "model.ref=scripted/demo")
        # Two answers stand before: the script goes on where it is.
        last = await asyncio.to_thread(shell, "run", "demo", "four", "--json")

    first, second = (request.json() for request in server.requests)
    assert (first["model"], second["model"]) == ("other", "other")
    assert [tool["function"]["name"] for tool in first["tools"]] == ["grep"]
    # Promise 11: the bytes that stand in the entry, whatever podd would say today.
    assert second["tools"] == first["tools"]
    assert second["messages"][: len(first["messages"])] == first["messages"]
    document = status.document
    assert (document["model"], document["tools"]) == ("openai_chat/other", ["grep"])
    assert document["limits"]["max_steps"] == 3
    models = [x["model"] for x in last.lines if x.get("event") == "step_started"]
    assert models == ["demo"]
    assert len(server.requests) == 2


def test_a_key_is_asked_for_by_its_name(shell: Shell) -> None:
    shell.spawned(shell.manifest('text = "x"'))

    said = shell(
        *("configure", "demo", "--set", "model.ref=openai_chat/gpt-5-mini", "--json")
    )

    assert said.code == 1
    assert said.error["code"] == "provider"
    assert "OPENAI_API_KEY" in said.error["message"]
    assert "export OPENAI_API_KEY" in said.error["remedy"]


def test_a_child_is_narrowed_and_never_gets_more_than_it_was_lent(
    places: Places, tmp_path: Path
) -> None:
    write_child(tmp_path, says(SAID))
    parent = Parent(
        places,
        tmp_path,
        spawn("left"),
        call("wait_pods", names=["left"]),
        says("one"),
        spawn("right"),
        says("two"),
    )
    parent.start()
    parent.run()

    with PodConnection.open(places.socket("demo.left"), pod="demo.left") as child:
        child.ask(Configure(id=0, limits={"max_steps": 3, "pods": 1}, tools=["grep"]))
        for more in (
            {"limits": {"max_steps": 51}},
            {"limits": {"pods": 9}},
            {"tools": ["grep", "ask_nobody"]},
        ):
            with pytest.raises(FailureReplyError) as caught:
                child.ask(Configure(id=0, **more))
            wanted = "bad_field" if "tools" in more else "denied"
            assert caught.value.failure == wanted
            assert wanted == "bad_field" or "'demo'" in caught.value.message
        child.ask(Configure(id=0, limits={"max_steps": 50}))
        limits = child.ask(Status(id=0)).limits
    assert limits is not None
    assert (limits.max_steps, limits.pods) == (50, 1)

    with PodConnection.open(places.socket("demo"), pod="demo") as connection:
        connection.ask(Configure(id=0, limits={"pods": 1}))
    refused = next(iter(results(parent.run()).values()))
    assert (refused.status, "[limits] pods = 1" in refused.summary) == ("error", True)
