"""The pods below the one attached to."""

from __future__ import annotations

from podd.cli.attached.brood import Brood
from podd_protocol.events import ChildEvent
from podd_protocol.replies import ChildStatus
from podd_protocol.values import Completed, Usage


class _Status:
    def __init__(self, *children):
        self.children = list(children)


def _child(pod="a.b", session="s1", state="running", ended=None, outcome=None):
    return ChildStatus(
        pod=pod,
        session=session,
        parent="a",
        state=state,
        ended=ended,
        turn=None,
        outcome=outcome,
        lent=[],
        usage=Usage(),
        waiting_for=None,
    )


def _became(kind, session="s1", pod="a.b", **more):
    return ChildEvent(pod=pod, session=session, kind=kind, parent="a", **more)


def test_a_child_is_a_line_from_its_beginning_to_its_end():
    brood = Brood()
    lines = []
    for event in (
        _became("spawned", task="Weed\nthe bed"),
        _became("started"),
        _became("paused"),
        _became("resumed"),
        _became("turn_ended", outcome=Completed()),
        _became("ended", end="crashed"),
    ):
        brood.hear(event)
        lines += brood.lines()

    assert lines == [
        "a.b is starting: Weed …",
        "a.b is running: Weed …",
        "a.b is paused: Weed …",
        "a.b is running: Weed …",
        "a.b is idle, completed: Weed …",
        "a.b crashed: Weed …",
    ]


def test_only_those_with_work_are_always_seen():
    brood = Brood()
    brood.begin(
        _Status(
            _child(),
            _child("a.c", "s2", "idle", outcome=Completed()),
            _child("a.d", "s3", "ended", "stopped"),
        )
    )

    assert brood.active() == ["a.b is running"]
    assert brood.lines()[1:] == ["a.c is idle, completed", "a.d has ended"]
    assert brood.names() == ["a.b", "a.c"]


def test_a_child_may_be_called_by_its_short_name():
    brood = Brood()
    brood.begin(_Status(_child(), _child("a.b.c", "s2")))

    assert brood.named("b", "a") == "a.b"
    assert brood.named("a.b", "a") == "a.b"
    assert brood.named("b.c", "a") == "a.b.c"
    assert brood.named("c", "a") is None


def test_a_name_that_is_used_again_is_another_child():
    brood = Brood()
    brood.hear(_became("ended", end="stopped"))
    brood.hear(_became("spawned", session="s2"))

    assert brood.lines() == ["a.b has ended", "a.b is starting"]
