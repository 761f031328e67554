"""What each method is answered, and does."""

from __future__ import annotations

import anyio

from podd.core.context.response import TextDelta
from podd.core.turn import inputs as i
from podd.testing.harness import PodHarness
from podd.testing.model import answer
from podd.testing.surface import SURFACE
from podd.testing.tools import ToolScript
from podd_protocol.replies import StatusReply
from podd_protocol.requests import (
    Cancel,
    Notify,
    Pause,
    Resume,
    Run,
    Status,
    Subscribe,
    UsageQuery,
)
from tests.runtime.in_pod import in_pod


@in_pod
async def test_a_welcome_says_what_the_pod_is(pod):
    client = await pod.connect()

    welcome = await client.greet()

    assert (welcome.protocol, welcome.min_protocol) == (1, 1)
    assert (welcome.pod, welcome.session) == ("fake", pod.state.session)
    assert (welcome.state, welcome.seq) == ("idle", pod.feed.last)
    assert (welcome.model, welcome.workdir) == ("fake/fake", "/srv")
    assert welcome.tools == ["read_file", "write_file"]
    assert welcome.scope.read == ["/srv"]
    assert welcome.limits.max_steps == 20


async def test_a_pod_that_has_nothing_to_show_yet_takes_work(short_directory):
    async with PodHarness(short_directory, surface=None) as pod:
        client = await pod.connect()

        await client.greet()
        assert (await client.ask(Run(id=1, input="early"))).position == 0
        assert pod.journal.kinds.count("step_started") == 0
        pod.model.say(answer("done"))
        pod.driver.tell(i.SurfaceRendered(surface=SURFACE, cause="started"))
        await client.ask(Subscribe(id=2, after=0))
        assert (await client.until("turn_ended"))[-1].text == "done"


@in_pod
async def test_the_same_key_again_gives_the_first_answer_again(pod):
    pod.model.say(anyio.Event())
    client = await pod.connect()
    await client.greet()
    first = await client.ask(Run(id=1, input="x", key="k"))
    second = await client.ask(Run(id=2, input="x", key="k"))
    told = await client.ask(Notify(id=3, message="m", key="k", wake=False))
    again = await client.ask(Notify(id=4, message="m", key="k", wake=False))

    assert (first.cause, first.turn, first.position) == ("c1", "t1", 0)
    assert (second.cause, second.turn, second.position) == ("c1", "t1", 0)
    assert told.cause == again.cause == "c2"
    assert pod.journal.kinds.count("input_accepted") == 1


@in_pod
async def test_an_input_may_come_in_parts(pod):
    pod.model.say(answer("done"))
    client = await pod.subscriber()
    await client.ask(
        b'{"method":"run","id":1,"input":[{"type":"text","text":"one"},'
        b'{"type":"text","text":"two"}]}\n'
    )

    events = await client.until("turn_ended")

    assert [e.text for e in events if e.__struct_config__.tag == "input_accepted"] == [
        "one\n\ntwo"
    ]


@in_pod
async def test_steering_and_rejecting_while_a_turn_runs(pod):
    gate = anyio.Event()
    pod.tools.scripts["read_file"] = ToolScript(after=gate)
    pod.model.say(answer("", ("read_file", "{}")))
    pod.model.say(answer("done"))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("tool_started")

    rejected = await client.ask(Run(id=2, input="no", when_busy="reject"))
    steered = await client.ask(Run(id=3, input="left", when_busy="steer"))
    gate.set()
    events = await client.until("turn_ended")

    assert rejected.code == "busy"
    assert (steered.turn, steered.position) == ("t1", 0)
    (taken,) = (e for e in events if e.__struct_config__.tag == "causes_taken")
    assert taken.causes == [steered.cause]


@in_pod
async def test_what_makes_no_sense_now_is_refused_by_its_code(pod):
    client = await pod.connect()
    await client.greet()

    codes = [
        (await client.ask(request)).code
        for request in (Cancel(id=1), Pause(id=2), Resume(id=3))
    ]

    assert codes == ["not_running", "not_running", "not_paused"]


@in_pod
async def test_pause_and_resume_are_states_that_all_see(pod):
    pod.model.say(TextDelta("x"), anyio.Event())
    client = await pod.subscriber()
    watcher = await pod.subscriber()
    await client.ask(Run(id=1, input="work"))
    await client.until("text_delta")

    await client.ask(Pause(id=2, reason="lunch"))
    paused = await client.ask(Status(id=3))
    pod.model.say(answer("done"))
    await client.ask(Resume(id=4))
    events = await watcher.until("turn_ended")

    assert isinstance(paused, StatusReply)
    assert (paused.state, paused.turn) == ("paused", "t1")
    states = [e.state for e in events if e.__struct_config__.tag == "state_changed"]
    assert states[-3:] == ["running", "paused", "running"]


@in_pod
async def test_usage_is_what_all_turns_have_cost(pod):
    client = await pod.subscriber()
    for text in ("one", "two"):
        pod.model.say(answer(text))
        await client.ask(Run(id=1, input="work"))
        await client.until("turn_ended")

    usage = await client.ask(UsageQuery(id=2, tree=True))

    assert (usage.own.input_tokens, usage.own.requests) == (20, 2)
    assert usage.tree == usage.own


@in_pod
async def test_a_notification_wakes_unless_it_is_told_not_to(pod):
    client = await pod.subscriber()
    await client.ask(Notify(id=1, message="quiet", wake=False))
    assert pod.state.turn is None
    pod.model.say(answer("awake"))

    await client.ask(Notify(id=2, message="loud"))

    events = await client.until("turn_ended")
    (started,) = (e for e in events if e.__struct_config__.tag == "turn_started")
    assert started.causes == ["c1", "c2"]
    assert [item.text for item in pod.model.requests[0].items] == [
        "[user] quiet",
        "[user] loud",
    ]
