"""What is steered into a turn is taken in at its next checkpoint: once."""

from __future__ import annotations

from podd.core.context.conversation import UserItem
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd_protocol.values import Completed
from tests.runtime.one_rule import (
    assert_requests_valid,
    code_ends,
    end_of,
    of_kind,
    results,
)
from tests.runtime.situations import (
    in_each_situation,
    is_end_of,
    next_turn,
)

STEER = i.InputSteered(text="turn left")


def _times_told(request) -> int:
    return request.items.count(UserItem("turn left"))


def _times_taken(pod) -> int:
    (cause,) = [
        one.cause
        for one in of_kind(e.InputAccepted, pod.journal.entries)
        if one.delivery == "steer"
    ]
    takes = of_kind(e.CausesTaken, pod.journal.entries) + of_kind(
        e.TurnStarted, pod.journal.entries
    )
    return [taken for one in takes for taken in one.causes].count(cause)


@in_each_situation
async def test_what_is_steered_is_taken_in_once_wherever_the_turn_stands(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        asked = len(pod.model.requests)
        await standing.told(STEER)
        assert len(pod.model.requests) <= asked + (not situation.is_lasting)

        await standing.let_go()

        ended = (await standing.client.events_until(is_end_of("t1")))[-1]
        assert (ended.outcome, ended.text) == (Completed(), "done")
        assert end_of(pod.journal.entries).outcome == Completed()
        assert set(results(pod.journal.entries).values()) <= {"ok"}
        assert code_ends(pod.journal.entries) == (["ok"] if situation.code else [])
        assert _times_taken(pod) == 1
        told = [_times_told(request) for request in pod.model.requests]
        assert told[:asked] == [0] * asked
        assert told[-1] == 1

        assert (await next_turn(standing.client)).text == "done"
        assert _times_told(pod.model.requests[-1]) == 1
        assert_requests_valid(pod)


@in_each_situation
async def test_what_is_steered_into_a_paused_turn_is_taken_in_when_it_goes_on(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.PauseRequested())
        await pod.driver.ask(STEER)
        await standing.let_go()
        await pod.driver.ask(i.ResumeRequested())

        await standing.client.events_until(is_end_of("t1"))

        assert _times_taken(pod) == 1
        assert _times_told(pod.model.requests[-1]) == 1
        assert_requests_valid(pod)


@in_each_situation
async def test_what_a_cancelled_turn_had_not_taken_in_becomes_the_next_one(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(STEER)
        cancelled = await pod.driver.ask(i.CancelRequested(by="user"))
        assert cancelled.verdict == "take"
        end_of(pod.journal.entries)

        follows = (await standing.client.until("turn_started"))[-1]
        while follows.turn == "t1":
            follows = (await standing.client.until("turn_started"))[-1]
        ended = await standing.client.events_until(is_end_of(follows.turn))

        assert ended[-1].text == "done"
        assert _times_taken(pod) == 1
        assert _times_told(pod.model.requests[-1]) == 1
        assert_requests_valid(pod)
