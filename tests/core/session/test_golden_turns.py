"""What the golden journal of turns with code and limits means, for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from podd.core.pod.fold import fold
from podd.core.pod.state import Phase, PodState
from podd.core.session import entries as e
from podd.core.turn.limits import tokens
from podd.core.turn.pending import pending
from podd_protocol.values import Limited
from tests.core.session.golden_turns import SETTINGS
from tests.core.turn.host import RESTORED, Host

PATH = Path(__file__).with_name("golden") / "format-1-turns.jsonl"


def _entries() -> list[e.AnyEntry]:
    lines = PATH.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=e.AnyEntry) for line in lines]


@pytest.fixture
def state() -> PodState:
    return fold(_entries())


def test_it_holds_an_entry_of_every_kind_in_its_newest_shape():
    """But those of forks and rewinds, which have a journal of their own."""
    kinds = {entry.__struct_config__.tag for entry in _entries()}

    every = {kind.__struct_config__.tag for kind in e.AnyEntry.__args__}
    assert kinds == every - {"forked", "rewound"}


def test_what_was_said(state):
    code = "model: I look.\n```python\n{}\n```\nThen I go on."

    assert Host(state=state).texts()[25:] == [
        "model: It is seven.",
        "notification: [user] The user is away.",
        "model: I said it: seven.",
        (
            "notice: refused: no value was submitted; submit(value) hands it in, as "
            "code; 1 left"
        ),
        code.format("n = len(read_file('a'))"),
        "code: code ok: submitted\nseven\n",
        "user: Count.",
        code.format("while True: pass"),
        "code: code interrupted: the pod was stopped",
        "notification: names are gone",
        code.format("look()"),
        "code: code unknown: the pod that ran it died",
        "notice: tokens: 250, hand over",
        "model: So far, seven.",
        "user: Count again.",
        "user: And now?",
        "user: And now, with more?",
        code.format("look()"),
    ]


def test_what_was_asked_is_what_would_be_asked(state):
    assert state.conversation_digest == (
        "a7802f7c18667f7df0f1fb42d61b2e64e3b61340d61b5f88bd92892417ad14e2"
    )
    assert state.turn.request == (
        "e98ca890043a9929399dce628237008f4f1fb85327f8fb5859b0e794b4c208bd"
    )
    assert not state.turn.offer_tools


def test_how_long_it_worked_and_what_it_spent(state):
    assert (state.worked_ms, state.stretch, state.worked_before_ms) == (
        138000,
        150,
        133000,
    )
    assert state.granted == {"tokens": 250}
    assert (tokens(state.usage), tokens(state.tree_usage)) == (168, 278)
    assert state.last_outcome == Limited(limit="tokens")


def test_what_goes_on(state):
    turn = state.turn
    assert (turn.turn, turn.step, turn.phase) == ("t12", 1, Phase.AWAITING_CODE)
    assert (turn.code, turn.code_calls, turn.refused) == ("look()\n", 1, 0)
    assert state.has_names
    run, code = pending(state)
    assert (run.call, run.name, run.repeatable) == ("t12.1.1", "read_file", True)
    assert (code.turn, code.step, code.code) == ("t12", 1, "look()\n")


def test_the_session_goes_on():
    host = Host.restored(_entries(), msgspec.structs.replace(SETTINGS, tokens=1000))

    heard = host.tell(RESTORED)

    assert heard.kinds == ["pod_started", "tool_result", "code_ended", "step_started"]
    assert heard.entries[2].lost
