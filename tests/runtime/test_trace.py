"""Each call of a model is one line, and no turn waits for it."""

from __future__ import annotations

import stat
from contextlib import aclosing

import anyio
import msgspec
import pytest

from podd.core.context.conversation import UserItem
from podd.core.context.digest import of_surface
from podd.core.context.request import ModelRequest
from podd.core.context.response import ModelResponse, TextDelta
from podd.core.pod.state import OpenTurn, PodState
from podd.errors import ProviderError
from podd.runtime import trace
from podd.runtime.trace import Traces
from podd.testing.clock import ManualClock
from podd.testing.model import Retry, ScriptedModel, answer, spoken
from podd.testing.surface import SURFACE

REQUEST = ModelRequest(surface=SURFACE, items=(UserItem("work"),), attempt=2)


class _Desk:
    """A model whose calls are traced to a file."""

    def __init__(self, tasks, path):
        self.path = path
        self.alerts = []
        self.model = ScriptedModel()
        turn = OpenTurn("t1", step=3, attempt=2, request="feed")
        self.traces = Traces(
            path=path,
            state=PodState(turn=turn),
            clock=ManualClock(),
            tasks=tasks,
            alert=self._alert,
        )

    async def _alert(self, alert):
        self.alerts.append(alert)

    async def ask(self, until=ModelResponse):
        async def on_retry(_retry):
            """It is the caller's as well."""

        model = self.traces.of(self.model, "fake")
        async with aclosing(model.stream(REQUEST, on_retry)) as said:
            async for item in said:
                if isinstance(item, until):
                    return

    @property
    def lines(self):
        return [msgspec.json.decode(x) for x in self.path.read_bytes().splitlines()]


async def test_a_call_is_kept_with_what_was_sent_and_what_came(tmp_path):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, tmp_path / "traces.jsonl")
        desk.model.say(Retry(1, 0.5, "overloaded"), *spoken("all is well"))
        await desk.ask()

    (line,) = desk.lines
    assert (line["turn"], line["step"], line["attempt"]) == ("t1", 3, 2)
    assert (line["provider"], line["model"]) == ("fake", "fake")
    assert (line["request_digest"], line["items"]) == ("feed", 1)
    assert line["surface_digest"] == of_surface(SURFACE)
    assert line["request"] == msgspec.json.decode(msgspec.json.encode(REQUEST))
    assert msgspec.convert(line["response"], ModelResponse) == answer("all is well")
    assert line["fault"] is None
    assert line["usage"]["input_tokens"] == 10
    assert line["retries"] == [
        {"attempt": 1, "delay_seconds": 0.5, "reason": "overloaded"}
    ]
    assert line["seconds"] >= line["first_seconds"] >= 0
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600


async def test_a_call_that_failed_or_was_given_up_is_kept_with_what_it_said(tmp_path):
    fault = ProviderError(fault="cut", message="it broke off", provider="fake")
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, tmp_path / "traces.jsonl")
        desk.model.say(TextDelta("all "), TextDelta("is"), fault)
        with pytest.raises(ProviderError):
            await desk.ask()
        desk.model.say(TextDelta("never"), anyio.Event())
        await desk.ask(until=TextDelta)

    failed, given_up = desk.lines
    assert (failed["fault"], failed["message"]) == ("cut", "it broke off")
    assert failed["partial"] == "all is"
    assert (given_up["fault"], given_up["partial"]) == ("interrupted", "never")
    assert "response" not in failed
    assert desk.model.given_up == 1


async def test_a_disk_that_does_not_take_it_is_told_once_and_holds_up_nothing(
    tmp_path,
):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, tmp_path / "missing" / "traces.jsonl")
        for _ in range(3):
            desk.model.say(*spoken("well"))
            await desk.ask()

    (alert,) = desk.alerts
    assert (alert.level, alert.code) == ("warning", "trace_lost")


async def test_a_file_that_is_large_takes_the_place_of_the_one_before(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(trace, "TRACE_BYTES", 1500)
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, tmp_path / "traces.jsonl")
        for number in range(5):
            desk.model.say(*spoken(f"answer {number}"))
            await desk.ask()

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "traces.jsonl",
        "traces.jsonl.1",
    ]
    assert desk.lines[-1]["response"]["parts"][0]["text"] == "answer 4"
    assert desk.path.stat().st_size <= 1500


async def test_the_last_call_is_kept_though_the_pod_ends(tmp_path):
    async with anyio.create_task_group() as tasks:
        desk = _Desk(tasks, tmp_path / "traces.jsonl")
        desk.model.say(*spoken("last words"))
        await desk.ask()
        tasks.cancel_scope.cancel()

    assert len(desk.lines) == 1
