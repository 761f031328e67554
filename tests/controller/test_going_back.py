"""`fork` and `rewind` over the socket."""

from __future__ import annotations

import anyio

from podd.core.session import entries as e
from podd.errors import ForkPointError, JournalDamagedError
from podd.testing.model import answer
from podd_protocol.requests import Fork, Rewind, Run
from tests.runtime.in_pod import in_pod


async def _turn(pod, client, text):
    pod.model.say(answer(f"{text} done"))
    await client.ask(Run(id=1, input=text))
    await client.until("turn_ended")


@in_pod
async def test_a_rewind_is_answered_with_the_files_and_told_to_all(pod):
    client = await pod.subscriber()
    await _turn(pod, client, "one")
    await _turn(pod, client, "two")

    answered = await client.ask(Rewind(id=7, to="t1"))

    assert (answered.id, answered.files_changed_since) == (7, [])
    event = (await client.until("rewound"))[-1]
    assert event.to == "t1"
    assert isinstance(pod.journal.entries[-1], e.Rewound)
    assert len(pod.state.conversation) == 2


@in_pod
async def test_a_rewind_waits_for_no_turn(pod):
    client = await pod.subscriber()
    pod.model.say(anyio.Event())
    await client.ask(Run(id=1, input="one"))

    busy = await client.ask(Rewind(id=2, to="start"))

    assert (busy.code, "cancel" in busy.message) == ("busy", True)


@in_pod
async def test_a_turn_that_is_not_there_is_no_such_turn(pod):
    client = await pod.subscriber()

    assert (await client.ask(Rewind(id=2, to="t1"))).code == "no_such_turn"


@in_pod
async def test_a_fork_is_answered_with_its_session(pod):
    client = await pod.subscriber()

    made = await client.ask(Fork(id=3, at=5))

    assert (made.session, made.at, pod.forks.wanted) == ("fork-1", 5, [5])


@in_pod
async def test_a_fork_inside_a_step_is_told_the_nearest_points(pod):
    pod.forks.refused[9] = ForkPointError(
        session="s", at=9, last=20, before=7, after=12
    )
    client = await pod.subscriber()

    refused = await client.ask(Fork(id=3, at=9))

    assert refused.code == "bad_field"
    assert (refused.data["before"], refused.data["after"]) == (7, 12)
    assert "fork at entry 7 or 12" in refused.message


@in_pod
async def test_a_journal_that_cannot_be_read_is_not_forked(pod):
    pod.forks.refused[None] = JournalDamagedError(
        path="/j", line=3, reason="no", damage="wrong_digest"
    )
    client = await pod.subscriber()

    refused = await client.ask(Fork(id=3))

    assert (refused.code, refused.data["line"]) == ("storage", 3)
