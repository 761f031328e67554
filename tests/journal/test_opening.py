"""Opening for writing: what is mended, what is refused, and that evidence is kept."""

from __future__ import annotations

import re

import msgspec
import pytest

from podd.core.session.chain import GENESIS, seal
from podd.errors import (
    JournalDamagedError,
    NewerFormatError,
    NoSuchError,
    SessionHeldError,
    UnknownEntryError,
)


def _texts(entries):
    return [entry.text for entry in entries[1:]]


def _lines(content):
    return content.splitlines(keepends=True)


def _append_raw(writing, value):
    """Seal an entry as some other podd would, behind what is there."""
    path = writing.directory().journal
    previous = msgspec.json.decode(_lines(path.read_bytes())[-1])["digest"]
    line, _ = seal(msgspec.json.encode(value), previous)
    path.write_bytes(path.read_bytes() + line)


def test_what_was_written_is_read_back_in_order(writing):
    writing.closed(["a", "b"])

    journal, entries, mending = writing.open()

    assert [entry.n for entry in entries] == [1, 2, 3]
    assert _texts(entries) == ["a", "b"]
    assert mending.kind == "whole"
    assert journal.last_n == 3


def test_an_opened_journal_goes_on_where_it_ended(writing):
    writing.closed(["a"])
    journal, _, _ = writing.open()

    assert journal.append(writing.note("b")).n == 3
    journal.close()

    _, entries, _ = writing.open()
    assert _texts(entries) == ["a", "b"]


def test_every_cut_of_the_last_line_is_mended_and_kept_beside(writing):
    content = writing.closed(["a", "the last one, with ü in it"])
    directory = writing.directory()
    last = _lines(content)[-1]
    start = len(content) - len(last)
    for kept in range(len(last)):
        directory.journal.write_bytes(content[: start + kept])

        journal, entries, mending = writing.open()
        journal.append(writing.note("next"))
        pages = b"".join(journal.read(n, 1)[0] for n in range(1, journal.last_n + 1))
        journal.close()
        assert pages == directory.journal.read_bytes()

        whole = kept == len(last) - 1
        expected = ["a", "the last one, with ü in it"] if whole else ["a"]
        assert _texts(entries) == expected
        if whole:
            assert (mending.kind, mending.set_aside) == ("no_newline", None)
        elif kept == 0:
            assert (mending.kind, mending.set_aside) == ("whole", None)
        else:
            assert mending.kind == "torn"
            assert mending.set_aside.read_bytes() == last[:kept]
        again, entries, mending = writing.open()
        again.close()
        assert (_texts(entries), mending.kind) == ([*expected, "next"], "whole")


@pytest.mark.parametrize("excess", [b"\0" * 300, b"x", b'{"kind":"turn', b"}"])
def test_bytes_behind_a_closing_brace_are_set_aside(writing, excess):
    content = writing.closed(["a", "b"])
    writing.directory().journal.write_bytes(content[:-1] + excess)

    _, entries, mending = writing.open()

    assert _texts(entries) == ["a", "b"]
    assert mending.kind == "trailing_bytes"
    assert mending.set_aside.read_bytes() == excess
    assert mending.set_aside.stat().st_mode & 0o777 == 0o600
    assert writing.directory().journal.read_bytes() == content


def test_what_was_set_aside_before_is_not_overwritten(writing):
    content = writing.closed(["a"])
    kept = []
    for excess in (b"first", b"second"):
        writing.directory().journal.write_bytes(content + excess)
        journal, _, mending = writing.open()
        journal.close()
        kept.append(mending.set_aside)

    assert [path.read_bytes() for path in kept] == [b"first", b"second"]


def test_a_torn_first_line_leaves_an_empty_journal_that_can_begin(writing):
    content = writing.closed([])
    writing.directory().journal.write_bytes(content[:40])

    journal, entries, mending = writing.open()

    assert (entries, journal.last_n, mending.kind) == ([], 0, "torn")


def test_a_flipped_byte_in_a_line_with_its_newline_is_damage_at_that_line(writing):
    content = writing.closed(["aaa", "bbb", "ccc"])
    path = writing.directory().journal
    lines = _lines(content)
    for number, line in enumerate(lines, start=1):
        before = b"".join(lines[: number - 1])
        last = number == len(lines)
        for at in range(0, len(line) - 1 if last else len(line), 7):
            flipped = bytearray(line)
            flipped[at] ^= 0x04
            path.write_bytes(before + flipped + b"".join(lines[number:]))

            with pytest.raises((JournalDamagedError, NewerFormatError)) as caught:
                writing.open()

            if isinstance(caught.value, JournalDamagedError):
                assert caught.value.line == number
                assert caught.value.path == str(path)
                assert caught.value.damage in {"no_digest", "wrong_digest"}


