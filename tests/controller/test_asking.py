"""Approvals, questions and hints of children, as a client sees them."""

from __future__ import annotations

import anyio
import msgspec

from podd.core.context.request import ToolSpec
from podd.core.scope.rules import Rule, Scope
from podd.core.turn import inputs as i
from podd.core.turn.settings import Permission
from podd.testing.harness import SESSION, PodHarness
from podd.testing.model import answer
from podd.testing.surface import SETTINGS, SURFACE
from podd.testing.tools import ToolScript
from podd_protocol.replies import Failure, Ok
from podd_protocol.requests import (
    Answer,
    Approve,
    Cancel,
    Deny,
    PodEvent,
    Run,
    Status,
    UsageQuery,
)
from podd_protocol.values import Completed, Usage


def _asks_about_writing(tool, arguments):
    if tool == "write_file":
        return Permission("ask", "rule 1: write_file", str(arguments.get("path")))
    return Permission("allow")


ASKING = msgspec.structs.replace(SETTINGS, permission=_asks_about_writing)
TOOLS = (
    *SURFACE.tools,
    *(
        ToolSpec(name, "Waits.", {"type": "object"})
        for name in ("ask_user", "ask_parent", "wait_pods", "spawn_pod")
    ),
)
WAITING = msgspec.structs.replace(SURFACE, tools=TOOLS)
WRITE = ("write_file", '{"path": "a"}')


def _pod(directory):
    return PodHarness(directory, settings=ASKING, surface=WAITING)


async def _running(pod, *calls):
    """A client of a pod whose model has just made these calls."""
    pod.model.say(answer("", *calls))
    client = await pod.subscriber()
    await client.ask(Run(id=1, input="go"))
    return client


async def test_an_approved_call_is_run_once_people_say_so(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, WRITE)
        [*_, asked] = await client.until("approval_requested")
        assert pod.tools.calls == []
        status = await client.ask(Status(id=2))

        pod.model.say(answer("done"))
        assert await client.ask(Approve(id=3, call=asked.call)) == Ok(id=3)
        events = await client.until("turn_ended")

    assert (asked.pod, asked.name, asked.arguments) == (
        "fake",
        "write_file",
        {"path": "a"},
    )
    assert (asked.reason, asked.wait_seconds) == ("rule 1: write_file", 600.0)
    [waiting] = status.approvals
    assert (waiting.call, waiting.pod, waiting.name) == ("t1.1.1", "fake", "write_file")
    assert [call.call for call in pod.tools.calls] == ["t1.1.1"]
    kinds = [event.__struct_config__.tag for event in events]
    assert kinds.index("approval_resolved") < kinds.index("tool_started")
    assert events[-1].outcome == Completed()


async def test_a_denied_call_is_not_run_and_the_model_reads_why(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, WRITE)
        await client.until("approval_requested")

        pod.model.say(answer("done"))
        await client.ask(Deny(id=3, call="t1.1.1", reason="not on a Friday"))
        events = await client.until("turn_ended")

    [told] = [e for e in events if e.__struct_config__.tag == "tool_result"]
    assert told.status == "denied"
    assert "not on a Friday" in told.summary
    assert pod.tools.calls == []


async def test_two_calls_wait_at_once_and_each_has_its_own_verdict(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, WRITE, ("write_file", '{"path": "b"}'))
        await client.until("approval_requested")
        await client.until("approval_requested")

        pod.model.say(answer("done"))
        await client.ask(Deny(id=3, call="t1.1.2"))
        await client.ask(Approve(id=4, call="t1.1.1"))
        events = await client.until("turn_ended")

    told = [e for e in events if e.__struct_config__.tag == "tool_result"]
    assert {e.call: e.status for e in told} == {"t1.1.1": "ok", "t1.1.2": "denied"}


