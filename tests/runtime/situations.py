"""A turn in each place where somebody may interrupt it, in a pod without a disk.

A `Situation` brings an idle pod's turn `t1` there. What is outstanding then comes to
its end with `let_go`; without it nothing moves. What the model is asked after that is
answered with `done`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import msgspec
import pytest

from podd.core.context.response import TextDelta
from podd.core.permission import Permission
from podd.core.scope.rules import Rule, Scope
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd.core.turn.drivers.code import Code
from podd.core.turn.settings import Settings
from podd.errors import ProviderError
from podd.testing.harness import PodHarness
from podd.testing.interpreter import CodeScript
from podd.testing.model import Retry, answer
from podd.testing.surface import SETTINGS, SURFACE
from podd.testing.tools import ToolScript
from podd.testing.wire_client import LIMIT_SECONDS, WireClient
from podd_protocol.events import AnyEvent, TurnEnded
from podd_protocol.requests import Run
from podd_protocol.values import Completed

#: With which the pods of all situations are made; people are asked about `bash`.
TOOLS = ("read_file", "write_file", "bash", "wait_pods", "ask_user", "spawn_pod")
SHOWN = msgspec.structs.replace(
    SURFACE,
    tools=tuple(msgspec.structs.replace(SURFACE.tools[0], name=name) for name in TOOLS),
)
#: The child that is waited for, by its session.
KID = "0190a000-0000-7000-8000-00000000000a"


LetGo = Callable[[PodHarness], object]


def _rules(tool: str, arguments: Mapping[str, Any]) -> Permission:
    action = "ask" if tool == "bash" else "allow"
    return Permission(action, "rule 1", str(arguments))


#: Of most situations.
RULED = msgspec.structs.replace(SETTINGS, permission=_rules)
#: Of pods whose model writes code.
CODED = msgspec.structs.replace(RULED, driver=Code())


@dataclass(frozen=True, slots=True)
class Standing:
    """A turn that stands somewhere."""

    pod: PodHarness
    client: WireClient
    """Has subscribed from the beginning, and read up to here."""
    lets_go: LetGo
    before: set[asyncio.Task[object]]
    """What ran before there was a turn."""

    async def let_go(self, pod: PodHarness | None = None) -> None:
        """Bring what is outstanding to its end, here or in a pod that goes on."""
        came_of_it = self.lets_go(pod or self.pod)
        if isinstance(came_of_it, Awaitable):
            await came_of_it

    async def told(self, fact: i.Input) -> None:
        """Tell the pod; what holds the driver up is let go when the fact is there."""
        told = self.pod.driver.tell(fact)
        if not self.pod.journal.may_sync.is_set():
            await self.let_go()
        await told.done.wait()
        assert told.decision is not None
        assert told.decision.verdict == "take"

    def left_running(self) -> set[str]:
        """What runs now, and did not before."""
        return {str(task.get_coro()) for task in asyncio.all_tasks() - self.before}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How a turn comes to stand somewhere, and what is outstanding there."""

    name: str
    reach: Callable[[PodHarness, WireClient], Awaitable[LetGo]]
    """Brings `t1` there; what it returns lets go."""
    results: Mapping[str, str] = field(default_factory=dict)
    """The status of each call of the model or its code, if it ends there."""
    code: str | None = None
    """The same of the code that runs."""
    settings: Settings = RULED
    is_lasting: bool = True
    """Nothing moves there until it is let go, whatever the time."""
    is_asked: bool = False
    """Somebody else is to say how it goes on, also after a restart."""

    def pod(self, directory, journal=None) -> PodHarness:
        """A pod for it; with a journal, one that goes on."""
        pod = PodHarness(
            directory, journal=journal, settings=self.settings, surface=SHOWN
        )
        if journal is not None:
            say_done(pod)
        return pod

    async def stand(self, pod: PodHarness) -> Standing:
        """Bring the pod's first turn there."""
        client = await pod.subscriber()
        before = asyncio.all_tasks()
        with anyio.fail_after(LIMIT_SECONDS):
            lets_go = await self.reach(pod, client)
        say_done(pod)

        return Standing(pod, client, lets_go, before)


def is_end_of(turn: str) -> Callable[[AnyEvent], bool]:
    """Tell the end of this turn."""
    return lambda event: isinstance(event, TurnEnded) and event.turn == turn


async def next_turn(client: WireClient) -> TurnEnded:
    """Run one more turn."""
    accepted = await client.ask(Run(id=3, input="again"))
    return (await client.events_until(is_end_of(accepted.turn)))[-1]


def say_done(pod: PodHarness) -> None:
    """Answer whatever is asked from now on."""
    for _ in range(3):
        pod.model.say(answer("done"))


async def _work(client: WireClient) -> None:
    await client.ask(Run(id=1, input="work"))


def _event() -> tuple[anyio.Event, LetGo]:
    gate = anyio.Event()
    return gate, lambda _pod: gate.set()


async def _before_the_first_byte(pod, client):
    gate, let_go = _event()
    pod.model.say(gate, answer("first"))
    await _work(client)
    await pod.model.asked(1)
    return let_go


async def _in_the_delay_of_a_retry(pod, client):
    gate, let_go = _event()
    pod.model.say(Retry(1, 30.0, "rate_limited"), gate, answer("first"))
    await _work(client)
    await client.until("retry_scheduled")
    return let_go


async def _in_the_delay_after_a_broken_answer(pod, client):
    cut = ProviderError(fault="cut", message="cut", provider="fake")
    pod.model.say(TextDelta("bro"), cut)
    await _work(client)
    await client.until("retry_scheduled")
    await pod.clock.waited_on(0.5)
    return lambda pod: pod.clock.advance(0.5)


