"""What a child said, from its journal."""

from __future__ import annotations

import pytest

from podd.core.session import entries as e
from podd.errors import NoSuchError
from podd.runtime.children.output import CHARACTERS, output, was_answered
from tests.runtime.children.sessions import SESSION, ended, said, write_session


def test_the_words_of_the_model_are_read_and_no_thoughts(universe):
    write_session(universe, said("one"), said(""), ended(), said("two"))

    found = output(universe, SESSION, 0)

    assert (found.text, found.next, found.is_cut) == ("one\n\ntwo", 5, False)


def test_reading_goes_on_behind_the_cursor(universe):
    write_session(universe, said("one"), said("two"), ended())

    assert output(universe, SESSION, 2).text == "two"
    assert output(universe, SESSION, 4).text == ""
    assert output(universe, SESSION, 4).next == 4


def test_much_is_given_in_parts_without_a_gap(universe):
    big = "x" * (CHARACTERS // 2 + 1)
    write_session(universe, said(big), said("small"), said(big), said("last"))

    first = output(universe, SESSION, 0)
    rest = output(universe, SESSION, first.next)

    assert first.is_cut
    assert not rest.is_cut
    assert first.text == f"{big}\n\nsmall"
    assert rest.text == f"{big}\n\nlast"


def test_one_answer_that_is_too_long_is_given_whole(universe):
    write_session(universe, said("x" * (CHARACTERS + 1)))

    assert len(output(universe, SESSION, 0).text) == CHARACTERS + 1


def test_a_session_that_is_gone_is_told(universe):
    with pytest.raises(NoSuchError):
        output(universe, SESSION, 0)


def test_an_answer_is_known_by_its_question_its_words_and_who_gave_it(universe):
    answered = e.QuestionAnswered(pod="p", question="t1.1.1", text="yes", by="parent")
    by_people = e.QuestionAnswered(pod="p", question="t1.2.1", text="no", by="user")
    write_session(universe, answered, by_people)

    assert was_answered(universe, SESSION, "t1.1.1", "yes")
    assert not was_answered(universe, SESSION, "t1.1.1", "no")
    assert not was_answered(universe, SESSION, "t1.2.1", "yes")
    assert not was_answered(universe, SESSION, "t1.2.1", "no")
