from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec
import pytest

from podd.core.context.conversation import (
    ModelItem,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.response import ReasoningDelta, TextDelta, ToolCallDelta
from podd.providers.ports import Ports
from podd.providers.registry import build
from podd.providers.settings import ModelSettings
from podd_protocol.values import Usage


@pytest.fixture(name="play")
def _play(tmp_path, world):
    def play(text: str, ports: Ports | None = None):
        file = tmp_path / "x.script.toml"
        file.write_text(text, encoding="utf-8")
        settings = ModelSettings(provider="scripted", name="demo", script=str(file))
        return build(settings, environment={}, ports=ports or world.ports())

    return play


async def test_a_step_is_streamed_in_pieces_and_ends_in_a_response(play, ask, hear):
    provider = play("""
        [[step]]
        reasoning = "hmm"
        text = "Hello"
        stream = { chunk_chars = 3 }
        usage = { input_tokens = 7, output_tokens = 2 }
        call = [{ tool = "grep", arguments = { a = 1 } }]
    """)
    heard = await hear(provider, ask())

    assert heard.deltas == [
        ReasoningDelta("hmm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        ToolCallDelta(0, "grep", '{"a'),
        ToolCallDelta(0, "grep", '":1'),
        ToolCallDelta(0, "grep", "}"),
    ]
    assert heard.response.parts == (
        ReasoningPart("hmm"),
        TextPart("Hello"),
        ToolCallPart("", "grep", '{"a":1}', "call_0"),
    )
    assert heard.response.stop_reason == "tool_use"
    assert heard.response.usage == Usage(input_tokens=7, output_tokens=2, requests=1)


async def test_usage_that_is_not_told_is_estimated(play, ask, hear):
    heard = await hear(play('[[step]]\ntext = "12345678"'), ask(UserItem("x" * 400)))

    assert heard.response.usage.estimated
    assert heard.response.usage.input_tokens > 100
    assert heard.response.usage.output_tokens == 2


async def test_a_report_quotes_what_earlier_calls_found(play, ask, hear):
    provider = play(r"""
        [[step]]
        [[step.call]]
        tool = "read_file"
        label = "readme"
        arguments = { path = "README.md" }

        [[step]]
        text = "The title is '{{result readme | find ^# (.*)$}}'."
        [[step.call]]
        tool = "write_file"
        [step.call.arguments]
        path = "r.md"
        content = "{{result readme | lines 2}}\n"
        n = [1, "{{result readme | count line}}"]
    """)
    first = await hear(provider, ask())
    (call,) = first.response.parts
    made = ToolCallPart("t1", call.name, call.arguments, call.provider_call)
    result = ToolResultItem("t1", "read_file", "ok", 'Read 2 lines.\n# "podd"')
    second = await hear(provider, ask(UserItem("x"), ModelItem((made,)), result))

    text, write = second.response.parts
    assert text.text == "The title is '\"podd\"'."
    assert msgspec.json.decode(write.arguments) == {
        "path": "r.md",
        "content": '# "podd"\n',
        "n": [1, "1"],
    }


async def test_a_quote_of_what_has_not_been_called_is_an_error(play, ask, hear):
    provider = play("""
        [[step]]
        text = "{{result later}}"
        [[step]]
        call = [{ tool = "later" }]
    """)

    assert (await hear(provider, ask())).fault == "bad_request"


async def test_broken_arguments_are_sent_as_they_stand(play, ask, hear):
    provider = play("""
        [[step]]
        call = [{ tool = "grep", arguments_text = '{"a": {{result' }]
    """)
    heard = await hear(provider, ask())

    assert heard.response.parts[0].arguments == '{"a": {{result'


async def test_a_script_that_is_over_says_so(play, ask, hear):
    answered = ModelItem((TextPart("x"),))
    heard = await hear(
        play('[[step]]\ntext = "x"'), ask(UserItem("a"), answered, UserItem("b"))
    )

    assert heard.fault == "script_exhausted"
    assert heard.retries == []


async def test_a_failing_step_is_tried_again_as_a_server_would_be(
    play, ask, hear, world
):
    provider = play("""
        [[step]]
        text = "fine"
        fail = { status = 429, times = 2, retry_after_seconds = 3 }
    """)
    world.chance = 0.0
    heard = await hear(provider, ask())

    assert heard.text == "fine"
    assert world.waits == [3, 3]
    assert [retry.reason for retry in heard.retries] == ["rate_limited"] * 2


@pytest.mark.parametrize(
    ("fail", "fault", "status"),
    [
        ('fault = "quota"', "quota", None),
        ('fault = "empty_response"', "empty_response", None),
        ("status = 401", "auth", 401),
    ],
)
async def test_a_step_may_fail_for_good(fail, fault, status, play, ask, hear):
    heard = await hear(play(f"[[step]]\nfail = {{ {fail} }}"), ask())

    assert (heard.fault, heard.error.status) == (fault, status)
    assert heard.retries == []


async def test_a_step_may_break_off_in_the_middle(play, ask, hear):
    provider = play("""
        [[step]]
        text = "something"
        fail = { fault = "cut", after_chars = 4, times = 1 }
        stream = { chunk_chars = 3 }
    """)
    heard = await hear(provider, ask())

    assert heard.deltas == [TextDelta("som"), TextDelta("e")]
    assert (heard.fault, heard.retries, heard.response) == ("cut", [], None)
    assert (await hear(provider, ask(attempt=2))).text == "something"


async def test_delays_are_waited_for(play, ask, hear, world):
    provider = play("""
        [[step]]
        text = "123456"
        delay_seconds = 2
        stream = { chunk_chars = 3, delay_seconds = 0.5 }
    """)
    await hear(provider, ask())

    assert world.waits == [2, 0.5, 0.5]


async def test_a_delay_can_be_cancelled(play, ask, hear, world):
    waiting = asyncio.Event()

    async def wait(_seconds):
        waiting.set()
        await asyncio.Event().wait()

    ports = world.ports()
    ports = Ports(wait, ports.monotonic, ports.wall, ports.random)
    provider = play('[[step]]\ntext = "x"\ndelay_seconds = 60', ports)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(hear(provider, ask()))
        await waiting.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert task.cancelled()


@pytest.mark.parametrize("text", ["", "handing over"])
async def test_where_no_tools_are_offered_none_is_called(text, play, ask, hear):
    provider = play(f'[[step]]\ntext = "{text}"\ncall = [{{ tool = "grep" }}]')
    heard = await hear(provider, ask(tool_choice="none"))

    assert [type(part) for part in heard.response.parts] == [TextPart]
    assert heard.response.stop_reason == "stop"
    assert heard.text == text or "grep" in heard.text
