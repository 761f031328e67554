"""Which events an entry stands for, and with which numbers."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from podd.core.context.conversation import TextPart, ToolCallPart
from podd.core.session import entries as e
from podd.core.session.events import count, events
from podd_protocol import events as v
from podd_protocol.values import Completed, Failed, Media, Usage
from tests.core.session.every_entry import AT, EVERY_ENTRY, USAGE

_first = {"seq": 40, "at": AT}
_second = {"seq": 41, "at": AT}
_step = {"turn": "t1", "step": 2}

EXPECTED: dict[type, list[v.DurableEvent]] = {
    e.SessionStarted: [],
    e.PodStarted: [v.StateChanged(**_first, state="idle")],
    e.SurfaceSet: [
        v.SurfaceChanged(
            **_first, model="m", tools=["read_file", "glob"], cause="manifest_given"
        )
    ],
    e.SeqReserved: [],
    e.InputAccepted: [
        v.InputAccepted(
            **_first,
            turn="t1",
            cause="c1",
            origin="user",
            text="Grüße 🙂",
            media=[
                Media(type="image", media_type="image/png", bytes=8, name="leaf.png"),
                Media(type="image", url="https://garden.example/bed.jpg"),
                Media(
                    type="document",
                    media_type="application/pdf",
                    bytes=5,
                    name="almanac.pdf",
                ),
            ],
        )
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
            media=[
                Media(type="image", media_type="image/png", bytes=8, name="leaf.png")
            ],
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
    e.FileChanged: [
        v.FileChanged(**_first, turn="t1", call="t1.2.1", path="/a", change="modified")
    ],
    e.StopRequested: [v.StateChanged(**_first, state="stopping")],
    e.SessionClosed: [],
    e.Forked: [
        v.TurnEnded(
            **_first,
            turn="t1",
            outcome=Failed(code="cut", message="no end"),
            text="Let me see.",
            value=None,
            usage=USAGE,
        ),
        v.StateChanged(**_second, state="idle"),
    ],
    e.Rewound: [v.Rewound(**_first, to="t1", files_changed_since=["/a"])],
    e.LoanIntended: [
        v.ChildEvent(
            **_first,
            kind="spawned",
            pod="p.x",
            session="s",
            parent="p",
            lent=["/w/x"],
            task="Dig.",
        )
    ],
    e.LoanMade: [
        v.ChildEvent(**_first, kind="started", pod="p.x", session="s", parent="p")
    ],
    e.TaskGiven: [],
    e.LoanAssumed: [
        v.ChildEvent(
            **_first,
            kind="assumed",
            pod="p.x.y",
            session="s2",
            parent="p",
            lent=["/w/x"],
        )
    ],
    e.LoanReturned: [
        v.ChildEvent(
            **_first,
            kind="ended",
            pod="p.x",
            session="s",
            parent="p",
            cause="c5",
            end="crashed",
            message="killed",
        )
    ],
    e.ChildNews: [
        v.ChildEvent(
            **_first,
            kind="turn_ended",
            pod="p.x.y",
            session="s2",
            parent="p.x",
            lent=["/w/x"],
            task="Dig.",
            turn="t7",
            cause="c6",
            outcome=Failed(code="cut", message="no end"),
            text="Half.",
            value=[1, None],
            usage=USAGE,
            files=["/w/x/a"],
            end="crashed",
            message="killed",
        )
    ],
    e.ApprovalRequested: [
        v.ApprovalRequested(
            **_first,
            call="t7.1.1",
            name="bash",
            arguments={"command": "rm x"},
            reason="rule 2",
            pod="p.x",
            wait_seconds=60.5,
        )
    ],
    e.ApprovalResolved: [
        v.ApprovalResolved(
            **_first,
            call="t7.1.1",
            pod="p.x",
            verdict="denied",
            by="user",
            remember="session",
            reason="never",
        )
    ],
    e.QuestionAsked: [
        v.QuestionAsked(
            **_first,
            question="t7.1.2",
            text="Which?",
            choices=["left", "right"],
            pod="p.x",
            to="parent",
            wait_seconds=60.5,
        )
    ],
    e.QuestionAnswered: [
        v.QuestionAnswered(
            **_first, question="t7.1.2", pod="p.x", text="left", by="parent"
        )
    ],
    e.CommandStarted: [
        v.CommandStarted(
            **_first,
            turn="t1",
            call="t1.2.1",
            command="t1.2.1",
            text="make",
            output="/outputs/2",
        )
    ],
    e.CommandEnded: [
        v.CommandEnded(
            **_first,
            command="t1.2.1",
            cause="c8",
            end="signalled",
            status=9,
            reason="memory",
        )
    ],
    e.AnswerRefused: [v.AnswerRefused(**_first, turn="t1", problem="no JSON")],
    e.CodeStarted: [v.CodeStarted(**_first, **_step, code="f()\n")],
    e.ToolCalled: [
        v.ToolCall(
            **_first,
            **_step,
            call="t1.2.1",
            name="read_file",
            arguments={"path": "a"},
        )
    ],
    e.CodeEnded: [
        v.CodeEnded(
            **_first,
            **_step,
            status="ok",
            summary="submitted",
            output="1\n",
            spilled_to="/outputs/3",
            submitted=True,
            value=[1],
        )
    ],
    e.InterpreterLost: [
        v.Notification(**_first, cause="c9", origin="podd", text="Names are gone.")
    ],
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


def test_a_change_that_was_written_when_it_stood_for_no_event_stands_for_none():
    (change,) = [entry for entry in EVERY_ENTRY if isinstance(entry, e.FileChanged)]

    assert events(msgspec.structs.replace(change, seq=0)) == []


def test_the_secret_that_a_child_shows_is_told_to_nobody():
    (intended,) = [entry for entry in EVERY_ENTRY if isinstance(entry, e.LoanIntended)]

    assert intended.token.encode() not in msgspec.json.encode(events(intended))


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        ("Dig.", "Dig."),
        ("\n  Dig.\nDeep.", "Dig."),
        ("x" * 1_000, "x" * 200),
        ("", ""),
    ],
)
def test_of_a_task_people_are_shown_the_first_line(task, shown):
    (intended,) = [entry for entry in EVERY_ENTRY if isinstance(entry, e.LoanIntended)]

    (told,) = events(msgspec.structs.replace(intended, task=task))

    assert told.task == shown


def test_arguments_that_are_no_json_are_shown_as_they_are():
    (asked,) = [en for en in EVERY_ENTRY if isinstance(en, e.ApprovalRequested)]

    (told,) = events(msgspec.structs.replace(asked, arguments='{"command":'))

    assert told.arguments == '{"command":'


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
