"""What is outstanding follows from the state alone."""

from __future__ import annotations

import pytest

from podd.core.turn.pending import pending
from podd.core.turn.states import MachineState as S
from tests.core.turn.host import CANCEL, Host, call, finished, queued, request, run
from tests.core.turn.situations import SITUATIONS, answered


@pytest.mark.parametrize(
    "state", [S.IDLE, S.WAKING, S.READY, S.ANSWERED, S.PAUSED, S.DRAINING_IDLE]
)
def test_nothing_is_outstanding_where_nothing_is_awaited(state):
    assert {pending(host.state) for host in SITUATIONS[state]} == {()}


@pytest.mark.parametrize("state", [S.DRAINING, S.CLOSED])
def test_nothing_is_outstanding_before_the_end(state):
    assert {pending(host.state) for host in SITUATIONS[state]} == {()}


def test_a_request_is_outstanding_until_it_is_answered():
    host = Host.after(queued("work"))
    assert pending(host.state) == (request(1),)

    host.answers("Done.")

    assert pending(host.state) == ()


def test_a_call_is_outstanding_from_its_start_to_its_result():
    host = Host.after(queued("work"))
    answered(host, call("read_file", '{"a":1}'), call("write_file"))
    assert pending(host.state) == ()

    host = Host.after(queued("work"))
    host.answers(call("read_file", '{"a":1}'), call("write_file"))
    assert pending(host.state) == (
        run("t1.1.1", arguments='{"a":1}'),
        run("t1.1.2", "write_file"),
    )
    host.tell(finished("t1.1.1"))

    assert pending(host.state) == (run("t1.1.2", "write_file"),)


def test_nothing_of_a_cancelled_turn_is_outstanding():
    host = Host.after(queued("work"))
    host.answers(call("read_file"))
    host.tell(CANCEL)

    assert pending(host.state) == ()


def test_the_last_step_is_outstanding_without_tools():
    *_, host = SITUATIONS[S.AWAITING_MODEL]

    assert pending(host.state) == (request(4, offer_tools=False),)
