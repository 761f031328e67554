"""Sessions that are taken away."""

from __future__ import annotations

import os

import pytest

from podd.errors import NoSuchError, SessionHeldError
from podd.journal.pruning import check_not_held, remove_session, sweep
from podd.journal.sessions import Sessions
from tests.journal.conftest import SESSION

DAY = 24 * 60 * 60


def test_a_session_is_gone_with_all_that_it_had(writing):
    journal = writing.create()
    journal.append(writing.note("x" * 70_000))
    journal.close()

    remove_session(journal.directory)

    assert list(writing.root.iterdir()) == []


def test_a_session_that_a_process_writes_stays(writing):
    journal = writing.create()

    for attempt in (remove_session, check_not_held):
        with pytest.raises(SessionHeldError):
            attempt(journal.directory)

    assert journal.directory.journal.exists()


def test_what_is_not_there_is_named(writing):
    with pytest.raises(NoSuchError):
        remove_session(writing.directory())


def test_what_crashes_left_behind_is_swept_up(writing):
    writing.closed([])
    left = [writing.root / name for name in (".pruned-a", ".fork-old", ".fork-new")]
    for path in left:
        path.mkdir()
    now = 100 * DAY
    os.utime(left[1], (now - 2 * DAY, now - 2 * DAY))
    os.utime(left[2], (now - DAY / 2, now - DAY / 2))

    sweep(Sessions(writing.root), now)

    assert {path.name for path in writing.root.iterdir()} == {SESSION, ".fork-new"}
