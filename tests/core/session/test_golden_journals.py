"""Journals of each format that was ever written mean for ever what they meant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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
from tests.core.session import (
    golden_branches,
    golden_children,
    golden_pictures,
    golden_turns,
)
from tests.core.session.golden_journal import chained, story
from tests.core.turn.host import RESTORED, Host, kinds

GOLDEN = Path(__file__).with_name("golden")


#: Oldest first. A later one of the same format holds what that format learned since:
#: entries of new kinds, and fields with defaults.
JOURNALS = (
    "format-1",
    "format-1-children",
    "format-1-branches",
    "format-1-turns",
    "format-1-pictures",
)
each_journal = pytest.mark.parametrize("name", JOURNALS)


def _lines(name: str) -> list[bytes]:
    return (GOLDEN / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def _entries(name: str) -> list[e.AnyEntry]:
    return [msgspec.json.decode(line, type=e.AnyEntry) for line in _lines(name)]


def _shapes(lines: Iterable[bytes]) -> dict[str, list[str]]:
    """The fields of a line of each kind."""
    return {json.loads(line)["kind"]: list(json.loads(line)) for line in lines}


def _written_today() -> Iterator[bytes]:
    """The same stories, as this podd writes them."""
    for tale in (
        story,
        golden_children.story,
        golden_branches.story,
        golden_turns.story,
        golden_pictures.story,
    ):
        yield from chained(tale())


@pytest.fixture
def first() -> PodState:
    """What the journal of format 1 folds to."""
    return fold(_entries("format-1"))


def test_there_is_a_journal_of_every_format():
    assert {path.stem for path in GOLDEN.iterdir()} == set(JOURNALS)
    assert {int(name.split("-")[1]) for name in JOURNALS} == set(range(1, e.FORMAT + 1))


@each_journal
def test_its_chain_holds(name):
    digest = GENESIS
    for line in _lines(name):
        digest = check(line, digest)
        assert isinstance(digest, str), line


@each_journal
def test_its_numbers_have_no_gaps(name):
    next_seq = 1
    for n, entry in enumerate(_entries(name), start=1):
        assert entry.n == n
        assert entry.seq == (next_seq if count(entry) else 0)
        next_seq += count(entry)


def test_together_they_hold_an_entry_of_every_kind():
    every = {kind.__struct_config__.tag for kind in get_args(e.AnyEntry)}

    assert {kind for name in JOURNALS for kind in kinds(_entries(name))} == every


def test_this_podd_writes_lines_of_the_same_shape():
    """Field for field, so that who changes the format makes a new one of it."""
    golden = {
        kind: fields
        for name in JOURNALS
        for kind, fields in _shapes(_lines(name)).items()
    }

    assert _shapes(_written_today()) == golden


def test_a_field_that_was_once_written_is_still_written():
    newest = _shapes(_written_today())
    for name in JOURNALS:
        for kind, fields in _shapes(_lines(name)).items():
            assert set(fields) <= set(newest[kind])


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
    host = Host.restored(_entries("format-1"))

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "step_failed", "step_started"]
    assert host.answers("Written.").kinds == [
        "model_responded",
        "causes_taken",
        "step_started",
    ]
