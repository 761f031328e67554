"""An answer that breaks off is asked for again: visibly, later, and never doubled."""

from __future__ import annotations

import anyio
import pytest

from podd.core.context.response import ReasoningDelta, TextDelta
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.errors import ProviderError
from podd.testing.model import answer, spoken
from podd_protocol.requests import Cancel, Pause, Resume, Run
from tests.runtime.in_pod import in_pod

CUT = ProviderError(fault="cut", message="the line went dead", provider="fake")
REFUSED = ProviderError(fault="auth", message="no", provider="fake")


def _named(events, name):
    return [event for event in events if event.__struct_config__.tag == name]


def _failures(pod) -> list[e.StepFailed]:
    return [one for one in pod.journal.entries if isinstance(one, e.StepFailed)]


@in_pod
async def test_a_broken_answer_is_asked_for_again_after_a_delay_that_is_told(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("Hel"), CUT)
    pod.model.say(TextDelta("He"), CUT)
    pod.model.say(*spoken("Hello."))
    await client.ask(Run(id=1, input="work"))

    await pod.clock.waited_on(0.5)
    assert len(pod.model.requests) == 1, "it waits first"
    pod.clock.advance(0.5)
    await pod.clock.waited_on(1.0)
    pod.clock.advance(1.0)
    events = await client.until("turn_ended")

    assert [
        (one.turn, one.step, one.attempt, one.delay_seconds, one.reason)
        for one in _named(events, "retry_scheduled")
    ] == [("t1", 1, 1, 0.5, "cut"), ("t1", 1, 2, 1.0, "cut")]
    assert [one.attempt for one in _named(events, "step_started")] == [1, 2, 3]
    assert [request.attempt for request in pod.model.requests] == [1, 2, 3]
    assert len({request.items for request in pod.model.requests}) == 1
    assert events[-1].outcome.__struct_config__.tag == "completed"


@in_pod
async def test_who_follows_attempts_reads_no_text_twice(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("Hel"), CUT)
    pod.model.say(*spoken("Hello.", pieces=3))
    await client.ask(Run(id=1, input="work"))
    await pod.clock.waited_on(0.5)
    pod.clock.advance(0.5)

    said, attempt = "", 0
    for event in await client.until("turn_ended"):
        if event.__struct_config__.tag == "step_started":
            attempt, said = event.attempt, ""
        if event.__struct_config__.tag == "text_delta":
            assert event.attempt == attempt
            said += event.text

    assert said == "Hello."
    (failed,) = _failures(pod)
    assert (failed.partial, failed.began, failed.fault) == ("Hel", True, "cut")
    conversation = pod.state.conversation
    assert [type(item).__name__ for item in conversation] == ["UserItem", "ModelItem"]


@in_pod
async def test_an_answer_that_never_comes_whole_ends_the_turn(pod):
    client = await pod.subscriber()
    for _ in range(3):
        pod.model.say(ReasoningDelta("Hm"))  # and then nothing: it has no end
    await client.ask(Run(id=1, input="work"))
    for seconds in (0.5, 1.0):
        await pod.clock.waited_on(seconds)
        pod.clock.advance(seconds)

    ended = (await client.until("turn_ended"))[-1]

    assert ended.outcome.code == "cut"
    assert [one.began for one in _failures(pod)] == [True] * 3


@pytest.mark.parametrize(
    "items",
    [
        pytest.param((CUT,), id="nothing had come"),
        pytest.param((TextDelta("Hel"), REFUSED), id="it would be no better"),
        pytest.param((TextDelta("Hel"), ZeroDivisionError("a bug")), id="our own bug"),
    ],
)
@in_pod
async def test_other_faults_end_the_turn_at_once(pod, items):
    client = await pod.subscriber()
    pod.model.say(*items)
    await client.ask(Run(id=1, input="work"))

    events = await client.until("turn_ended")

    assert _named(events, "retry_scheduled") == []
    assert len(pod.model.requests) == 1
    assert _failures(pod)[0].began is (len(items) > 1)


@in_pod
async def test_a_cancel_in_the_delay_ends_the_turn(pod):
    """Promise 8."""
    client = await pod.subscriber()
    pod.model.say(TextDelta("Hel"), CUT)
    await client.ask(Run(id=1, input="work"))
    await pod.clock.waited_on(0.5)

    await client.ask(Cancel(id=2))

    assert (await client.until("turn_ended"))[-1].outcome.by == "user"
    assert len(pod.model.requests) == 1
    pod.model.say(answer("next"))
    await client.ask(Run(id=3, input="again"))
    assert (await client.until("turn_ended"))[-1].text == "next"
    assert pod.clock.waits == []


@in_pod
async def test_a_pause_in_the_delay_keeps_no_words_of_the_attempt_before(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("Hel"), CUT)
    await client.ask(Run(id=1, input="work"))
    await pod.clock.waited_on(0.5)
    pod.model.say(answer("Hello."))
    await client.ask(Pause(id=2))
    await client.ask(Resume(id=3))
    await client.until("turn_ended")

    assert [(one.attempt, one.partial) for one in _failures(pod)] == [
        (1, "Hel"),
        (2, ""),
    ]


@in_pod
async def test_an_attempt_that_ends_before_it_went_out_has_said_nothing(pod):
    """It is begun and paused in one go; what was said last is of another."""
    client = await pod.subscriber()
    gate = anyio.Event()
    pod.model.say(TextDelta("Hel"), gate)
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")
    failed = i.ModelFailed(
        turn="t1",
        step=1,
        attempt=1,
        fault="cut",
        message="no",
        partial="Hel",
        began=True,
    )
    pod.driver.tell(failed)
    await pod.driver.ask(i.PauseRequested())

    assert [(one.attempt, one.partial) for one in _failures(pod)] == [
        (1, "Hel"),
        (2, ""),
    ]


@in_pod
async def test_what_a_paused_request_had_said_is_kept_for_people(pod):
    client = await pod.subscriber()
    pod.model.say(TextDelta("I was "), TextDelta("going"), anyio.Event())
    await client.ask(Run(id=1, input="work"))
    await client.events_until(lambda event: getattr(event, "text", "") == "going")

    await client.ask(Pause(id=2))

    assert _failures(pod)[0].partial == "I was going"
