"""Entries as lines: what was written is read again, today and in a later podd."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from podd.core.session import entries as e
from tests.core.session.every_entry import EVERY_ENTRY

_decoder = msgspec.json.Decoder(e.AnyEntry)
each_entry = pytest.mark.parametrize(
    "entry", EVERY_ENTRY, ids=lambda entry: entry.__struct_config__.tag
)


def test_there_is_an_example_of_every_kind():
    assert {type(entry) for entry in EVERY_ENTRY} == set(get_args(e.AnyEntry))


def test_kinds_are_never_renamed():
    """Old journals hold these words."""
    assert sorted(entry.__struct_config__.tag for entry in EVERY_ENTRY) == [
        "answer_refused",
        "approval_requested",
        "approval_resolved",
        "causes_taken",
        "child_news",
        "code_ended",
        "code_started",
        "command_ended",
        "command_started",
        "file_changed",
        "forked",
        "input_accepted",
        "interpreter_lost",
        "limit_reached",
        "loan_assumed",
        "loan_intended",
        "loan_made",
        "loan_returned",
        "model_responded",
        "notification_accepted",
        "pod_started",
        "question_answered",
        "question_asked",
        "rewound",
        "seq_reserved",
        "session_closed",
        "session_started",
        "step_failed",
        "step_started",
        "stop_requested",
        "surface_set",
        "task_given",
        "tool_called",
        "tool_result",
        "tool_started",
        "turn_ended",
        "turn_paused",
        "turn_resumed",
        "turn_started",
    ]


@each_entry
def test_no_example_leaves_a_field_at_its_default(entry):
    """So that a round trip that loses a field is noticed."""
    left = [
        field.name
        for field in msgspec.structs.fields(entry)
        if not field.required
        and field.name != "seq"
        and getattr(entry, field.name) == field.default
    ]

    assert left == []


@each_entry
def test_an_entry_is_read_as_it_was_written(entry):
    line = msgspec.json.encode(entry)

    again = _decoder.decode(line)

    assert again == entry
    assert type(again) is type(entry)
    assert msgspec.json.encode(again) == line


@each_entry
def test_a_line_says_its_kind_first(entry):
    """People look at journals with a pager."""
    kind = entry.__struct_config__.tag

    assert msgspec.json.encode(entry).startswith(f'{{"kind":"{kind}",'.encode())


@each_entry
def test_fields_that_a_newer_podd_added_are_passed_over(entry):
    fields = msgspec.to_builtins(entry) | {"added_later": {"deep": [1]}}

    assert _decoder.decode(msgspec.json.encode(fields)) == entry


@each_entry
def test_fields_that_an_older_podd_did_not_know_have_defaults(entry):
    """Only what the first format had may be required."""
    fields = msgspec.to_builtins(entry)
    for name in msgspec.structs.fields(entry):
        if not name.required:
            del fields[name.encode_name]

    again = _decoder.decode(msgspec.json.encode(fields))

    assert type(again) is type(entry)


def test_an_unknown_kind_is_no_entry():
    with pytest.raises(msgspec.ValidationError):
        _decoder.decode(b'{"kind":"turn_dreamt","n":1}')


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind":"turn_paused"}',
        b'{"kind":"turn_paused","turn":7}',
        b'{"kind":"stop_requested","mode":"perhaps","by":"user"}',
        b'{"n":1}',
    ],
)
def test_a_missing_field_or_a_wrong_type_is_no_entry(line):
    with pytest.raises(msgspec.ValidationError):
        _decoder.decode(line)


@each_entry
def test_an_entry_cannot_be_changed(entry):
    with pytest.raises(AttributeError):
        entry.n = 99
