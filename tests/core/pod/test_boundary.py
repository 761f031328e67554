"""What the boundary of a fork names and closes."""

from __future__ import annotations

import msgspec
import pytest

from podd.core.pod.boundary import boundary, is_between_steps
from podd.core.session import entries as e
from podd.core.turn import inputs as i
from podd_protocol.values import Cancelled
from tests.core.session import golden_branches, golden_children
from tests.core.turn.host import DRAIN, PAUSE, Host, asking, call, finished, queued


def _forked(host: Host) -> e.Forked:
    (entry,) = [one for one in host.entries if isinstance(one, e.Forked)]
    return entry


def test_everything_that_was_open_is_named():
    entry = _forked(Host(entries=golden_branches.story()))

    assert (entry.session, entry.turn) == ("s-p", "t1")
    assert entry.outcome == Cancelled(by="user", reason="the session was forked here")
    assert (entry.causes, entry.children) == (("c2", "c3"), ("s-a",))
    assert entry.approvals == (("p.a", "t2.1.2"),)
    assert entry.questions == (("p.a", "t2.1.1"),)
    assert entry.commands == ("t1.1.1",)


def test_a_dead_child_is_nothing_open():
    host = Host.restored(golden_children.story())

    assert "s-a" not in boundary(host.state).children
    assert "s-b" in boundary(host.state).children


@pytest.mark.parametrize(
    "facts", [(), (queued("a"),), (queued("a"), PAUSE), (queued("a"), DRAIN), (DRAIN,)]
)
def test_behind_it_the_fork_is_idle_and_takes_work(facts):
    host = Host.after(*facts)
    host.record(boundary(host.state))

    again = host.crash()

    assert again.state.turn is None
    assert again.tell(i.PodRestored(pid=2, podd="0")).kinds == ["pod_started"]
    assert again.tell(queued("on")).decision.answer.position == 0
    assert again.answers("Yes.").kinds == ["model_responded", "turn_ended"]


def test_what_people_said_for_the_whole_session_was_for_the_original():
    host = Host.restored(golden_children.story())
    assert host.state.verdicts

    host.record(boundary(host.state))

    assert host.state.verdicts == {}


def test_a_turn_that_was_open_can_be_rewound_to():
    host = asking()
    host.answers(call("read_file"))
    host.tell(PAUSE)
    host.tell(finished("t1.1.1"))
    host.record(boundary(host.state))
    host.tell(queued("more"))
    host.answers("Done.")

    host.tell(i.RewindRequested(to="t1"))

    assert host.texts() == ["user: work", "model: t1.1.1=read_file", "t1.1.1: ok"]


def test_a_step_is_open_from_its_request_to_its_last_result():
    host = Host.after()
    seen = {}
    for entry in golden_children.story():
        host.record(msgspec.structs.replace(entry))
        seen.setdefault(entry.__struct_config__.tag, is_between_steps(host.state))

    assert seen["session_started"] is True
    assert seen["turn_started"] is True
    assert seen["step_started"] is False
    assert seen["model_responded"] is False
    assert seen["tool_started"] is False
