"""A session of any length, as an agent at work writes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from podd.core.context.conversation import TextPart, ToolCallPart
from podd.core.context.request import Surface, ToolSpec
from podd.core.session import entries as e
from podd_protocol.values import Completed, Usage

SESSION = "01900000-0000-7000-8000-000000000000"
AT = "2026-01-01T00:00:00.000Z"
#: Steps in a turn, each of one call.
STEPS = 10
#: Characters of a tool's output; an entry is about 1 KiB in the mean then.
OUTPUT = 3_000

_USAGE = Usage(input_tokens=1000, output_tokens=100, requests=1)


def entries(count: int, *, output: int = OUTPUT) -> Iterator[e.AnyEntry]:
    """Yield so many entries: turns of ten steps, each of which changes a file."""
    yield from islice(_endless(output), count)


def _endless(output: int) -> Iterator[e.AnyEntry]:
    yield e.SessionStarted(
        at=AT,
        format=e.FORMAT,
        session=SESSION,
        pod="long",
        origin=e.Origin(kind="new"),
        manifest={},
        podd="0",
    )
    tools = (ToolSpec("write_file", "Writes.", {"type": "object"}),)
    yield e.SurfaceSet(
        at=AT, seq=1, surface=Surface("m", "You work.", tools), cause="started"
    )
    number = 0
    while True:
        number += 1
        yield from _turn(number, output)


def _turn(number: int, output: int) -> Iterator[e.AnyEntry]:
    turn, cause = f"t{number}", f"c{number}"
    yield e.InputAccepted(at=AT, turn=turn, cause=cause, origin="user", text="Work.")
    yield e.TurnStarted(at=AT, turn=turn, causes=(cause,))
    for step in range(1, STEPS + 1):
        yield from _step(number, turn, step, output)
    yield e.TurnEnded(
        at=AT, turn=turn, outcome=Completed(), text="I go on.", usage=_USAGE
    )


def _step(number: int, turn: str, step: int, output: int) -> Iterator[e.AnyEntry]:
    call = f"{turn}.{step}.1"
    yield e.StepStarted(
        at=AT, turn=turn, step=step, attempt=1, model="m", request="0" * 64
    )
    yield e.ModelResponded(
        at=AT,
        turn=turn,
        step=step,
        attempt=1,
        parts=(
            TextPart("I go on."),
            ToolCallPart(call, "write_file", '{"path":"a","content":"x"}', call),
        ),
        stop_reason="tool_use",
        usage=_USAGE,
    )
    yield e.ToolStarted(
        at=AT, turn=turn, step=step, call=call, name="write_file", repeatable=False
    )
    yield e.FileChanged(
        at=AT,
        turn=turn,
        call=call,
        path=f"/srv/{number % 100}/{step}",
        change="modified",
        before=None,
        after="0" * 64,
    )
    yield e.ToolResulted(
        at=AT,
        turn=turn,
        step=step,
        call=call,
        name="write_file",
        status="ok",
        summary="wrote",
        output="x" * output,
    )
