"""Reading while, and after, a journal is written."""

from __future__ import annotations

import pytest

from podd.journal.reader import read_entries
from podd.journal.verification import verify


def _numbers(lines):
    return [int(line.split(b'"n":')[1].split(b",")[0]) for line in lines]


def test_a_page_holds_what_fits_and_at_least_one_line(writing):
    journal = writing.create()
    for number in range(2, 8):
        journal.append(writing.note(f"note {number}"))
    length = len(journal.read(2, 1)[0])

    assert _numbers(journal.read(2, 1)) == [2]
    assert _numbers(journal.read(2, length)) == [2]
    assert _numbers(journal.read(2, 2 * length - 1)) == [2]
    assert _numbers(journal.read(2, 2 * length)) == [2, 3]
    assert _numbers(journal.read(7, 1)) == [7]
    assert _numbers(journal.read(1, 10**6)) == [1, 2, 3, 4, 5, 6, 7]
    assert journal.read(8, 10**6) == []
    assert journal.read(0, 10**6) == []


def test_pages_are_the_bytes_of_the_file(writing):
    journal = writing.create()
    journal.append(writing.note("a\nb\r\u2028c"))

    assert b"".join(journal.read(1, 10**6)) == journal.directory.journal.read_bytes()


def test_reading_works_between_appends_also_after_opening(writing):
    writing.closed(["a"])
    journal, _, _ = writing.open()

    assert _numbers(journal.read(2, 1)) == [2]
    journal.append(writing.note("b"))
    assert _numbers(journal.read(2, 10**6)) == [2, 3]


@pytest.mark.parametrize(
    ("after", "n"), [(0, 2), (4, 2), (5, 2), (9, 4), (10, 4), (11, 4), (99, 5)]
)
def test_events_above_a_number_are_found_from_an_entry_on(writing, after, n):
    journal = writing.create()
    for seq in (5, 0, 10, 20):
        journal.append(writing.note("x", seq=seq))
    journal.close()
    opened, _, _ = writing.open()

    for found in (opened.first_n_after(after), journal.first_n_after(after)):
        if after == 0:
            assert found <= 2
        else:
            assert found == n


def test_no_entry_is_after_anything_in_an_empty_journal(writing):
    content = writing.closed([])
    writing.directory().journal.write_bytes(content[:5])

    assert writing.open()[0].first_n_after(0) is None


def test_a_live_session_is_read_and_verified_up_to_its_last_whole_entry(writing):
    journal = writing.create()
    journal.append(writing.note("a"))
    with journal.directory.journal.open("ab") as file:
        file.write(b'{"kind":"input_acc')

    assert [entry.n for _, entry in read_entries(journal.directory)] == [1, 2]
    verified = verify(journal.directory)
    assert (verified.last_n, verified.tail, verified.excess_bytes) == (2, "torn", 18)
    assert verified.digest == journal.digest


def test_looking_changes_nothing(writing):
    content = writing.closed(["a"])
    path = writing.directory().journal
    path.write_bytes(content + b"torn")

    verify(writing.directory())
    list(read_entries(writing.directory()))

    assert path.read_bytes() == content + b"torn"