async def _in_a_stream(pod, client):
    gate, let_go = _event()
    pod.model.say(TextDelta("fir"), gate, answer("first"))
    await _work(client)
    await client.until("text_delta")
    return let_go


async def _in_parallel_tools(pod, client):
    gate, let_go = _event()
    pod.tools.scripts["write_file"] = ToolScript(after=gate)
    calls = [(name, "{}") for name in ("write_file", "read_file", "write_file")]
    pod.model.say(answer("", *calls))
    await _work(client)
    await client.until("tool_result")
    return let_go


async def _in_code(pod, client):
    gate, let_go = _event()
    pod.tools.scripts["write_file"] = ToolScript(after=gate)
    calls = (("read_file", "{}"), ("write_file", "{}"))
    pod.interpreter.scripts.append(CodeScript(calls=calls))
    pod.model.say(answer("```python\nx = 1\n```"))
    await _work(client)
    await pod.tools.begun(2)
    return let_go


async def _at_a_checkpoint(pod, client):
    """The result that leads to it lies in the mailbox, and so will the interruption."""
    gate = anyio.Event()
    pod.tools.scripts["write_file"] = ToolScript(after=gate)
    pod.model.say(answer("", ("write_file", "{}")))
    await _work(client)
    await client.until("tool_started")
    return await _taken_in(pod, gate)


async def _at_the_last_checkpoint(pod, client):
    """The same of an answer that would be the end, had nothing arrived."""
    gate = anyio.Event()
    pod.model.say(gate, answer("first"))
    await _work(client)
    await pod.model.asked(1)
    return await _taken_in(pod, gate)


async def _taken_in(pod: PodHarness, gate: anyio.Event) -> LetGo:
    """Hold the driver up between what arrives and the checkpoint that takes it in."""
    pod.journal.hold_syncs()
    pod.driver.tell(i.NotificationSent(message="by the way", wake=True))
    await pod.journal.syncing.wait()
    n = pod.state.n
    gate.set()
    await anyio.wait_all_tasks_blocked()
    assert pod.state.n == n
    return lambda pod: pod.journal.may_sync.set()


async def _before_an_approval(pod, client):
    pod.model.say(answer("", ("bash", '{"command": "x"}')))
    await _work(client)
    await client.until("approval_requested")
    return lambda pod: pod.driver.ask(
        i.ApprovalGiven(call="t1.1.1", verdict="approved")
    )


async def _before_an_answer_of_the_user(pod, client):
    pod.model.say(answer("", ("ask_user", '{"question": "Why?"}')))
    await _work(client)
    await client.until("question_asked")
    return lambda pod: pod.driver.ask(i.QuestionReplied(question="t1.1.1", text="so"))


async def _waiting_for_a_child(pod, client):
    _lend(pod)
    pod.model.say(answer("", ("wait_pods", '{"names": ["kid"]}')))
    await _work(client)
    await client.until("tool_started")
    report = i.BelowNews(
        news="turn_ended",
        pod="fake.kid",
        session=KID,
        parent="fake",
        turn="t1",
        outcome=Completed(),
        text="it is done",
    )
    read = i.ChildrenRead(read=(i.ChildRead(via=KID, upto=1, fact=report),))
    return lambda pod: pod.driver.ask(read)


def _lend(pod: PodHarness) -> None:
    """The pod has a child that works."""
    pod.driver.record(
        e.LoanIntended(
            turn="t0",
            call="t0.1.1",
            pod="fake.kid",
            session=KID,
            scope=Scope((Rule("/srv/kid", "write"),)),
            token="token",  # of a loan that nobody checks
            task="do it",
        )
    )
    pod.driver.record(e.LoanMade(pod="fake.kid", session=KID))
    pod.driver.record(e.TaskGiven(session=KID, call="t0.1.1", turn="t1"))


SITUATIONS = (
    Situation(name="before the first byte", reach=_before_the_first_byte),
    Situation(name="in the delay of a retry", reach=_in_the_delay_of_a_retry),
    Situation(
        name="in the delay after a broken answer",
        reach=_in_the_delay_after_a_broken_answer,
        is_lasting=False,
    ),
    Situation(name="in a stream", reach=_in_a_stream),
    Situation(
        name="in parallel tools",
        reach=_in_parallel_tools,
        results={"t1.1.1": "interrupted", "t1.1.2": "ok", "t1.1.3": "interrupted"},
    ),
    Situation(
        name="in code",
        reach=_in_code,
        results={"t1.1.1": "ok", "t1.1.2": "interrupted"},
        code="interrupted",
        settings=CODED,
    ),
    Situation(
        name="at a checkpoint",
        reach=_at_a_checkpoint,
        results={"t1.1.1": "ok"},
        is_lasting=False,
    ),
    Situation(
        name="at the last checkpoint",
        reach=_at_the_last_checkpoint,
        is_lasting=False,
    ),
    Situation(
        name="before an approval",
        reach=_before_an_approval,
        results={"t1.1.1": "interrupted"},
        is_asked=True,
    ),
    Situation(
        name="before an answer of the user",
        reach=_before_an_answer_of_the_user,
        results={"t1.1.1": "interrupted"},
        is_asked=True,
    ),
    Situation(
        name="waiting for a child",
        reach=_waiting_for_a_child,
        results={"t1.1.1": "interrupted"},
        is_asked=True,
    ),
)


def _each(situations: Sequence[Situation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "situation", situations, ids=lambda one: one.name.replace(" ", "-")
    )


#: With a parameter `situation`: each of them.
in_each_situation = _each(SITUATIONS)
#: Each that lasts, whatever the time.
in_each_lasting_situation = _each([one for one in SITUATIONS if one.is_lasting])
