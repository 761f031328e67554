"""Which pods are alive."""

import os
import socket
import time
from contextlib import ExitStack

import pytest

from podd.client.discovery import find, pods
from podd.errors import NoSuchError
from podd.paths import Places
from podd_protocol.replies import Failure
from podd_protocol.requests import Hello
from tests.client.fake_pod import LIMIT_SECONDS, FakePod, fake_pod


def _dead(places: Places, name: str) -> None:
    path = places.socket(name)
    path.parent.mkdir(parents=True)
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(path))
    left_behind.close()


def test_where_nothing_ever_ran_there_is_no_pod(universe: Places) -> None:
    assert pods(universe) == []


def test_live_pods_are_told_by_name_and_dead_ones_are_not(universe: Places) -> None:
    _dead(universe, "crashed")
    universe.pod("starting").mkdir(parents=True)
    (universe.pods / "stray-file").write_text("", encoding="utf-8")

    with fake_pod(universe.socket("b")), fake_pod(universe.socket("a")):
        live = pods(universe)

    assert [pod.name for pod in live] == ["a", "b"]
    assert live[0].socket == universe.socket("a")
    assert live[0].pid == os.getpid()
    assert live[0].status is not None
    assert live[0].status.model == "scripted/demo"


def test_a_mute_pod_is_alive_and_costs_its_time_out_once(universe: Places) -> None:
    with ExitStack() as stack:
        for name in ("mute1", "mute2", "mute3"):
            stack.enter_context(
                fake_pod(universe.socket(name), answer=lambda _pod, _request: b"")
            )
        stack.enter_context(fake_pod(universe.socket("well")))
        started = time.monotonic()
        live = pods(universe, timeout_seconds=0.3)
        took = time.monotonic() - started

    known = {pod.name: pod.status is not None for pod in live}
    assert known == {"mute1": False, "mute2": False, "mute3": False, "well": True}
    assert 0.3 <= took < 0.8


def test_a_pod_that_takes_no_more_connections_is_alive(universe: Places) -> None:
    path = universe.socket("full")
    path.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(0)
    waiting = [socket.socket(socket.AF_UNIX) for _ in range(4)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(str(path))

    found = find(universe, "full", timeout_seconds=0.1)

    assert (found.name, found.status) == ("full", None)
    for one in (listener, *waiting):
        one.close()


def test_a_pod_of_another_version_says_what_it_does(universe: Places) -> None:
    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Hello):
            return None
        return Failure(id=request.id, code="version_mismatch", message="we speak 9")

    with fake_pod(universe.socket("newer"), answer=answer):
        found = find(universe, "newer", timeout_seconds=LIMIT_SECONDS)

    assert found.status is not None


def test_a_pod_that_hangs_up_is_not_alive(universe: Places) -> None:
    def answer(pod: FakePod, _request: object) -> bytes:
        pod.hang_up()
        return b""

    with fake_pod(universe.socket("dying"), answer=answer):
        assert pods(universe) == []


@pytest.mark.parametrize("name", ["nobody", "", ".", "..", "a/b", "../a", "a\0b"])
def test_a_name_that_is_no_pods_is_no_such_pod(universe: Places, name: str) -> None:
    universe.pods.mkdir(parents=True)

    with pytest.raises(NoSuchError) as missing:
        find(universe, name)

    assert (missing.value.what, missing.value.name) == ("pod", name)


def test_a_hundred_pods_are_asked_at_once(universe: Places) -> None:
    with ExitStack() as stack:
        for number in range(100):
            stack.enter_context(fake_pod(universe.socket(f"p{number}")))
        started = time.monotonic()
        live = pods(universe, timeout_seconds=LIMIT_SECONDS)
        took = time.monotonic() - started

    assert len(live) == 100
    assert all(pod.status is not None for pod in live)
    assert took < 2.0
