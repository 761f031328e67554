from __future__ import annotations

import json
import os

import anyio
import pytest

from podd.errors import CommandNotStartedError
from podd.sandbox.running_command import RunningCommand


class Launcher:
    """The other ends of a command's two pipes."""

    def __init__(self):
        output, self.output = os.pipe()
        report, self.report = os.pipe()
        self.asked = []
        self.command = RunningCommand(output=output, report=report, stop=self._stop)

    async def _stop(self, now):
        self.asked.append(now)
        self.tell(ended={"kind": "stopped", "status": 9, "leftovers": 0})

    def tell(self, **message):
        os.write(self.report, json.dumps(message).encode() + b"\n")

    def close(self):
        for name in ("output", "report"):
            if (descriptor := getattr(self, name)) >= 0:
                os.close(descriptor)
                setattr(self, name, -1)


@pytest.fixture
async def launcher():
    made = Launcher()
    yield made
    if made.report >= 0:
        await made.command.aclose()
    made.close()


async def _all(command):
    return b"".join([chunk async for chunk in command.chunks()])


async def test_the_output_ends_with_the_command_whoever_still_holds_it(launcher):
    os.write(launcher.output, b"written before")
    launcher.tell(ended={"kind": "exited", "status": 0, "leftovers": 0})

    assert await _all(launcher.command) == b"written before"


async def test_the_output_may_end_before_the_command(launcher):
    os.write(launcher.output, b"all")
    os.close(launcher.output)
    launcher.output = -1

    assert await _all(launcher.command) == b"all"
    launcher.tell(ended={"kind": "exited", "status": 0, "leftovers": 0})
    assert (await launcher.command.ended()).kind == "exited"


async def test_a_report_may_come_in_pieces(launcher):
    os.write(launcher.report, b'{"started": {"sees_all')
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(launcher.command.running)
        await anyio.lowlevel.checkpoint()
        os.write(launcher.report, b'_processes": true}}\n')

    assert launcher.command.sees_all_processes


async def test_one_that_could_not_be_started_says_what_and_where(launcher):
    launcher.tell(
        failed={"step": "building", "reason": "no", "errno": "ELOOP", "at": "/w"}
    )

    with pytest.raises(CommandNotStartedError) as caught:
        await launcher.command.running()

    assert caught.value.reason == "building /w: no"
    assert "link" in caught.value.remedy


async def test_a_launcher_that_says_no_more_has_died(launcher):
    launcher.close()

    assert await _all(launcher.command) == b""
    assert (await launcher.command.ended()).kind == "lost"


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("exited", 3, "status 3"),
        ("signalled", 11, "SIGSEGV (11)"),
        ("signalled", 64, "(64)"),
        ("timed_out", 15, "too long"),
        ("stopped", 15, "stopped"),
        ("lost", 9, "SIGKILL (9)"),
    ],
)
async def test_each_end_is_told_in_words(launcher, kind, status, words):
    launcher.tell(ended={"kind": kind, "status": status, "leftovers": 2})

    ended = await launcher.command.ended()

    assert words in ended.reason
    assert (ended.kind, ended.status, ended.leftovers) == (kind, status, 2)


async def test_two_may_wait_for_the_end(launcher):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(launcher.command.ended)
        tasks.start_soon(launcher.command.ended)
        tasks.start_soon(_all, launcher.command)
        await anyio.lowlevel.checkpoint()
        launcher.tell(ended={"kind": "exited", "status": 0, "leftovers": 0})


async def test_one_that_has_ended_is_not_asked_to_stop(launcher):
    launcher.tell(ended={"kind": "exited", "status": 0, "leftovers": 0})
    await launcher.command.ended()

    await launcher.command.stop()

    assert launcher.asked == []


async def test_closing_ends_it_at_once_and_a_second_time_does_nothing(launcher):
    await launcher.command.aclose()
    await launcher.command.aclose()

    assert launcher.asked == [True]
