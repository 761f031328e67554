"""A pod that is to end, while somebody has something to write into its journal yet."""

from __future__ import annotations

import anyio

from podd.core.turn import inputs as i
from podd.testing.model import answer
from tests.runtime.in_pod import in_pod


@in_pod
async def test_a_journal_is_closed_only_when_it_may_be(pod):
    may_close = False
    pod.driver.may_close = lambda: may_close

    pod.driver.tell(i.StopAsked(mode="drain", by="user"))
    await anyio.wait_all_tasks_blocked()
    assert pod.driver.ended is None
    assert "session_closed" not in pod.journal.kinds

    may_close = True
    pod.driver.wake()
    await pod.wait_ended()
    assert pod.journal.kinds[-1] == "session_closed"


@in_pod
async def test_who_may_not_close_yet_still_takes_facts(pod):
    pod.driver.may_close = lambda: False
    pod.driver.tell(i.StopAsked(mode="drain", by="user"))

    decision = await pod.driver.ask(i.InputQueued(text="more"))

    assert decision.verdict == "stopping"


@in_pod
async def test_the_limit_of_a_drain_closes_it_all_the_same(pod):
    pod.driver.may_close = lambda: False
    pod.driver.tell(i.StopAsked(mode="drain", by="user"))
    await anyio.wait_all_tasks_blocked()

    pod.driver.tell(i.DeadlinePassed(deadline="drain"))

    await pod.wait_ended()


@in_pod
async def test_who_ends_at_once_asks_nobody(pod):
    pod.driver.may_close = lambda: False

    pod.driver.tell(i.StopAsked(mode="now", by="user"))

    await pod.wait_ended()


@in_pod
async def test_a_pod_that_goes_on_is_not_asked(pod):
    asked = []
    pod.driver.may_close = lambda: not asked.append(1)
    pod.model.say(answer("done"))
    client = await pod.subscriber()

    pod.driver.tell(i.InputQueued(text="go"))
    await client.until("turn_ended")

    assert asked == []


@in_pod
async def test_all_who_listen_are_told_of_each_change(pod):
    heard: list[str] = []
    pod.driver.listen(lambda: heard.append("one"))
    pod.driver.listen(lambda: heard.append("other"))

    await pod.driver.ask(i.NotificationSent(message="x", wake=False))
    await pod.driver.ask(i.ResumeRequested())

    assert heard == ["one", "other"]
