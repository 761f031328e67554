"""What is found out about a child that is dead."""

from __future__ import annotations

import signal

import pytest

from podd.core.session import entries as e
from podd.runtime.children.remains import LAST_LINES, remains
from tests.runtime.children.sessions import POD, SESSION, ended, said, write_session


def _remains(places, *, after=0, status=None):
    return remains(places, pod=POD, session=SESSION, after=after, status=status)


def _log(places, text: str) -> None:
    log = places.log_file(POD)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text, encoding="utf-8")


def test_a_child_that_closed_its_journal_was_stopped(universe):
    write_session(universe, ended(), e.SessionClosed(open_turn=None))
    _log(universe, "noise\n")

    left = _remains(universe)

    assert (left.end, left.message) == ("stopped", "")


def test_only_what_was_not_read_is_left(universe):
    write_session(universe, ended("t1"), ended("t2"))
    everything = _remains(universe).events
    last = [
        event.seq for event in everything if event.__struct_config__.tag == "turn_ended"
    ]

    left = _remains(universe, after=last[0]).events

    assert [event.seq for event in left] == [
        event.seq for event in everything if event.seq > last[0]
    ]
    assert last[1] in [event.seq for event in left]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-signal.SIGKILL, "killed by SIGKILL (9)"),
        (-200, "killed by a signal (200)"),
        (3, "exit status 3"),
        (0, "exit status 0"),
    ],
)
def test_how_a_process_ended_is_said_in_words(universe, status, words):
    write_session(universe, said("x"))

    left = _remains(universe, status=status)

    assert left.end == "crashed"
    assert words in left.message


def test_the_last_lines_of_its_log_are_shown(universe):
    write_session(universe, said("x"))
    _log(universe, "".join(f"line {number}\n" for number in range(2000)))

    message = _remains(universe, status=1).message

    assert message.count("\n") == LAST_LINES
    assert message.endswith("line 1999")
    assert "line 1991" not in message


def test_a_child_of_which_nothing_is_known_has_nothing_said_of_it(universe):
    write_session(universe, said("x"))

    left = _remains(universe)

    assert (left.end, left.message) == ("crashed", "")


def test_a_session_that_is_gone_is_lost(universe):
    left = _remains(universe, status=0)

    assert (left.end, left.events) == ("lost", ())
    assert "gone" in left.message


def test_of_a_damaged_journal_what_stands_before_the_damage_is_read(universe):
    write_session(universe, ended("t1"), ended("t2"), e.SessionClosed(open_turn=None))
    journal = universe.session(SESSION) / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"turn":"t2"', b'"turn":"tX"'))

    left = _remains(universe)

    assert left.end == "crashed"
    assert f"{journal}:3" in left.message
    assert [
        event.turn
        for event in left.events
        if event.__struct_config__.tag == "turn_ended"
    ] == ["t1"]
