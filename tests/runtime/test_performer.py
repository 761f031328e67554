"""Effects become work, and every work ends in one fact or, cancelled, in none."""

from __future__ import annotations

import anyio
import pytest

from podd.core.context.price import Price
from podd.core.context.response import (
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from podd.core.turn import inputs as i
from podd.errors import MissingKeyError, ProviderError
from podd.testing.harness import SESSION
from podd.testing.model import Retry, answer, spoken
from podd.testing.tools import ToolScript
from podd_protocol.requests import Cancel, Pause, Resume, Run, Status
from tests.runtime.in_pod import in_pod


def _named(events, name):
    return [event for event in events if event.__struct_config__.tag == name]


@in_pod
async def test_what_a_model_says_is_told_as_it_comes(pod):
    client = await pod.subscriber()
    pod.model.say(
        ReasoningDelta("hm"),
        TextDelta("a "),
        ToolCallDelta(0, "read_file", '{"x'),
        TextDelta("b"),
        answer("a b"),
    )
    pod.driver.tell(i.InputQueued(text="work"))

    events = await client.until("turn_ended")

    deltas = [e for e in events if e.__struct_config__.tag.endswith("_delta")]
    assert [d.__struct_config__.tag for d in deltas] == [
        "reasoning_delta",
        "text_delta",
        "tool_call_delta",
        "text_delta",
    ]
    assert {(d.turn, d.step, d.attempt) for d in deltas} == {("t1", 1, 1)}
    assert (deltas[2].index, deltas[2].name, deltas[2].arguments) == (
        0,
        "read_file",
        '{"x',
    )
    assert [e.text for e in _named(events, "text")] == ["a b"]


@in_pod
async def test_an_answer_costs_what_its_model_does(pod):
    client = await pod.subscriber()
    pod.price = Price(input=3, output=15)
    pod.model.say(answer("a"))
    pod.driver.tell(i.InputQueued(text="work"))

    (usage,) = _named(await client.until("turn_ended"), "usage")

    spent = usage.usage
    cost = (spent.input_tokens * 3 + spent.output_tokens * 15) / 1_000_000
    assert spent.cost_usd == pytest.approx(cost)
    assert cost > 0
    assert pod.driver.state.usage.cost_usd == spent.cost_usd


@in_pod
async def test_an_answer_of_a_model_without_a_price_costs_nobody_knows_what(pod):
    client = await pod.subscriber()
    pod.model.say(answer("a"))
    pod.driver.tell(i.InputQueued(text="work"))

    (usage,) = _named(await client.until("turn_ended"), "usage")

    assert usage.usage.cost_usd is None


@in_pod
async def test_a_cancelled_stream_is_given_up_and_its_turn_ends(pod):
    """Promise 8, for a stream."""
    client = await pod.subscriber()
    pod.model.say(TextDelta("never"), anyio.Event(), answer("never"))
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")

    await client.ask(Cancel(id=2, reason="enough"))

    ended = (await client.until("turn_ended"))[-1]
    assert (ended.outcome.by, ended.outcome.reason) == ("user", "enough")
    await client.ask(Status(id=5))
    assert pod.model.given_up == 1
    pod.model.say(answer("next"))
    await client.ask(Run(id=3, input="again"))
    rest = await client.until("turn_ended")
    assert rest[-1].text == "next"
    assert "never" not in [getattr(event, "text", "") for event in rest]


@in_pod
async def test_a_paused_step_goes_out_again_as_a_higher_attempt(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("old"), anyio.Event())
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")
    await client.ask(Pause(id=2))
    pod.model.say(*spoken("new"))
    await client.ask(Resume(id=3))

    events = await client.until("turn_ended")

    assert [(e.step, e.attempt) for e in _named(events, "text_delta")] == [(1, 2)]
    assert events[-1].text == "new"
    assert pod.model.given_up == 1


@in_pod
async def test_all_attempts_of_a_step_have_one_key_and_the_next_step_another(pod):
    pod.model.say(TextDelta("old"), anyio.Event())
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")
    await client.ask(Pause(id=2))
    pod.model.say(answer("", ("read_file", "{}")))
    pod.model.say(answer("done"))
    await client.ask(Resume(id=3))
    await client.until("turn_ended")

    attempts = [(request.attempt, request.key) for request in pod.model.requests]

    first, second = f"{SESSION}.t1.1", f"{SESSION}.t1.2"
    assert attempts == [(1, first), (2, first), (1, second)]


@in_pod
async def test_a_call_that_is_cancelled_is_given_up_and_its_late_result_counts_not(pod):
    """Promise 8, for a tool."""
    client = await pod.subscriber()
    pod.tools.scripts["write_file"] = ToolScript(after=anyio.Event())
    pod.model.say(answer("", ("write_file", "{}")))
    await client.ask(Run(id=1, input="work"))
    await client.until("tool_started")

    await client.ask(Cancel(id=2))
    # As from a thread that could not be stopped.
    late = i.ToolFinished(call="t1.1.1", status="ok", summary="late")
    decision = await pod.driver.ask(late)

    events = await client.until("turn_ended")
    assert [r.status for r in _named(events, "tool_result")] == ["interrupted"]
    assert decision.verdict == "stale"
    assert pod.journal.kinds.count("tool_result") == 1
    pod.model.say(answer("on"))
    await client.ask(Run(id=3, input="go on"))
    await client.until("turn_ended")
    assert pod.tools.given_up == ["t1.1.1"]


@in_pod
async def test_an_answer_to_a_request_that_was_given_up_is_dropped(pod):
    client = await pod.subscriber()
    pod.model.say(anyio.Event())
    await client.ask(Run(id=1, input="work"))
    await pod.model.asked(1)
    await client.ask(Pause(id=2))
    pod.model.say(answer("new"))
    await client.ask(Resume(id=3))

    late = i.ModelAnswered(turn="t1", step=1, attempt=1, response=answer("old"))
    decision = await pod.driver.ask(late)

    assert decision.verdict == "stale"
    assert (await client.until("turn_ended"))[-1].text == "new"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            ProviderError(fault="quota", message="m", provider="p"),
            "quota",
        ),
        (ZeroDivisionError("a bug"), "internal"),
        (
            MissingKeyError(provider="openai_chat", variables=("OPENAI_API_KEY",)),
            "internal",
        ),
    ],
)
@in_pod
async def test_a_model_that_raises_ends_its_turn_and_not_the_pod(pod, error, code):
    client = await pod.subscriber()
    pod.model.say(TextDelta("half an "), TextDelta("answer"), error)
    await client.ask(Run(id=1, input="work"))

    outcome = (await client.until("turn_ended"))[-1].outcome

    assert (outcome.__struct_config__.tag, outcome.code) == ("failed", code)
    (failed,) = (e for e in pod.journal.entries if hasattr(e, "partial"))
    assert failed.partial == "half an answer"
    pod.model.say(answer("well"))
    await client.ask(Run(id=2, input="again"))
    assert (await client.until("turn_ended"))[-1].text == "well"


