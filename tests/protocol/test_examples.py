"""Golden lines: what is written today must be readable, and the same, for ever."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from podd_protocol.codec import BadLine, encode
from podd_protocol.events import ChildEvent, ToolResult, TurnEnded
from podd_protocol.replies import Failure
from podd_protocol.values import ChildEventKind, Outcome, ToolStatus
from tests.protocol.golden import KINDS, cases, decode, lines, tag

#: Fields that are on the wire and that nothing can fill yet.
NOT_BUILT_YET = {
    "requests": {"run.options"},
    "replies": {"status.budget"},
    "events": set(),
}


@pytest.mark.parametrize(("kind", "line"), cases())
def test_a_golden_line_is_decoded_and_encoded_to_the_same_bytes(kind, line) -> None:
    message = decode(kind, line)

    assert type(message) in KINDS[kind]
    assert encode(message) == line


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message_has_a_golden_line(kind) -> None:
    shown = {type(decode(kind, line)) for line in lines(kind)}

    assert {tag(struct) for struct in KINDS[kind]} == {tag(struct) for struct in shown}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_that_may_be_absent_or_null_is_shown_with_a_value(kind) -> None:
    shown: dict[str, set[str]] = {}
    for line in lines(kind):
        fields = msgspec.json.decode(line)
        found = {name for name, value in fields.items() if value not in (None, {}, [])}
        shown.setdefault(tag(type(decode(kind, line))), set()).update(found)
    unshown = {
        f"{tag(struct)}.{field.encode_name}"
        for struct in KINDS[kind]
        for field in msgspec.structs.fields(struct)
        if field.encode_name not in shown[tag(struct)]
    }

    assert unshown == NOT_BUILT_YET[kind]


def test_every_outcome_and_every_status_of_a_tool_is_shown() -> None:
    events = [decode("events", line) for line in lines("events")]
    outcomes = {type(event.outcome) for event in events if isinstance(event, TurnEnded)}
    statuses = {event.status for event in events if isinstance(event, ToolResult)}

    assert outcomes == set(get_args(Outcome))
    assert statuses == set(get_args(ToolStatus))


def test_everything_that_may_become_of_a_child_is_shown() -> None:
    events = [decode("events", line) for line in lines("events")]
    kinds = {event.kind for event in events if isinstance(event, ChildEvent)}

    assert kinds == set(get_args(ChildEventKind))


@pytest.mark.parametrize(("kind", "line"), cases())
def test_a_line_of_a_newer_side_is_understood_by_an_older_one(kind, line) -> None:
    newer = line.removesuffix(b"}\n") + b',"new":{"deep":[1,{}]},"later":null}\n'

    assert decode(kind, newer) == decode(kind, line)


@pytest.mark.parametrize("line", lines("requests"))
def test_a_client_may_leave_out_what_has_its_usual_value(line) -> None:
    message = decode("requests", line)
    usual = {
        field.encode_name: field.default
        for field in msgspec.structs.fields(type(message))
    }
    fields = msgspec.json.decode(line)
    short = {
        name: value
        for name, value in fields.items()
        if name == "method" or value != usual[name]
    }

    assert decode("requests", msgspec.json.encode(short)) == message


@pytest.mark.parametrize(
    ("kind", "struct"), [(kind, struct) for kind in KINDS for struct in KINDS[kind]]
)
def test_no_field_of_a_message_may_be_missing_that_has_no_usual_value(
    kind, struct
) -> None:
    line = next(line for line in lines(kind) if type(decode(kind, line)) is struct)
    whole = msgspec.json.decode(line)
    for field in msgspec.structs.fields(struct):
        if not field.required:
            continue
        fields = {n: v for n, v in whole.items() if n != field.encode_name}
        assert _is_refused(kind, msgspec.json.encode(fields)), field.encode_name


def _is_refused(kind: str, line: bytes) -> bool:
    try:
        found = decode(kind, line)
    except msgspec.DecodeError:
        return True
    return isinstance(found, BadLine) and found.code == "bad_field"


def test_a_failure_of_a_line_that_nobody_could_read_has_a_null_id() -> None:
    failures = [m for m in map(_reply, lines("replies")) if isinstance(m, Failure)]

    assert {m.code for m in failures if m.id is None} == {"bad_frame", "too_large"}


def _reply(line: bytes) -> object:
    return decode("replies", line)
