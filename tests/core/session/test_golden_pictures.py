"""What the golden journal of a session with pictures means, for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from podd.core.context.conversation import TextPart, ToolResultItem, UserItem
from podd.core.pod.fold import fold
from podd.core.session import entries as e
from tests.core.session.golden_pictures import ALMANAC, BED, LEAF
from tests.core.turn.host import RESTORED, Host

PATH = Path(__file__).with_name("golden") / "format-1-pictures.jsonl"


def _entries() -> list[e.AnyEntry]:
    lines = PATH.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=e.AnyEntry) for line in lines]


@pytest.fixture
def state():
    return fold(_entries())


def test_what_was_shown_with_what_was_said(state):
    shown = [item for item in state.conversation if isinstance(item, UserItem)]

    assert [(item.text, item.parts) for item in shown] == [
        ("Good morning.", UNSET),
        (
            "What ails these?\n\nOr is it the bed?",
            (TextPart("What ails these?"), LEAF, TextPart("Or is it the bed?")),
        ),
        ("", (BED, ALMANAC)),
    ]


def test_what_a_tool_showed(state):
    results = [item for item in state.conversation if isinstance(item, ToolResultItem)]

    assert [(item.call, item.images) for item in results] == [
        ("t2.1.1", (LEAF, BED)),
        ("t2.1.2", UNSET),
    ]


def test_what_was_asked_is_what_would_be_asked(state):
    assert state.conversation_digest == (
        "8d87dfe2e78cc8c773fab702ce0396585df69bf15087a7ef8202702733d8fa1e"
    )


def test_prose_alone_is_written_as_it_was_before_there_were_pictures():
    line = PATH.read_bytes().splitlines()[4]

    assert b"parts" not in line
    assert b"input_accepted" in line


def test_the_session_goes_on():
    assert Host.restored(_entries()).tell(RESTORED).kinds == ["pod_started"]