async def test_what_is_remembered_is_not_asked_again(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, WRITE)
        await client.until("approval_requested")
        pod.model.say(answer("", WRITE))
        pod.model.say(answer("done"))
        await client.ask(Approve(id=3, call="t1.1.1", remember="session"))
        events = await client.until("turn_ended")

    assert len(pod.tools.calls) == 2
    assert not [e for e in events if e.__struct_config__.tag == "approval_requested"]


async def test_nobody_decides_and_the_call_is_denied_saying_so(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, WRITE)
        await client.until("approval_requested")
        pod.model.say(answer("done"))
        await pod.clock.waited_on(600)
        pod.clock.advance(600)
        events = await client.until("turn_ended")

    [resolved] = [e for e in events if e.__struct_config__.tag == "approval_resolved"]
    assert (resolved.verdict, resolved.by) == ("denied", "limit")
    [told] = [e for e in events if e.__struct_config__.tag == "tool_result"]
    assert told.status == "denied"


async def test_an_approval_of_a_call_that_is_gone_is_refused(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, WRITE)
        await client.until("approval_requested")
        await client.ask(Cancel(id=2))

        late = await client.ask(Approve(id=3, call="t1.1.1"))
        never = await client.ask(Deny(id=4, call="nonsense"))
        status = await client.ask(Status(id=5))

    assert (late.code, never.code) == ("no_such_call", "no_such_call")
    assert "t1.1.1" in late.message
    assert status.approvals == []


