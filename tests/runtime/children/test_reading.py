"""Events of a child as facts."""

from __future__ import annotations

import pytest

from podd.core.turn import inputs as i
from podd.runtime.children.reading import FILES, WANTED, Reader
from podd_protocol import events as v
from podd_protocol.values import Completed, Usage

AT = "2026-01-01T00:00:00.000Z"
POD = "demo.left"
SESSION = "session-left"


def _reader(upto: int = 0) -> Reader:
    return Reader(pod=POD, session=SESSION, parent="demo", upto=upto)


def _ended(seq: int, turn: str = "t1", text: str = "done") -> v.TurnEnded:
    return v.TurnEnded(
        seq=seq,
        at=AT,
        turn=turn,
        outcome=Completed(),
        text=text,
        value=None,
        usage=Usage(requests=1),
    )


def _changed(seq: int, path: str) -> v.FileChanged:
    return v.FileChanged(
        seq=seq, at=AT, turn="t1", call="c", path=path, change="created"
    )


def _state(seq: int, state) -> v.StateChanged:
    return v.StateChanged(seq=seq, at=AT, state=state)


def _news(reader: Reader, *events) -> list[str]:
    found = [reader.read(event) for event in events]
    return [read.fact.news for read in found if read is not None]


def test_the_end_of_a_turn_names_the_files_that_it_changed_once_each():
    reader = _reader()

    for seq, path in enumerate(["/b", "/a", "/b"], 1):
        assert reader.read(_changed(seq, path)) is None
    read = reader.read(_ended(9))

    assert read == i.ChildRead(
        via=SESSION,
        upto=9,
        fact=i.BelowNews(
            news="turn_ended",
            pod=POD,
            session=SESSION,
            parent="demo",
            turn="t1",
            outcome=Completed(),
            text="done",
            usage=Usage(requests=1),
            files=("/b", "/a"),
        ),
    )
    assert reader.read(_ended(12, "t2")).fact.files == ()


def test_files_of_a_turn_that_had_no_end_are_not_the_next_ones():
    reader = _reader()
    reader.read(_changed(1, "/a"))

    reader.read(v.TurnStarted(seq=2, at=AT, turn="t2", causes=["c2"]))

    assert reader.read(_ended(3, "t2")).fact.files == ()


def test_no_turn_names_more_files_than_a_model_wants_to_read():
    reader = _reader()
    for seq in range(1, FILES + 10):
        reader.read(_changed(seq, f"/{seq}"))

    assert len(reader.read(_ended(1000)).fact.files) == FILES


def test_what_was_counted_is_not_told_again_but_its_files_are_known():
    reader = _reader(upto=5)

    assert reader.read(_changed(3, "/a")) is None
    assert reader.read(_ended(5)) is None
    assert reader.read(_changed(6, "/b")) is None
    assert reader.read(_ended(8)).fact.files == ("/b",)
    assert reader.upto == 8


def test_an_open_turns_files_before_the_cursor_are_in_its_report():
    reader = _reader(upto=5)

    reader.read(_changed(3, "/a"))

    assert reader.read(_ended(8)).fact.files == ("/a",)


def test_of_its_states_only_a_pause_and_its_end_are_news():
    events = [
        _state(1, "running"),
        _state(2, "paused"),
        _state(3, "running"),
        _state(4, "idle"),
        _state(5, "stopping"),
    ]

    assert _news(_reader(), *events) == ["paused", "resumed"]


def test_a_turn_that_was_cancelled_while_it_was_paused_is_not_resumed():
    events = [_state(1, "paused"), _ended(2), _state(3, "idle"), _state(4, "running")]

    assert _news(_reader(), *events) == ["paused", "turn_ended"]


def test_a_pause_before_the_cursor_makes_what_comes_after_it_a_resume():
    reader = _reader(upto=2)

    assert _news(reader, _state(2, "paused"), _state(3, "running")) == ["resumed"]


@pytest.mark.parametrize(
    "kind", ["spawned", "started", "turn_ended", "paused", "ended", "assumed"]
)
def test_news_of_deeper_pods_pass_as_they_are(kind):
    event = v.ChildEvent(
        seq=4,
        at=AT,
        pod="demo.left.x",
        session="session-x",
        kind=kind,
        parent=POD,
        lent=["/x"],
        task="look",
        turn="t7",
        cause="c3",
        outcome=Completed(),
        text="seen",
        value={"a": 1},
        usage=Usage(requests=2),
        files=["/x/y"],
        end="crashed",
        message="why",
    )

    read = _reader().read(event)

    assert read == i.ChildRead(
        via=SESSION,
        upto=4,
        fact=i.BelowNews(
            news=kind,
            pod="demo.left.x",
            session="session-x",
            parent=POD,
            lent=("/x",),
            task="look",
            turn="t7",
            outcome=Completed(),
            text="seen",
            value={"a": 1},
            usage=Usage(requests=2),
            files=("/x/y",),
            end="crashed",
            message="why",
        ),
    )


@pytest.mark.parametrize(
    ("arguments", "text"), [({"a": [1, "ü"]}, '{"a":[1,"ü"]}'), ("{cut", "{cut")]
)
def test_an_approval_keeps_its_arguments(arguments, text):
    event = v.ApprovalRequested(
        seq=1,
        at=AT,
        call="t1.1.1",
        name="bash",
        arguments=arguments,
        reason="rule",
        pod=POD,
        wait_seconds=5,
    )

    assert _reader().read(event).fact == i.BelowApproval(
        pod=POD,
        call="t1.1.1",
        name="bash",
        arguments=text,
        reason="rule",
        wait_seconds=5,
    )


def test_what_people_and_parents_say_is_passed_on():
    reader = _reader()
    resolved = v.ApprovalResolved(
        seq=1,
        at=AT,
        call="t1.1.1",
        pod=POD,
        verdict="denied",
        by="limit",
        remember="once",
        reason="nobody",
    )
    asked = v.QuestionAsked(
        seq=2,
        at=AT,
        question="t1.1.2",
        text="which?",
        choices=["a", "b"],
        pod=POD,
        to="parent",
        wait_seconds=6,
    )
    answered = v.QuestionAnswered(
        seq=3, at=AT, question="t1.1.2", pod=POD, text="a", by="parent"
    )

    facts = [reader.read(event).fact for event in (resolved, asked, answered)]

    assert facts == [
        i.BelowResolved(
            pod=POD,
            call="t1.1.1",
            verdict="denied",
            by="limit",
            remember="once",
            reason="nobody",
        ),
        i.BelowQuestion(
            pod=POD,
            question="t1.1.2",
            text="which?",
            choices=("a", "b"),
            to="parent",
            wait_seconds=6,
        ),
        i.BelowAnswered(pod=POD, question="t1.1.2", text="a", by="parent"),
    ]


def test_what_nobody_asked_for_means_nothing_and_moves_the_cursor():
    reader = _reader()

    assert reader.read(v.Text(seq=7, at=AT, turn="t1", step=1, text="x")) is None
    assert reader.upto == 7
    assert "text" not in WANTED
