"""A turn can be paused wherever it stands, and goes on from there: once, and whole."""

from __future__ import annotations

import pytest

from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd_protocol.requests import Resume, Status
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
    say_done,
)


async def _paused(pod) -> str:
    client = await pod.subscriber(after=None)
    status = await client.ask(Status(id=4))
    assert status.turn == "t1"
    return status.state


async def _resumed(pod):
    """Resume, and follow the turn to its end."""
    client = await pod.subscriber()
    await client.ask(Resume(id=5))
    ended = (await client.events_until(is_end_of("t1")))[-1]
    assert (ended.outcome, ended.text) == (Completed(), "done")
    assert end_of(pod.journal.entries).outcome == Completed()
    assert (await next_turn(client)).text == "done"
    assert_requests_valid(pod)


@in_each_situation
async def test_nothing_new_is_begun_until_the_turn_is_resumed(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.PauseRequested(reason="lunch"))
        asked, begun = len(pod.model.requests), len(pod.tools.calls)

        # What was begun ends, and that leads to nothing.
        await standing.let_go()
        assert await _paused(pod) == "paused"
        assert len(pod.model.requests) == asked
        assert len(pod.tools.calls) == begun

        await _resumed(pod)
        assert set(results(pod.journal.entries).values()) <= {"ok"}
        assert code_ends(pod.journal.entries) == (["ok"] if situation.code else [])


@in_each_situation
async def test_a_paused_turn_is_paused_still_after_a_crash(situation, short_directory):
    """Promise 2: the same pending work."""
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.PauseRequested(reason="lunch"))

    async with situation.pod(short_directory, pod.journal) as again:
        assert await _paused(again) == "paused"
        assert of_kind(e.PodStarted, again.journal.entries)[-1].state == "paused"
        assert again.model.requests == []
        if situation.is_asked:
            await standing.let_go(again)

        await _resumed(again)
        assert set(results(again.journal.entries).values()) <= {"ok", "unknown"}
        assert code_ends(again.journal.entries) == (
            ["unknown"] if situation.code else []
        )


@pytest.mark.parametrize("mode", ["drain", "now"])
@in_each_situation
async def test_a_paused_turn_is_paused_still_after_a_stop(
    situation, mode, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.PauseRequested(reason="lunch"))
        await pod.driver.ask(i.StopAsked(mode=mode, by="user"))
        await standing.let_go()
        await pod.wait_ended()
        (closed,) = of_kind(e.SessionClosed, pod.journal.entries)
        assert closed.open_turn == "t1"

    async with situation.pod(short_directory, pod.journal) as again:
        assert await _paused(again) == "paused"
        say_done(again)

        await _resumed(again)
        results(again.journal.entries)
