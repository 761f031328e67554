"""One pod, spoken to from an event loop."""

from __future__ import annotations

import anyio
import pytest

from podd.client import link as links
from podd.client.link import PodLink
from podd.errors import FailureReplyError, NoSuchError, PodNotAnsweringError
from podd_protocol.events import StateChanged
from podd_protocol.lines import LineTooLongError
from podd_protocol.replies import Accepted, Failure, Ok
from podd_protocol.requests import Hello, Run, Status, Subscribe
from tests.client.fake_pod import SESSION, fake_pod

LIMIT_SECONDS = 5.0
AT = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def path(short_directory):
    (short_directory / "demo").mkdir()
    return short_directory / "demo" / "sock"


def _state(state) -> StateChanged:
    return StateChanged(seq=0, at=AT, state=state)


async def test_a_link_is_greeted_and_asks(path):
    with fake_pod(path) as pod:
        async with PodLink.opened(path, pod="demo") as link:
            answer = await link.ask(Run(id=0, input="go", key="k"))

        asked = [pod.asked.get(timeout=LIMIT_SECONDS) for _ in range(2)]

    assert link.session == SESSION
    assert isinstance(answer, Accepted)
    assert [type(one) for one in asked] == [Hello, Run]
    assert asked[0].id != asked[1].id


async def test_events_come_until_the_pod_hangs_up(path):
    states = []
    with fake_pod(path) as pod:
        pod.on_subscribe = lambda fake: fake.say(
            _state("running"), b'{"event":"new"}\n'
        )
        async with PodLink.opened(path, pod="demo") as link:
            assert isinstance(await link.ask(Subscribe(id=0, after=0)), Ok)
            with anyio.fail_after(LIMIT_SECONDS):
                async for event in link.events():
                    states.append(event.state)
                    if len(states) == 1:
                        pod.say(_state("idle"))
                    else:
                        pod.hang_up()

    assert states == ["running", "idle"]


async def test_an_event_that_comes_before_an_answer_is_kept(path):
    def answer(pod, request):
        if isinstance(request, Status):
            pod.say(_state("running"))
            return Ok(id=request.id)
        return None

    with fake_pod(path, answer=answer) as pod:
        async with PodLink.opened(path, pod="demo") as link:
            await link.ask(Subscribe(id=0))
            await link.ask(Status(id=0))
            pod.hang_up()
            events = [event async for event in link.events()]

    assert [event.state for event in events] == ["running"]


async def test_a_pod_that_says_no_is_heard(path):
    def answer(pod, request):
        if isinstance(request, Run):
            return Failure(
                id=request.id, code="stopping", message="too late", data={"a": 1}
            )
        return None

    with fake_pod(path, answer=answer):
        async with PodLink.opened(path, pod="demo") as link:
            with pytest.raises(FailureReplyError) as failed:
                await link.ask(Run(id=0, input="go"))

    assert (failed.value.pod, failed.value.failure) == ("demo", "stopping")
    assert failed.value.details == {"a": 1}


async def test_the_answer_to_another_request_is_none(path):
    def answer(pod, request):
        if isinstance(request, Run):
            return b'{"reply":"ok","id":77}\n{"reply":"accepted","id":2,"cause":"c1"}\n'
        return None

    with fake_pod(path, answer=answer):
        async with PodLink.opened(path, pod="demo") as link:
            assert await link.ask(Run(id=0, input="go")) == Accepted(id=2, cause="c1")


async def test_nobody_there_is_told(path):
    with pytest.raises(NoSuchError) as failed:
        async with PodLink.opened(path, pod="demo"):
            pass

    assert failed.value.name == "demo"


async def test_a_pod_that_says_nothing_is_given_up(path, monkeypatch):
    monkeypatch.setattr(links, "ANSWER_SECONDS", 0.05)
    with (
        fake_pod(path, answer=lambda pod, request: b""),
        anyio.fail_after(LIMIT_SECONDS),
        pytest.raises(PodNotAnsweringError) as failed,
    ):
        async with PodLink.opened(path, pod="demo"):
            pass

    assert "0.05 s" in failed.value.reason


@pytest.mark.parametrize("said", [b"", b'{"reply":"ok","id":1}\n'])
async def test_a_pod_that_hangs_up_or_does_not_greet_is_told(path, said):
    def answer(pod, request):
        if not said:
            pod.hang_up()
        return said

    with (
        fake_pod(path, answer=answer),
        anyio.fail_after(LIMIT_SECONDS),
        pytest.raises(PodNotAnsweringError),
    ):
        async with PodLink.opened(path, pod="demo"):
            pass


class _FullBuffer:
    def feed(self, data):
        raise LineTooLongError


async def test_a_line_without_an_end_is_not_the_protocol(path):
    with fake_pod(path):
        async with PodLink.opened(path, pod="demo") as link:
            link._lines = _FullBuffer()
            with pytest.raises(PodNotAnsweringError):
                await link.ask(Run(id=0, input="go"))


async def test_a_socket_whose_path_is_too_long_is_reached(short_directory):
    directory = short_directory / ("d" * 120)
    directory.mkdir()
    link = short_directory / "l"
    link.symlink_to(directory)
    with fake_pod(link / "sock"):
        async with PodLink.opened(directory / "sock", pod="demo") as found:
            assert found.session == SESSION
