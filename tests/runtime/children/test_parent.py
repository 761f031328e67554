"""What a child tells its parent, and how long it outlives it."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest

from podd.core.pod.child import Child
from podd.core.pod.waiting import Approval
from podd.core.session.entries import StopRequested
from podd.core.turn import inputs as i
from podd.launch.message import ParentMessage
from podd.runtime.children.parent import LOOK_SECONDS, ORPHAN_SECONDS, Parent
from podd.testing.harness import PodHarness
from podd.testing.model import answer
from podd_protocol.requests import PodEvent, Run
from tests.client.fake_pod import FakePod, fake_pod

LIMIT_SECONDS = 5.0


def _parent(pod: PodHarness, path, *, on_end="drain", lives=lambda: True) -> Parent:
    parent = Parent(
        ParentMessage(name="boss", session="s-boss", token="t0k", socket=str(path)),
        pod="boss.fake",
        on_end=on_end,
        lender_lives=lives,
        state=pod.state,
        driver=pod.driver,
        clock=pod.clock,
        log=pod.log,
    )
    pod.driver.listen(parent.on_change)
    return parent


@pytest.fixture
def boss(short_directory):
    directory = short_directory / "boss"
    directory.mkdir()
    with fake_pod(directory / "sock") as fake:
        yield fake


async def _next_hint(boss: FakePod) -> PodEvent:
    with anyio.fail_after(LIMIT_SECONDS):
        return await anyio.to_thread.run_sync(boss.wait_for, PodEvent)


@asynccontextmanager
async def _in_touch(short_directory, **more):
    async with PodHarness(short_directory) as pod, anyio.create_task_group() as tasks:
        parent = _parent(pod, short_directory / "boss" / "sock", **more)
        tasks.start_soon(parent.tell)
        yield pod, parent
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("kind", ["turn_ended", "errored"])
async def test_the_end_of_a_turn_is_hinted_with_the_token(short_directory, boss, kind):
    async with _in_touch(short_directory) as (pod, _):
        if kind == "turn_ended":
            pod.model.say(answer("done"))
        client = await pod.connect()
        await client.greet()
        await client.ask(Run(id=1, input="go"))

        hint = await _next_hint(boss)

    assert (hint.kind, hint.pod, hint.token) == (kind, "boss.fake", "t0k")


async def test_new_pods_below_and_approvals_are_hinted(short_directory, boss):
    async with _in_touch(short_directory) as (pod, parent):
        pod.state.children["s"] = Child(
            pod="boss.fake.x", session="s", parent="boss.fake", stage="made"
        )
        pod.state.approvals["boss.fake", "t1.1.1"] = Approval(
            pod="boss.fake",
            call="t1.1.1",
            name="bash",
            arguments="{}",
            reason="",
            subject="",
            since="",
            wait_seconds=1,
            via="",
        )
        parent.on_change()
        kinds = [(await _next_hint(boss)).kind for _ in range(2)]

    assert kinds == ["scope_sub_delegated", "approval_requested"]


async def test_a_parent_that_is_not_there_holds_up_nothing(short_directory):
    async with _in_touch(short_directory) as (pod, parent):
        pod.model.say(answer("done"))
        client = await pod.subscriber()
        await client.ask(Run(id=1, input="go"))
        with anyio.fail_after(LIMIT_SECONDS):
            await client.until("turn_ended")
            await parent.say_goodbye()


async def test_the_last_hint_says_that_we_end(short_directory, boss):
    async with _in_touch(short_directory) as (_, parent):
        with anyio.fail_after(LIMIT_SECONDS):
            await parent.say_goodbye()

        assert (await _next_hint(boss)).kind == "shut_down"


class _Life:
    """Whether the lender lives, and how often somebody has looked."""

    def __init__(self) -> None:
        self.alive = False
        self.looks = 0

    def __call__(self) -> bool:
        self.looks += 1
        return self.alive


async def _pass(pod: PodHarness, life: _Life, seconds: float) -> None:
    """Let time pass, look by look."""
    for _ in range(round(seconds / LOOK_SECONDS)):
        with anyio.fail_after(LIMIT_SECONDS):
            await pod.clock.waited_on(LOOK_SECONDS)
            looks = life.looks
            pod.clock.advance(LOOK_SECONDS)
            while life.looks == looks:
                await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(("on_end", "mode"), [("drain", "drain"), ("stop", "now")])
async def test_an_orphan_ends_by_itself_when_the_parent_does_not_come_back(
    short_directory, on_end, mode
):
    life = _Life()
    async with PodHarness(short_directory) as pod, anyio.create_task_group() as tasks:
        parent = _parent(pod, short_directory / "x", on_end=on_end, lives=life)
        tasks.start_soon(parent.outlive)
        await _pass(pod, life, ORPHAN_SECONDS)
        assert pod.driver.ended is None
        await _pass(pod, life, LOOK_SECONDS)
        await pod.wait_ended()

    (asked,) = [one for one in pod.journal.entries if isinstance(one, StopRequested)]
    assert (asked.mode, asked.by) == (mode, "parent")


async def test_a_parent_that_comes_back_in_time_is_no_lost_one(short_directory):
    life = _Life()
    async with PodHarness(short_directory) as pod, anyio.create_task_group() as tasks:
        parent = _parent(pod, short_directory / "x", lives=life)
        tasks.start_soon(parent.outlive)
        await _pass(pod, life, ORPHAN_SECONDS - LOOK_SECONDS)
        life.alive = True
        await _pass(pod, life, LOOK_SECONDS)
        life.alive = False
        await _pass(pod, life, ORPHAN_SECONDS)
        assert pod.driver.ended is None
        tasks.cancel_scope.cancel()


async def test_an_orphan_at_work_finishes_its_turn_first(short_directory):
    life = _Life()
    async with PodHarness(short_directory) as pod, anyio.create_task_group() as tasks:
        may_answer = anyio.Event()
        pod.model.say(may_answer, answer("done"))
        pod.driver.tell(i.InputQueued(text="go"))
        await pod.model.asked(1)
        parent = _parent(pod, short_directory / "x", lives=life)
        tasks.start_soon(parent.outlive)
        await _pass(pod, life, ORPHAN_SECONDS + LOOK_SECONDS)
        await anyio.wait_all_tasks_blocked()
        assert "stop_requested" not in pod.journal.kinds
        may_answer.set()
        await pod.wait_ended()

    kinds = pod.journal.kinds
    assert kinds.index("turn_ended") < kinds.index("stop_requested")


async def test_an_orphan_that_is_paused_does_not_wait_for_anybody(short_directory):
    life = _Life()
    async with PodHarness(short_directory) as pod, anyio.create_task_group() as tasks:
        pod.model.say(anyio.Event())
        pod.driver.tell(i.InputQueued(text="go"))
        await pod.model.asked(1)
        await pod.driver.ask(i.PauseRequested())
        parent = _parent(pod, short_directory / "x", lives=life)
        tasks.start_soon(parent.outlive)
        await _pass(pod, life, ORPHAN_SECONDS + LOOK_SECONDS)
        await pod.wait_ended()

    assert "turn_ended" not in pod.journal.kinds


async def test_a_detached_pod_does_not_even_look(short_directory):
    life = _Life()
    async with PodHarness(short_directory) as pod:
        parent = _parent(pod, short_directory / "x", on_end="detach", lives=life)
        with anyio.fail_after(LIMIT_SECONDS):
            await parent.outlive()

    assert life.looks == 0
