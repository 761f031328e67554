"""How a command ends, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import anyio
import pytest

from podd.sandbox.running_command import RunningCommand
from tests.sandbox.machine import LIMIT_SECONDS, NAP, lives, named, until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]


async def test_a_command_that_takes_too_long_is_ended_with_all_it_started(box):
    script = (
        f"setsid sleep {NAP}.125 & (setsid sh -c 'sleep {NAP}.125 & wait' &) ; wait"
    )

    _, ended = await box.run(script, timeout_seconds=0.5)

    assert ended.kind == "timed_out"
    assert named(f"{NAP}.125") == []


async def test_who_ignores_being_asked_to_end_is_killed_after_the_grace(box):
    running = await box.start("trap '' TERM; echo ready; while :; do sleep 0.01; done")
    chunks = running.chunks()
    assert await anext(chunks) == b"ready\n"

    await running.stop()
    ended = await running.ended()

    assert (ended.kind, ended.status) == ("stopped", signal.SIGKILL)
    await running.aclose()


async def test_who_is_asked_to_end_can_tidy_up(box):
    running = await box.start(
        "trap 'echo tidied; exit 5' TERM; echo ready; while :; do sleep 0.01; done",
        grace_seconds=LIMIT_SECONDS,
    )
    chunks = running.chunks()
    assert await anext(chunks) == b"ready\n"

    await running.stop()
    rest = b"".join([chunk async for chunk in chunks])
    ended = await running.ended()

    assert rest.endswith(b"tidied\n")
    assert (ended.kind, ended.status) == ("stopped", 5)
    await running.aclose()


async def test_one_that_stopped_itself_hears_it_too(box):
    running = await box.start("echo ready; kill -STOP $$", grace_seconds=LIMIT_SECONDS)
    assert await anext(running.chunks()) == b"ready\n"

    await running.stop()

    assert (await running.ended()).status == signal.SIGTERM
    await running.aclose()


async def test_stopped_now_it_is_not_asked(box):
    running = await box.start(
        "trap 'echo tidied' TERM; echo ready; while :; do sleep 0.01; done",
        grace_seconds=LIMIT_SECONDS,
    )
    chunks = running.chunks()
    assert await anext(chunks) == b"ready\n"

    await running.stop(now=True)
    rest = b"".join([chunk async for chunk in chunks])

    assert rest == b""
    assert (await running.ended()).status == signal.SIGKILL
    await running.aclose()


async def test_what_it_leaves_behind_ends_with_it_and_is_counted(box):
    script = f"setsid sleep {NAP}.25 & (sleep {NAP}.25 &) ; echo done"

    output, ended = await box.run(script)

    assert output == "done\n"
    assert (ended.kind, ended.leftovers) == ("exited", 2)
    assert named(f"{NAP}.25") == []


async def test_an_orphan_that_has_ended_is_not_counted(box):
    _, ended = await box.run("(true &); (true &); sleep 0.1")

    assert ended.leftovers == 0


async def test_closing_a_command_ends_it(box):
    running = await box.start(f"trap '' TERM; sleep {NAP}.375; :", timeout_seconds=None)

    with anyio.fail_after(LIMIT_SECONDS):
        await running.aclose()
    await running.aclose()

    assert named(f"{NAP}.375") == []


async def test_cancelling_who_starts_it_leaves_nothing_running(box, monkeypatch):
    monkeypatch.setattr(RunningCommand, "running", lambda _: anyio.Event().wait())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(box.sandbox.start, box.request(("sleep", f"{NAP}.625")))
        await until(lambda: named(f"{NAP}.625"))
        tasks.cancel_scope.cancel()

    assert named(f"{NAP}.625") == []


async def test_when_the_launcher_is_killed_so_are_its_commands(box):
    running = await box.start(f"setsid sleep {NAP}.75 & echo ready; wait")
    assert await anext(running.chunks()) == b"ready\n"

    launcher = box.sandbox._launcher.pid
    os.kill(launcher, signal.SIGKILL)
    ended = await running.ended()

    assert ended.kind == "lost"
    await until(lambda: not named(f"{NAP}.75") and not lives(launcher))
    assert await box.says("echo on") == "on\n"
    await running.aclose()


async def test_when_the_keeper_of_a_command_is_killed_it_is_lost(box):
    running = await box.start(("sleep", f"{NAP}.875"))
    await until(lambda: named(f"{NAP}.875"))
    (sleeping,) = named(f"{NAP}.875")
    stat = Path(f"/proc/{sleeping}/stat").read_text(encoding="utf-8")
    keeper = int(stat.rpartition(")")[2].split()[1])

    os.kill(keeper, signal.SIGKILL)
    ended = await running.ended()

    assert (ended.kind, ended.status) == ("lost", signal.SIGKILL)
    assert named(f"{NAP}.875") == []
    await running.aclose()


async def test_after_the_sandbox_is_closed_nothing_is_left(box):
    running = await box.start(f"setsid sleep {NAP}.125 & wait")
    launcher = box.sandbox._launcher.pid

    await box.sandbox.aclose()

    assert not lives(launcher)
    assert named(f"{NAP}.125") == []
    assert (await running.ended()).kind in {"stopped", "lost"}
    await running.aclose()


async def test_a_closed_sandbox_that_never_ran_anything_says_nothing(box):
    await box.sandbox.aclose()
