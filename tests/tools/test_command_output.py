"""What a command prints: live, in the result, and in a file."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from podd.tools.catalog import run_call
from tests.tools.commands import HangingCommands, PlayedCommands, ShellCommands

KEY = "sk-test-0123456789abcdef"


async def _run(context, command="true"):
    with anyio.fail_after(30):
        return await run_call("bash", json.dumps({"command": command}), context)


def _shell(place, **more):
    return place.context(commands=ShellCommands(), **more)


async def test_a_long_output_keeps_head_and_tail_and_lies_whole_in_a_file(place):
    context = _shell(place, limits={"bash": 1000})

    outcome = await _run(context, "seq 1 20000")

    assert outcome.status == "ok"
    assert len(outcome.content.encode()) <= 1000
    assert outcome.content.startswith("1\n2\n")
    assert outcome.content.endswith("\n20000\n")
    whole = "".join(f"{number}\n" for number in range(1, 20001))
    assert f"all {len(whole)} bytes are in {outcome.spilled_to}" in outcome.content
    assert f"{len(whole)} bytes of output, cut" in outcome.summary
    assert Path(outcome.spilled_to).read_text(encoding="utf-8") == whole
    again = await run_call(
        "read_file", json.dumps({"path": outcome.spilled_to, "limit": 3}), context
    )
    assert again.content.startswith("1\t1\n")


async def test_a_flood_does_not_fill_the_memory(place):
    context = _shell(place)
    await _run(context, "echo warm up")
    tracemalloc.start()
    try:
        outcome = await _run(context, "yes 0123456789abcdef | head -c 20000000")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert outcome.status == "ok"
    assert peak < 4_000_000
    assert Path(outcome.spilled_to).stat().st_size == 20_000_000


async def test_the_file_of_a_long_output_grows_while_the_command_runs(place):
    commands = HangingCommands(b"x y\n" * 1000)
    context = place.context(commands=commands, limits={"bash": 300})

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(_run, context)
            await commands.runs.wait()
            (file,) = place.outputs.iterdir()
            written = file.read_bytes()
            group.cancel_scope.cancel()

    assert written == b"x y\n" * 1000


async def test_binary_output_is_said_and_shown_as_text(place):
    pieces = b"\x89PNG\0\0\xff\xfe", b"\xe2\x82", b"\xac \x1b[31m\n"
    context = place.context(commands=PlayedCommands(*pieces))

    outcome = await _run(context)

    assert "the output is binary" in outcome.summary
    assert outcome.summary.isprintable()
    assert outcome.content == "\ufffdPNG\ufffd\ufffd\ufffd\ufffd\u20ac \x1b[31m\n"


async def test_binary_output_fits_the_limit_as_it_is_shown(place):
    noise = bytes(range(128, 256)) * 20
    context = place.context(commands=PlayedCommands(noise), limits={"bash": 3000})

    outcome = await _run(context)

    assert len(outcome.content.encode()) <= 3000
    assert "not all of the output is UTF-8" in outcome.summary
    assert Path(outcome.spilled_to).read_bytes() == noise


async def test_what_is_printed_is_told_while_the_command_runs(place):
    told = []
    seen = anyio.Event()

    def progress(text):
        told.append(text)
        seen.set()

    commands = HangingCommands(b"one \xe2\x82", b"\xac two\n")
    context = replace(place.context(commands=commands), progress=progress)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(_run, context)
            await seen.wait()
            group.cancel_scope.cancel()

    assert "".join(told) == "one \u20ac two\n"


async def test_what_is_told_live_is_all_that_was_printed(place):
    told = []
    context = replace(
        place.context(commands=PlayedCommands(b"a ", b"b", b"c\nd", b"e")),
        progress=told.append,
    )

    await _run(context)

    assert "".join(told) == "a bc\nde"


@pytest.mark.parametrize("cut", range(1, len(KEY)))
async def test_a_key_that_two_pieces_share_is_nowhere(place, cut):
    told = []
    text = b"before KEY=" + KEY.encode() + b" after\n" * 100
    at = text.index(KEY.encode()) + cut
    context = place.context(
        commands=PlayedCommands(text[:at], text[at:]), limits={"bash": 300}
    )
    outputs = replace(context.outputs, redact=lambda text: text.replace(KEY, "***"))
    context = replace(context, outputs=outputs, progress=told.append)

    outcome = await _run(context)

    spilled = Path(outcome.spilled_to).read_text(encoding="utf-8")
    for shown in (outcome.content, spilled, "".join(told)):
        assert shown.startswith("before KEY=*** after\n")


async def test_an_output_that_cannot_be_kept_is_said_to_be_lost(place):
    place.outputs.rmdir()
    place.outputs.write_text("", encoding="utf-8")
    context = place.context(
        commands=PlayedCommands(b"x\n" * 5000, b"y\n" * 5000), limits={"bash": 300}
    )

    outcome = await _run(context)

    assert outcome.status == "ok"
    assert outcome.spilled_to is None
    assert "could not be kept" in outcome.content
    assert outcome.content.endswith("y\n")
