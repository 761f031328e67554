"""Starting a child from the loop; the whole way is in tests/end_to_end."""

from __future__ import annotations

import select
from types import SimpleNamespace

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from podd.core.pod.child import Child
from podd.errors import NameTakenError, StartAbandonedError
from podd.runtime.children import lending
from podd.runtime.children.lending import START_SECONDS, Lending

LIMIT_SECONDS = 5.0
CHILD = Child(
    pod="demo.left", session="s-left", parent="demo", stage="intended", call="t1.1.1"
)


class _Start:
    """In place of `start_held`: says what it was asked, and then does `do`."""

    def __init__(self, do) -> None:
        self.do = do
        self.request = None
        self.began = anyio.Event()

    def __call__(self, request):
        self.request = request
        anyio.from_thread.run_sync(self.began.set)
        return self.do(request)


@pytest.fixture
def raised():
    return []


@pytest.fixture
def lent(universe, raised):
    house = SimpleNamespace(
        places=universe,
        in_thread=anyio.to_thread.run_sync,
        lender=lambda child, is_counted: (child.pod, is_counted),
        module="podd.pod",
    )
    watch = SimpleNamespace(raised=lambda *found: raised.append(found))
    return Lending(house=house, watch=watch, holding=None, quiet=None)


def _until_abandoned(request):
    poll = select.poll()
    poll.register(request.abandon, select.POLLIN)
    assert poll.poll(LIMIT_SECONDS * 1000)
    raise StartAbandonedError(pod="demo.left")


async def test_a_start_that_is_cancelled_is_given_up_in_its_thread(
    lent, raised, monkeypatch
):
    start = _Start(_until_abandoned)
    monkeypatch.setattr(lending, "start_held", start)
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lent._start, CHILD, None)
            await start.began.wait()
            tasks.cancel_scope.cancel()

    assert raised == []
    assert start.request.lender == ("demo.left", False)
    assert (start.request.session, start.request.resume) == ("s-left", None)
    assert start.request.timeout_seconds == START_SECONDS


async def test_a_child_that_started_as_it_was_cancelled_is_known(
    lent, raised, monkeypatch
):
    process = object()

    def do(request):
        poll = select.poll()
        poll.register(request.abandon, select.POLLIN)
        poll.poll(LIMIT_SECONDS * 1000)
        return None, process

    start = _Start(do)
    monkeypatch.setattr(lending, "start_held", start)
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lent._start, CHILD, None)
            await start.began.wait()
            tasks.cancel_scope.cancel()

    assert raised == [("s-left", process)]


@pytest.mark.parametrize(
    "error", [NameTakenError(name="x", pid=1, since=""), OSError(24, "too many files")]
)
async def test_why_a_start_failed_is_told_as_it_is(lent, monkeypatch, error):
    def do(request):
        raise error

    monkeypatch.setattr(lending, "start_held", _Start(do))

    with pytest.raises(type(error)) as failed:
        await lent._start(CHILD, None)

    assert failed.value is error
