"""What the golden journal of a session that was forked and rewound means, for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd_protocol.values import Completed
from tests.core.turn.family import SETTINGS
from tests.core.turn.host import RESTORED, Host

PATH = Path(__file__).with_name("golden") / "format-1-branches.jsonl"


def _entries() -> list[e.AnyEntry]:
    lines = PATH.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=e.AnyEntry) for line in lines]


@pytest.fixture
def state():
    return fold(_entries())


def test_what_was_said(state):
    assert Host(state=state).texts() == [
        "user: work",
        "model: t1.1.1=bash t1.1.2=spawn_pod",
        "t1.1.1: ok",
        "t1.1.2: ok",
        "user: Otherwise, then.",
        "model: As you like.",
    ]


def test_what_was_asked_is_what_would_be_asked(state):
    assert state.conversation_digest == (
        "c1def1d3a5752a2895cb44cc1dc015ad26a59f68d5ba2c151c8df4473a2ff565"
    )


def test_what_is_left_of_the_original(state):
    assert (state.turn, state.queue, state.waiting) == (None, [], [])
    assert (state.children, state.commands) == ({}, {})
    assert (state.approvals, state.questions) == ({}, {})
    assert list(state.answers) == ["k1", "k2"]
    assert (state.causes, state.turns_ended) == (5, 3)
    assert state.usage.requests == 4
    assert state.last_outcome == Completed()


def test_where_it_can_be_rewound_to(state):
    assert [(turn, mark.items) for turn, mark in state.marks.items()] == [
        ("t1", 4),
        ("t5", 6),
    ]
    assert state.changed_files == {"/w/a": 1}


def test_the_session_goes_on():
    host = Host.restored(_entries(), SETTINGS)

    assert host.tell(RESTORED).kinds == ["pod_started"]