@in_pod
async def test_retries_are_told(pod):
    client = await pod.subscriber()
    pod.model.say(
        Retry(1, 0.5, "overloaded"), Retry(2, 1.5, "overloaded"), answer("at last")
    )
    await client.ask(Run(id=1, input="work"))

    events = await client.until("turn_ended")

    assert [
        (e.turn, e.step, e.attempt, e.delay_seconds, e.reason)
        for e in _named(events, "retry_scheduled")
    ] == [("t1", 1, 1, 0.5, "overloaded"), ("t1", 1, 2, 1.5, "overloaded")]


@in_pod
async def test_what_a_tool_prints_is_told_while_it_runs(pod):
    gate = anyio.Event()
    pod.tools.scripts["read_file"] = ToolScript(prints=("one", "two"), after=gate)
    pod.model.say(answer("", ("read_file", "{}")))
    pod.model.say(answer("done"))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))

    events = await client.events_until(lambda e: getattr(e, "text", "") == "two")
    status = await client.ask(Status(id=2))

    printed = _named(events, "tool_output_delta")
    assert [(e.call, e.text) for e in printed] == [("t1.1.1", "one"), ("t1.1.1", "two")]
    assert [(c.call, c.name) for c in status.tool_calls] == [("t1.1.1", "read_file")]
    gate.set()
    await client.until("turn_ended")


@pytest.mark.parametrize("where", ["while it runs", "before it can be run"])
@in_pod
async def test_a_tool_with_a_bug_is_a_result_that_the_model_reads(pod, where):
    if where == "while it runs":
        pod.tools.scripts["read_file"] = ToolScript(raises=ZeroDivisionError("a bug"))
    else:
        del pod.tools
    pod.model.say(answer("", ("read_file", "{}")))
    pod.model.say(answer("went on"))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))

    events = await client.until("turn_ended")

    assert [r.status for r in _named(events, "tool_result")] == ["error"]
    assert events[-1].text == "went on"


@in_pod
async def test_a_deadline_that_passes_interrupts_a_drain(pod):
    """Promise 8, for the end."""
    pod.tools.scripts["read_file"] = ToolScript(after=anyio.Event())
    pod.model.say(answer("", ("read_file", "{}")))
    client = await pod.subscriber()
    pod.driver.tell(i.InputQueued(text="work"))
    await client.until("tool_started")
    pod.driver.tell(i.StopAsked(mode="drain", by="signal"))
    await pod.clock.waited_on(10.0)

    pod.clock.advance(9.9)
    assert pod.driver.ended is None
    pod.clock.advance(0.1)

    await pod.wait_ended()
    assert pod.driver.ended == "now"
    assert pod.state.turn is not None
    assert pod.journal.kinds[-1] == "session_closed"
