"""A pod can be stopped wherever its turn stands; a restore goes on with the turn."""

from __future__ import annotations

import anyio

from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.testing.wire_client import LIMIT_SECONDS
from podd_protocol.values import Completed
from tests.runtime.one_rule import (
    assert_requests_valid,
    code_ends,
    end_of,
    of_kind,
    results,
)
from tests.runtime.situations import (
    in_each_lasting_situation,
    in_each_situation,
    is_end_of,
    next_turn,
)

#: How long a drain lets a turn go on.
DRAIN_SECONDS = 10.0


async def _goes_on(situation, directory, journal):
    """Restore; the turn that was open comes to its end, and the next one works."""
    async with situation.pod(directory, journal) as again:
        client = await again.subscriber()
        ended = (await client.events_until(is_end_of("t1")))[-1]
        assert (ended.outcome, ended.text) == (Completed(), "done")
        assert end_of(again.journal.entries).outcome == Completed()
        assert results(again.journal.entries) == situation.results
        assert code_ends(again.journal.entries) == (
            [situation.code] if situation.code else []
        )
        assert (await next_turn(client)).text == "done"
        assert_requests_valid(again)


def _open_turn(pod) -> str | None:
    (closed,) = of_kind(e.SessionClosed, pod.journal.entries)
    assert pod.journal.entries[-1] == closed
    return closed.open_turn


@in_each_situation
async def test_a_turn_is_interrupted_at_once_and_goes_on_after_a_restore(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.StopAsked(mode="now", by="user"))
        await pod.wait_ended()

        assert _open_turn(pod) == "t1"
        assert of_kind(e.TurnEnded, pod.journal.entries) == []
        assert results(pod.journal.entries) == situation.results

    await _goes_on(situation, short_directory, pod.journal)


@in_each_lasting_situation
async def test_a_drain_that_takes_too_long_interrupts_and_a_restore_goes_on(
    situation, short_directory
):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.StopAsked(mode="drain", by="user"))
        with anyio.fail_after(LIMIT_SECONDS):
            await pod.clock.waited_on(DRAIN_SECONDS)
        pod.clock.advance(DRAIN_SECONDS)
        await pod.wait_ended()

        assert _open_turn(pod) == "t1"
        assert results(pod.journal.entries) == situation.results

    await _goes_on(situation, short_directory, pod.journal)


@in_each_situation
async def test_a_drain_lets_a_turn_come_to_its_end(situation, short_directory):
    async with situation.pod(short_directory) as pod:
        standing = await situation.stand(pod)
        await standing.told(i.StopAsked(mode="drain", by="user"))
        await standing.let_go()
        await pod.wait_ended()

        assert _open_turn(pod) is None
        assert end_of(pod.journal.entries).outcome == Completed()
        assert set(results(pod.journal.entries).values()) <= {"ok"}
        assert code_ends(pod.journal.entries) == (["ok"] if situation.code else [])
        assert_requests_valid(pod)

    async with situation.pod(short_directory, pod.journal) as again:
        client = await again.subscriber(after=None)
        assert (await next_turn(client)).text == "done"
        assert_requests_valid(again)