def test_a_refused_journal_is_left_as_it_was(writing):
    content = writing.closed(["a", "b"])
    damaged = content.replace(b'"a"', b'"A"') + b"torn"
    directory = writing.directory()
    directory.journal.write_bytes(damaged)
    names = {path.name for path in directory.path.iterdir()}

    with pytest.raises(JournalDamagedError):
        writing.open()

    assert directory.journal.read_bytes() == damaged
    assert {path.name for path in directory.path.iterdir()} == names


def test_a_refused_journal_is_not_held(writing):
    content = writing.closed(["a"])
    path = writing.directory().journal
    path.write_bytes(content.replace(b'"a"', b'"A"'))
    with pytest.raises(JournalDamagedError):
        writing.open()

    path.write_bytes(content)

    assert writing.open()[0].last_n == 2


def test_entries_numbered_with_a_gap_are_damage(writing):
    writing.closed(["a"])
    _append_raw(writing, {"kind": "turn_resumed", "n": 4, "turn": "t1"})

    with pytest.raises(JournalDamagedError) as caught:
        writing.open()

    assert (caught.value.line, caught.value.damage) == (3, "wrong_number")


def test_a_known_kind_with_wrong_fields_is_damage(writing):
    writing.closed(["a"])
    _append_raw(writing, {"kind": "turn_resumed", "n": 3, "turn": 7})

    with pytest.raises(JournalDamagedError) as caught:
        writing.open()

    assert (caught.value.line, caught.value.damage) == (3, "wrong_fields")


def test_a_journal_that_does_not_begin_with_a_session_is_damage(writing):
    writing.closed([])
    line, _ = seal(b'{"kind":"turn_resumed","n":1,"turn":"t1"}', GENESIS)
    writing.directory().journal.write_bytes(line)

    with pytest.raises(JournalDamagedError) as caught:
        writing.open()

    assert (caught.value.line, caught.value.damage) == (1, "wrong_start")


def test_a_newer_format_is_refused_by_its_number_whatever_its_chain(writing):
    content = writing.closed(["a"])
    newer = re.sub(rb'"format":\d+', b'"format":7', content, count=1)
    writing.directory().journal.write_bytes(newer)

    with pytest.raises(NewerFormatError) as caught:
        writing.open()

    assert (caught.value.found, caught.value.known) == (7, 1)


def test_an_unknown_kind_is_refused_by_name_and_line(writing):
    writing.closed(["a"])
    _append_raw(writing, {"kind": "dreamt", "n": 3})

    with pytest.raises(UnknownEntryError) as caught:
        writing.open()

    assert (caught.value.kind, caught.value.line) == ("dreamt", 3)


def test_an_ignorable_unknown_kind_is_skipped_and_counted(writing):
    writing.closed(["a"])
    _append_raw(writing, {"kind": "dreamt", "n": 3, "ignorable": True})

    journal, entries, _ = writing.open()

    assert _texts(entries) == ["a"]
    assert journal.append(writing.note("b")).n == 4
    assert b'"dreamt"' in journal.read(3, 1)[0]
    journal.close()
    assert _texts(writing.open()[1]) == ["a", "b"]


def test_an_unknown_field_of_a_known_kind_is_skipped(writing):
    writing.closed(["a"])
    _append_raw(writing, {"kind": "turn_resumed", "n": 3, "turn": "t1", "mood": 1})

    assert writing.open()[1][-1].n == 3


def test_a_session_that_is_not_there_is_named(writing):
    with pytest.raises(NoSuchError) as caught:
        writing.open()

    assert caught.value.code == "no_such_session"


def test_a_second_writer_is_told_which_pod_holds_the_session(writing):
    writing.create(pod="first")

    with pytest.raises(SessionHeldError) as caught:
        writing.open()

    assert caught.value.pod == "first"


def test_everything_made_is_for_its_owner_alone(writing):
    journal = writing.create()
    journal.append(writing.note("x" * 70_000))

    for path in [journal.directory.path, *journal.directory.path.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
