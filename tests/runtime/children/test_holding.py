"""Whose reports have to wait."""

from __future__ import annotations

import anyio

from podd.core.pod.child import Child
from podd.core.pod.state import OpenCall, OpenTurn, PodState
from podd.runtime.children.holding import Holding

LIMIT_SECONDS = 5.0


def _state(*calls: OpenCall) -> PodState:
    state = PodState(pod="demo")
    for name, call in (("left", "t1.1.1"), ("right", "t1.1.2")):
        state.children[f"s-{name}"] = Child(
            pod=f"demo.{name}",
            session=f"s-{name}",
            parent="demo",
            stage="made",
            call=call,
        )
    state.turn = OpenTurn("t1", calls={call.call: call for call in calls})
    return state


def _call(
    call: str, name: str, arguments: str = "{}", *, begun: bool = True
) -> OpenCall:
    return OpenCall(call, name, arguments, "p", "now" if begun else None)


def _held(state: PodState) -> list[str]:
    holding = Holding(state)
    return [session for session in state.children if holding.is_held(session)]


def test_a_child_is_held_while_the_call_that_makes_it_is_open():
    assert _held(_state(_call("t1.1.1", "spawn_pod"))) == ["s-left"]


def test_a_child_is_held_while_it_is_sent_something():
    send = _call("t1.2.1", "send_to_pod", '{"name":"right","message":"x"}')
    full = _call("t1.2.1", "send_to_pod", '{"name":"demo.right","message":"x"}')

    assert _held(_state(send)) == ["s-right"]
    assert _held(_state(full)) == ["s-right"]


def test_nobody_is_held_by_what_has_nothing_to_do_with_them():
    quiet = [
        _call("t1.1.1", "spawn_pod", begun=False),
        _call("t1.2.1", "wait_pods", '{"names":["left"]}'),
        _call("t1.2.2", "send_to_pod", '{"name":"nobody"}'),
        _call("t1.2.3", "send_to_pod", '{"name":7}'),
        _call("t1.2.4", "send_to_pod", "{cut"),
    ]

    assert _held(_state(*quiet)) == []


def test_without_a_turn_or_a_child_nobody_is_held():
    state = _state(_call("t1.1.1", "spawn_pod"))
    assert not Holding(state).is_held("unknown")
    state.turn = None
    assert not Holding(state).is_held("s-left")


async def test_who_waits_goes_on_when_the_call_is_through():
    holding = Holding(
        _state(_call("t1.1.1", "spawn_pod"), _call("t1.1.2", "spawn_pod"))
    )
    free: list[str] = []

    async def wait(session: str) -> None:
        await holding.wait_free(session)
        free.append(session)

    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, "s-left")
            tasks.start_soon(wait, "s-right")
            await anyio.wait_all_tasks_blocked()
            holding.let_go("t1.1.2")
            await anyio.wait_all_tasks_blocked()
            assert free == ["s-right"]
            holding.let_go("t1.1.1")

    assert free == ["s-right", "s-left"]


async def test_who_waits_goes_on_when_the_call_has_its_result():
    state = _state(_call("t1.1.1", "spawn_pod"))
    holding = Holding(state)

    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(holding.wait_free, "s-left")
            await anyio.wait_all_tasks_blocked()
            state.turn.calls.clear()
            holding.look()
