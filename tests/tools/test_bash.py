"""How a command is run, and how its end is told."""

import json
import os
from dataclasses import replace

import anyio
import pytest

from podd.core.scope.rules import Rule, Scope
from podd.errors import DeniedError
from podd.tools import bash
from podd.tools.catalog import run_call
from podd.tools.ports import CommandEnded
from tests.tools.commands import HangingCommands, PlayedCommands, ShellCommands


async def _run(context, command="true", **more):
    arguments = json.dumps({"command": command, **more})
    with anyio.fail_after(30):
        return await run_call("bash", arguments, context)


def _shell(place, **more):
    return place.context(commands=ShellCommands(), **more)


async def test_a_command_that_exits_with_0_is_ok(place):
    outcome = await _run(_shell(place), "echo out; echo err >&2; echo last")

    assert outcome.status == "ok"
    assert outcome.summary.startswith("exited with 0 after ")
    assert outcome.content == "out\nerr\nlast\n"
    assert outcome.spilled_to is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo why; exit 3", "exited with 3 after"),
        ("echo why; kill -9 $$", "was killed by SIGKILL (9) after"),
        ("echo why; sh -c 'kill -15 $$'", "exited with 143 (128 + SIGTERM"),
    ],
)
async def test_any_other_end_is_an_error_with_the_output(place, command, said):
    outcome = await _run(_shell(place), command)

    assert outcome.status == "error"
    assert said in outcome.summary
    assert outcome.content.startswith("why\n")


async def test_a_command_that_prints_nothing_says_so(place):
    outcome = await _run(_shell(place))

    assert outcome.summary.endswith("; it printed nothing")
    assert not outcome.content


async def test_a_command_that_takes_too_long_keeps_what_it_printed(place):
    context = _shell(place, timeouts={"bash": 20})

    outcome = await _run(context, "echo so far; sleep 1000", timeout_seconds=1.5)

    assert outcome.status == "error"
    assert outcome.summary.startswith(
        "took longer than 1.5 s and was stopped, with all it had started"
    )
    assert outcome.content == "so far\n"


async def test_a_limit_in_the_manifest_does_not_cut_off_the_output(place):
    context = _shell(place, timeouts={"bash": 1.5})

    outcome = await _run(context, "echo so far; sleep 1000")

    assert outcome.summary.startswith("took longer than 1.5 s")
    assert outcome.content == "so far\n"


@pytest.mark.parametrize(
    ("timeouts", "asked", "given"),
    [
        ({}, {}, 120),
        ({"bash": 30}, {}, 30),
        ({"bash": 3000}, {}, 120),
        ({"bash": 3000}, {"timeout_seconds": 2000}, 2000),
        ({}, {"timeout_seconds": 600}, 600),
        ({}, {"timeout_seconds": 0.5}, 0.5),
    ],
)
async def test_how_long_a_command_may_take(place, timeouts, asked, given):
    commands = PlayedCommands()

    await _run(place.context(commands=commands, timeouts=timeouts), **asked)

    assert commands.asked == [("true", "call-1", given)]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"command": ""}, "$.command"),
        ({"command": "a\0b"}, "zero byte"),
        ({"command": "x" * 131_072}, "131072 bytes"),
        ({"command": "\u00e9" * 65_536}, "131072 bytes"),
        ({"command": "true", "timeout_seconds": 601}, "at most 600"),
        ({"command": "true", "timeout_seconds": 0}, "$.timeout_seconds"),
        ({"command": "true", "timeout_seconds": -1}, "$.timeout_seconds"),
        ({"command": "true", "timeout_seconds": "1"}, "$.timeout_seconds"),
        ({"command": "true", "background": True, "timeout_seconds": 1e9}, "$.timeout"),
        ({"command": ["ls"]}, "$.command"),
        ({"cmd": "ls"}, "`command` is missing"),
    ],
)
async def test_what_cannot_be_run_is_refused_before_it_runs(place, arguments, named):
    commands = PlayedCommands()
    context = place.context(commands=commands)

    outcome = await run_call("bash", json.dumps(arguments), context)

    assert outcome.status == "error"
    assert named in outcome.summary
    assert commands.asked == []


async def test_the_longest_command_that_linux_takes_is_run(place):
    outcome = await _run(_shell(place), "true #" + "x" * 131_065)

    assert outcome.status == "ok"


@pytest.mark.parametrize("arguments", [{}, {"background": True}])
async def test_a_pod_without_commands_says_so(place, arguments):
    outcome = await _run(place.context(), **arguments)

    assert outcome.status == "error"
    assert "doctor" in outcome.summary


