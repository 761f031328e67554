"""Journals of each format that was ever written mean for ever what they meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from podd.core.pod.fold import fold
from podd.core.pod.state import Answer, PodState
from podd.core.session import entries as e
from podd.core.session.chain import GENESIS, check
from podd.core.session.events import count
from podd.core.turn.states import MachineState, machine_state
from podd_protocol.values import Cancelled, Usage
from tests.core.session.golden_journal import lines
from tests.core.turn.host import RESTORED, Host, kinds

GOLDEN = Path(__file__).with_name("golden")


def _lines(number: int) -> list[bytes]:
    path = GOLDEN / f"format-{number}.jsonl"
    return path.read_bytes().splitlines(keepends=True)


def _entries(number: int) -> list[e.AnyEntry]:
    return [msgspec.json.decode(line, type=e.AnyEntry) for line in _lines(number)]


@pytest.fixture
def first() -> PodState:
    """What the journal of format 1 folds to."""
    return fold(_entries(1))


def test_there_is_a_journal_of_every_format():
    assert sorted(path.name for path in GOLDEN.iterdir()) == [
        f"format-{number}.jsonl" for number in range(1, e.FORMAT + 1)
    ]


@pytest.mark.parametrize("number", range(1, e.FORMAT + 1))
def test_its_chain_holds(number):
    digest = GENESIS
    for line in _lines(number):
        digest = check(line, digest)
        assert isinstance(digest, str), line


@pytest.mark.parametrize("number", range(1, e.FORMAT + 1))
def test_its_numbers_have_no_gaps(number):
    next_seq = 1
    for n, entry in enumerate(_entries(number), start=1):
        assert entry.n == n
        assert entry.seq == (next_seq if count(entry) else 0)
        next_seq += count(entry)


def test_the_newest_holds_an_entry_of_every_kind():
    every = {kind.__struct_config__.tag for kind in get_args(e.AnyEntry)}

    assert set(kinds(_entries(e.FORMAT))) == every


def test_this_podd_writes_lines_of_the_same_shape():
    """Field for field, so that who changes the format makes a new one of it."""

    def shape(line: bytes) -> list[str]:
        return list(json.loads(line))

    written = {json.loads(line)["kind"]: shape(line) for line in lines()}
    golden = {json.loads(line)["kind"]: shape(line) for line in _lines(e.FORMAT)}

    assert written == golden


def test_what_format_1_says_was_said(first):
    assert Host(state=first).texts() == [
        "user: Look around. Grüße 🙂",
        (
            "model: Where to begin? Let me see. "
            "t1.1.1=read_file t1.1.2=write_file t1.1.3=write_file"
        ),
        "t1.1.1: ok",
        "t1.1.2: ok",
        "t1.1.3: error",
        "notification: [user] It rains.",
        "model: t1.2.1=write_file",
        "t1.2.1: unknown",
        "user: Hurry.",
        "notice: steps: 2, hand over",
        "model: So far, so good.",
        "user: Try again.",
        "user: Write it.",
        "model: t5.1.1=write_file",
        "t5.1.1: interrupted",
        "user: Write it, really.",
        "model: Now. t6.1.1=write_file",
        "t6.1.1: interrupted",
    ]
    assert first.conversation[2].text == "t1.1.1 done\none\ntwo"
    assert first.conversation[2].provider_call == "call_1"


def test_what_format_1_says_was_asked_is_what_would_be_asked(first):
    """A digest that changes makes every restored pod send another prefix."""
    assert first.conversation_digest == (
        "39a5d6c31b213d0564a0efd3480fe1c5bdacf72335395e018403862355283389"
    )
    assert first.surface_digest == (
        "e1fde0194167450a923342ddc9185ebf6995044d11b3e646e29a8a9e6ec9b8b5"
    )
    assert first.turn.request == first.request_digest(offer_tools=True)


def test_what_format_1_says_is_going_on(first):
    turn = first.turn
    assert machine_state(first) is MachineState.AWAITING_MODEL
    assert (turn.turn, turn.step, turn.attempt) == ("t6", 2, 1)
    assert (turn.paused, turn.limit, turn.failure) == (False, None, None)
    assert [cause.cause for cause in first.queue] == ["c7"]
    assert [(c.cause, c.text) for c in first.waiting] == [
        ("c8", "[user] The build is green.")
    ]


def test_what_else_format_1_says(first):
    assert first.session == "019aa3b0-0000-7000-8000-000000000001"
    assert (first.pod, first.n, first.causes) == ("golden", 57, 8)
    assert first.manifest == {"pod": {"name": "new"}}
    assert (first.surface.model, first.surface.system) == ("other", "New.")
    assert (first.seq_reserved, first.turns_ended) == (1000, 3)
    assert first.usage == Usage(
        input_tokens=50, output_tokens=10, requests=5, cost_usd=2.5
    )
    assert first.last_outcome == Cancelled(by="user", reason="enough")
    assert (first.stopping, first.closed) == (None, False)
    assert first.answers == {
        "k1": Answer("c1", "t1", 0),
        "k2": Answer("c7", "t7", 1),
    }
    assert first.notified == {"k1": Answer("c8", None, None)}


def test_a_session_of_format_1_goes_on():
    host = Host.restored(_entries(1))

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "step_failed", "step_started"]
    assert host.answers("Written.").kinds == [
        "model_responded",
        "causes_taken",
        "step_started",
    ]