async def test_a_question_waits_for_its_answer(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(
            pod, ("ask_user", '{"question": "Which?", "choices": ["a", "b"]}')
        )
        [*_, asked] = await client.until("question_asked")
        empty = await client.ask(Answer(id=2, question=asked.question, text="  "))
        other = await client.ask(Answer(id=2, question="t9.9.9", text="b"))
        pod.model.say(answer("done"))
        assert await client.ask(Answer(id=3, question=asked.question, text="b")) == Ok(
            id=3
        )
        events = await client.until("turn_ended")
        again = await client.ask(Answer(id=4, question=asked.question, text="a"))

    assert (asked.text, asked.choices, asked.to) == ("Which?", ["a", "b"], "user")
    assert (empty.code, other.code) == ("bad_field", "no_such_question")
    [told] = [e for e in events if e.__struct_config__.tag == "tool_result"]
    assert (told.status, told.output) == ("ok", "b")
    assert again.code == "no_such_question"


async def test_a_question_survives_a_crash(short_directory):
    async with _pod(short_directory) as pod:
        client = await _running(pod, ("ask_user", '{"question": "Which?"}'))
        await client.until("question_asked")
        journal = pod.journal
    async with PodHarness(
        short_directory, journal=journal, settings=ASKING, surface=WAITING
    ) as restored:
        client = await restored.subscriber()
        restored.model.say(answer("done"))
        await client.ask(Answer(id=3, question="t1.1.1", text="that one"))
        events = await client.until("turn_ended")

    assert events[-1].text == "done"
    assert [e.__struct_config__.tag for e in events].count("question_asked") == 1


async def _with_child(pod, *read, session="s1"):
    """Lend to a child whose entries said so much."""
    client = await _running(pod, ("spawn_pod", "{}"))
    await client.until("tool_started")
    for fact in (
        i.LoanPlanned(
            call="t1.1.1",
            pod="fake.kid",
            session=session,
            scope=Scope((Rule("/srv/kid", "write"),)),
            token="secret",
            task="look",
        ),
        i.ChildReady(session=session),
    ):
        await pod.driver.ask(fact)
    await pod.driver.ask(
        i.ChildrenRead(
            read=tuple(
                i.ChildRead(via=session, upto=number, fact=fact)
                for number, fact in enumerate(read, 1)
            )
        )
    )
    return client


def _approval(pod, call="t1.1.1"):
    return i.BelowApproval(
        pod=pod,
        call=call,
        name="bash",
        arguments="{}",
        reason="rule 2",
        wait_seconds=600.0,
    )


async def test_a_hint_needs_the_token_of_the_loan(short_directory):
    async with _blocked(short_directory) as pod:
        client = await _with_child(pod)
        hint = PodEvent(id=5, kind="turn_ended", pod="fake.kid", token="secret")
        taken = await client.ask(hint)
        forged = await client.ask(msgspec.structs.replace(hint, token="guess"))
        foreign = await client.ask(msgspec.structs.replace(hint, token="sécret"))
        unknown = await client.ask(msgspec.structs.replace(hint, pod="fake.other"))

    assert not isinstance(taken, Failure)
    assert (forged.code, unknown.code) == ("denied", "denied")
    assert foreign.code == "denied"
    assert pod.children.looked == ["s1"]
    assert pod.children.watched == ["s1"]


async def test_what_pods_below_ask_is_listed_with_their_names(short_directory):
    async with _blocked(short_directory) as pod:
        client = await _with_child(
            pod, _approval("fake.kid"), _approval("fake.kid.grandkid")
        )
        status = await client.ask(Status(id=2))
        several = await client.ask(Approve(id=3, call="t1.1.1"))
        # Nobody listens at the socket of this child, and that is what is told.
        gone = await client.ask(Approve(id=4, call="t1.1.1", pod="fake.kid"))

    assert [a.pod for a in status.approvals] == ["fake.kid", "fake.kid.grandkid"]
    assert [(c.pod, c.state, c.lent) for c in status.children] == [
        ("fake.kid", "idle", ["/srv/kid"])
    ]
    assert status.children[0].waiting_for == "user"
    assert status.scope.lent == ["/srv/kid"]
    assert several.code == "bad_field"
    assert several.data == {"pods": ["fake.kid", "fake.kid.grandkid"]}
    assert gone.code == "no_such_call"


async def test_a_verdict_goes_to_the_pod_that_asks(short_directory):
    async with _blocked(short_directory) as pod:
        client = await _with_child(pod, _approval("fake.kid"), session=SESSION)
        below = short_directory / "pods" / "fake.kid"
        below.mkdir(parents=True)
        async with PodHarness(below, settings=ASKING, surface=WAITING) as child:
            asking = await _running(child, WRITE)
            await asking.until("approval_requested")
            child.model.say(answer("done"))
            reply = await client.ask(Approve(id=4, call="t1.1.1"))
            await asking.until("turn_ended")

    assert reply == Ok(id=4)
    assert len(child.tools.calls) == 1


async def test_a_verdict_does_not_go_to_another_pod_of_that_name(short_directory):
    async with _blocked(short_directory) as pod:
        client = await _with_child(pod, _approval("fake.kid"), session="another")
        below = short_directory / "pods" / "fake.kid"
        below.mkdir(parents=True)
        async with PodHarness(below, settings=ASKING, surface=WAITING) as child:
            asking = await _running(child, WRITE)
            await asking.until("approval_requested")
            reply = await client.ask(Approve(id=4, call="t1.1.1"))

    assert reply.code == "no_such_call"
    assert child.tools.calls == []


async def test_usage_of_the_tree_counts_each_child_once(short_directory):
    spent = Usage(input_tokens=5, requests=1)
    ended = i.BelowNews(
        news="turn_ended",
        pod="fake.kid",
        session="s1",
        parent="fake",
        turn="t1",
        outcome=Completed(),
        usage=spent,
    )
    async with _blocked(short_directory) as pod:
        client = await _with_child(pod, ended, ended)
        usage = await client.ask(UsageQuery(id=2, tree=True))

    assert usage.own.input_tokens == 10
    assert usage.tree.input_tokens == 15


def _blocked(directory):
    """A pod whose `spawn_pod` does not end by itself."""
    pod = _pod(directory)
    pod.tools.scripts["spawn_pod"] = ToolScript(after=anyio.Event())
    return pod