@pytest.mark.parametrize(
    ("error", "status", "named"),
    [
        (DeniedError(reason="there is a hole that cannot be kept"), "denied", "hole"),
        (OSError(11, "Resource temporarily unavailable"), "error", "unavailable"),
        (ZeroDivisionError("ours"), "error", "ZeroDivisionError"),
    ],
)
@pytest.mark.parametrize("background", [False, True])
async def test_a_command_that_cannot_start_tells_why(
    place, error, status, named, background
):
    context = place.context(commands=PlayedCommands(end=error))

    outcome = await _run(context, background=background)

    assert outcome.status == status
    assert named in outcome.summary


async def test_a_command_that_is_lost_says_why_and_keeps_what_it_printed(place):
    end = CommandEnded(end="lost", status=0, reason="the launcher is gone")
    context = place.context(commands=PlayedCommands(b"half", end=end))

    outcome = await _run(context)

    assert outcome.status == "error"
    assert "was lost (the launcher is gone)" in outcome.summary
    assert outcome.content == "half"


async def test_a_cancellation_ends_the_command_and_leaves_no_file(place):
    commands = ShellCommands()
    context = place.context(commands=commands, limits={"bash": 300})
    outcomes = []

    async def call(scope):
        with scope:
            outcomes.append(await _run(context, "yes | head -c 10000; exec sleep 1000"))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            scope = anyio.CancelScope()
            context = replace(context, progress=lambda _: scope.cancel())
            group.start_soon(call, scope)

    assert outcomes == []
    (pid,) = commands.pids
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    assert list(place.outputs.iterdir()) == []


async def test_a_command_that_nobody_ends_is_given_up(place, monkeypatch):
    monkeypatch.setattr(bash, "_BACKSTOP_SECONDS", 0.05)
    commands = HangingCommands(b"so far")
    context = place.context(commands=commands)

    outcome = await _run(context, timeout_seconds=0.05)

    assert outcome.status == "error"
    assert "was lost (nothing was heard of it any more)" in outcome.summary
    assert outcome.content == "so far"
    assert commands.given_up


@pytest.mark.parametrize(
    "printed",
    ["sh: cannot create src/f: Read-only file system", "f: Permission denied"],
)
async def test_a_refusal_by_the_kernel_names_who_was_lent_what(place, printed):
    end = CommandEnded(end="exited", status=1)
    context = place.context(commands=PlayedCommands(printed.encode(), end=end))
    src = str(place.work / "src")
    context.files.rescope(
        Scope((Rule(str(place.work), "write"), Rule(src, "read_only"))),
        {src: "demo.left"},
    )

    outcome = await _run(context)

    assert "note: src is lent to pod 'demo.left'" in outcome.summary
    assert outcome.content == printed


async def test_no_loan_is_named_where_none_is_or_nothing_was_refused(place):
    fails = CommandEnded(end="exited", status=1)
    refused = PlayedCommands(b"Permission denied", end=fails)
    context = place.context(commands=refused)
    assert "note" not in (await _run(context)).summary

    src = str(place.work / "src")
    context.files.rescope(Scope((Rule(str(place.work), "write"),)), {src: "demo.left"})
    for commands in (
        PlayedCommands(b"no such thing", end=fails),
        PlayedCommands(b"Permission denied"),
    ):
        outcome = await _run(replace(context, commands=commands))
        assert "note" not in outcome.summary


async def test_many_loans_are_named_in_part(place):
    fails = CommandEnded(end="exited", status=1)
    context = place.context(commands=PlayedCommands(b"Permission denied", end=fails))
    lent = {str(place.work / f"d{n}"): f"demo.c{n}" for n in range(20)}
    context.files.rescope(Scope((Rule(str(place.work), "write"),)), lent)

    outcome = await _run(context)

    assert "d7 is lent to pod 'demo.c7', and 12 more" in outcome.summary
    assert "demo.c8" not in outcome.summary


async def test_in_the_background_it_answers_with_id_and_file(place):
    commands = PlayedCommands()
    context = place.context(commands=commands)

    outcome = await _run(context, "serve", background=True)
    await _run(context, "serve", background=True, timeout_seconds=7200)

    assert outcome.status == "ok"
    assert outcome.summary == (
        "runs in the background as 'call-1'; its output goes to /outputs/call-1.txt"
    )
    assert commands.asked == [("serve", "call-1", None), ("serve", "call-1", 7200)]
