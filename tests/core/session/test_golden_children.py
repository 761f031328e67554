"""What the golden journal of a pod with children means, for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from podd.core.pod.fold import fold
from podd.core.pod.state import PodState
from podd.core.session import entries as e
from podd.core.turn import effects as f
from podd.core.turn.pending import pending
from podd_protocol.values import Limited
from tests.core.turn.family import SETTINGS, SPENT, until_answered, until_approved
from tests.core.turn.host import RESTORED, Host

PATH = Path(__file__).with_name("golden") / "format-1-children.jsonl"


def _entries() -> list[e.AnyEntry]:
    lines = PATH.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=e.AnyEntry) for line in lines]


@pytest.fixture
def state() -> PodState:
    return fold(_entries())


def test_what_was_said(state):
    assert Host(state=state).texts() == [
        "user: work",
        "model: t1.1.1=spawn_pod t1.1.2=spawn_pod",
        "t1.1.1: ok",
        "t1.1.2: ok",
        (
            "model: t1.2.1=wait_pods t1.2.2=bash t1.2.3=bash "
            "t1.2.4=ask_user t1.2.5=ask_parent"
        ),
        "t1.2.1: ok",
        "t1.2.2: ok",
        "t1.2.3: denied",
        "t1.2.4: ok",
        "t1.2.5: error",
        "model: I see. t1.3.1=send_to_pod",
        "t1.3.1: ok",
        "model: That is bad.",
        "notification: a crashed: killed",
        "model: I wait.",
        "notification: t1.2.2: signalled 9 memory",
        "model: That, too. t5.1.1=bash",
        "t5.1.1: ok",
        (
            "model: t5.2.1=wait_pods t5.2.2=bash t5.2.3=ask_user "
            "t5.2.4=spawn_pod t5.2.5=bash"
        ),
    ]
    assert [item.text for item in state.conversation[5:10]] == [
        "b asks you; answer with send_to_pod\na t1: Half.\n\nb asks Left or right? []",
        "t1.2.2 done",
        "bash denied: nobody decided within 60 s",
        "the user answered\nleft",
        "parent silent for 60 s",
    ]


def test_what_was_asked_is_what_would_be_asked(state):
    assert state.conversation_digest == (
        "452bcb4c15d64af3265beff9bdd1fcfefea16c37dfe5f80bb282233b0b40bf38"
    )
    assert (state.causes, state.queue) == (6, [])
    assert [(one.cause, one.kind, one.text) for one in state.waiting] == [
        ("c6", "command", "t5.1.1: lost 0 the pod that ran it ended"),
    ]


def test_who_is_below(state):
    assert [
        (one.pod, one.parent, one.stage, one.state, one.end)
        for one in state.children.values()
    ] == [
        ("p.a", "p", "returned", "ended", "crashed"),
        ("p.b", "p", "made", "running", None),
        ("p.a.x", "p", "made", "idle", None),
        ("p.c", "p", "intended", "starting", None),
    ]
    a, b, x, c = state.children.values()
    assert (a.turns, a.counted, a.usage, a.lent) == ([], {"t1"}, SPENT, ())
    assert (a.report.outcome, a.report.value) == (Limited(limit="steps"), {"x": 1})
    assert (a.report.files, a.told) == (("/w/a/f",), "a t1: Half.")
    assert (b.turns, b.upto, b.lent, b.token) == (["t1"], 5, ("/w/b",), "token-b")
    assert (x.upto, x.lent, x.task) == (1, ("/w/a/x",), "Dig.")
    assert (c.call, c.session, c.lent) == ("t5.2.4", "s-c", ("/w/c",))


def test_what_waits(state):
    assert list(state.approvals) == [
        ("p.a.x", "t1.2.1"),
        ("p", "t5.2.2"),
        ("p.b", "t2.1.1"),
    ]
    assert list(state.questions) == [("p", "t5.2.3"), ("p.a.x", "t2.1.1")]
    assert state.verdicts == {("bash", "rm x"): ("approved", "just that")}
    assert state.commands == {}


def test_what_is_outstanding(state):
    wait, approval, question, spawn, command = pending(state)

    assert wait == f.SetDeadline(deadline="wait", seconds=600.0, call="t5.2.1")
    assert approval == until_approved("t5.2.2")
    assert question == until_answered("t5.2.3")
    assert (spawn.call, spawn.repeatable) == ("t5.2.4", True)
    assert (command.call, command.repeatable) == ("t5.2.5", False)


def test_the_session_goes_on():
    host = Host.restored(_entries(), SETTINGS)

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result"]
    assert [one.session for one in heard.effects if isinstance(one, f.WatchChild)] == [
        *("s-b", "s-a.x", "s-c"),
    ]
