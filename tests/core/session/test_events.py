"""Which events an entry stands for, and with which numbers."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from podd.core.context.conversation import TextPart, ToolCallPart
from podd.core.session import entries as e
from podd.core.session.events import count, events
from podd_protocol import events as v
from podd_protocol.values import Completed, Failed, Usage
from tests.core.session.every_entry import AT, EVERY_ENTRY, USAGE

_first = {"seq": 40, "at": AT}
_second = {"seq": 41, "at": AT}
_step = {"turn": "t1", "step": 2}

EXPECTED: dict[type, list[v.DurableEvent]] = {
    e.SessionStarted: [],
    e.PodStarted: [v.StateChanged(**_first, state="idle")],
    e.SurfaceSet: [v.SurfaceChanged(**_first, model="m", tools=["read_file", "glob"])],
    e.SeqReserved: [],
    e.InputAccepted: [
        v.InputAccepted(**_first, turn="t1", cause="c1", origin="user", text="Grüße 🙂")
    ],
    e.NotificationAccepted: [
        v.Notification(**_first, cause="c2", origin="p.x", text="rain")
    ],
    e.TurnStarted: [
        v.TurnStarted(**_first, turn="t1", causes=["c1", "c2"]),
        v.StateChanged(**_second, state="running"),
    ],
    e.CausesTaken: [v.CausesTaken(**_first, turn="t1", causes=["c3"])],
    e.LimitReached: [v.LimitReached(**_first, turn="t1", limit="steps")],
    e.StepStarted: [v.StepStarted(**_first, **_step, attempt=3, model="m")],
    e.StepFailed: [
        v.StepEnded(**_first, **_step, attempt=3, stop_reason="rate_limited")
    ],
    e.ModelResponded: [
        v.Reasoning(**_first, **_step, text="Hm."),
        v.Text(**_second, **_step, text="Let me see."),
        v.ToolCall(
            seq=42,
            at=AT,
            **_step,
            call="t1.2.1",
            name="read_file",
            arguments={"path": "a"},
        ),
        v.ToolCall(
            seq=43,
            at=AT,
            **_step,
            call="t1.2.2",
            name="glob",
            arguments='{"pattern":',
        ),
        v.UsageEvent(seq=44, at=AT, **_step, usage=USAGE),
        v.StepEnded(seq=45, at=AT, **_step, attempt=3, stop_reason="tool_use"),
    ],
    e.ToolStarted: [v.ToolStarted(**_first, **_step, call="t1.2.1", name="read_file")],
    e.ToolResulted: [
        v.ToolResult(
            **_first,
            **_step,
            call="t1.2.1",
            name="read_file",
            status="ok",
            summary="Read a.",
            output="line\n",
            spilled_to="/outputs/1",
        )
    ],
    e.TurnPaused: [v.StateChanged(**_first, state="paused")],
    e.TurnResumed: [v.StateChanged(**_first, state="running")],
    e.TurnEnded: [
        v.TurnEnded(
            **_first,
            turn="t1",
            outcome=Failed(code="cut", message="no end"),
            text="Let me see.",
            value={"answer": [1, None]},
            usage=USAGE,
        ),
        v.StateChanged(**_second, state="stopping"),
    ],
    e.FileChanged: [],
    e.StopRequested: [v.StateChanged(**_first, state="stopping")],
    e.SessionClosed: [],
}

each_entry = pytest.mark.parametrize(
    "entry", EVERY_ENTRY, ids=lambda entry: entry.__struct_config__.tag
)


@each_entry
def test_an_entry_stands_for_exactly_these_events(entry):
    assert events(entry) == EXPECTED[type(entry)]


@each_entry
def test_the_count_is_how_many_there_are(entry):
    assert count(entry) == len(EXPECTED[type(entry)])


@each_entry
def test_numbers_run_on_from_the_first_without_a_gap(entry):
    moved = msgspec.structs.replace(entry, seq=1_000)

    numbers = [event.seq for event in events(moved)]

    assert numbers == list(range(1_000, 1_000 + count(entry)))


@each_entry
def test_a_replay_says_what_was_said_live(entry):
    written = msgspec.json.encode(entry)
    replayed = events(msgspec.json.decode(written, type=e.AnyEntry))

    assert msgspec.json.encode(replayed) == msgspec.json.encode(events(entry))


@each_entry
def test_every_event_of_a_replay_is_one_that_clients_know(entry):
    for event in events(entry):
        line = msgspec.json.encode(event)
        assert msgspec.json.decode(line, type=v.DurableEvent) == event


def test_every_durable_event_has_an_entry_behind_it():
    told = {type(event) for expected in EXPECTED.values() for event in expected}

    assert told == set(get_args(v.DurableEvent))


def test_a_turn_that_ends_in_a_pod_that_stays_leaves_it_idle():
    ended = e.TurnEnded(turn="t1", outcome=Completed(), text="", usage=Usage())

    assert events(ended)[1].state == "idle"


def test_an_answer_of_nothing_still_ends_its_step():
    told = events(_response())

    assert [type(event) for event in told] == [v.UsageEvent, v.StepEnded]


def _response(*parts) -> e.ModelResponded:
    return e.ModelResponded(
        turn="t1", step=1, attempt=1, parts=parts, stop_reason="stop", usage=Usage()
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", {}),
        (" \n", {}),
        ('{"a": 1e999}', '{"a": 1e999}'),
        ('{"a": 123456789012345678901234567890}', None),
        ("[1]", "[1]"),
        ("null", "null"),
        ('{"a":"\\ud800"}', '{"a":"\\ud800"}'),
        ("{" * 5_000, "{" * 5_000),
    ],
)
def test_whatever_a_model_wrote_as_arguments_can_be_told(arguments, told):
    call = ToolCallPart("t1.1.1", "read_file", arguments)
    (event, *_) = events(_response(call))
    line = msgspec.json.encode(event)

    assert event.arguments == (msgspec.json.decode(arguments) if told is None else told)
    assert msgspec.json.decode(line)["arguments"] == event.arguments


def test_parts_keep_their_order():
    parts = (TextPart("a"), ToolCallPart("c", "glob", "{}"), TextPart("b"))

    told = events(_response(*parts))

    assert [type(event) for event in told[:3]] == [v.Text, v.ToolCall, v.Text]
