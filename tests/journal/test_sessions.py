"""Which session a person means."""

from __future__ import annotations

import pytest

from podd.errors import NoSuchError, UsageError
from podd.journal.sessions import Sessions

OLD = "01a2b3c4-0000-7000-8000-000000000001"
MIDDLE = "01a2b3c5-0000-7000-8000-000000000002"
NEW = "01b00000-0000-7000-8000-000000000003"


@pytest.fixture
def sessions(writing):
    for session, pod in ((MIDDLE, "b"), (NEW, "a"), (OLD, "b")):
        writing.create(session, pod=pod).close()
    return Sessions(writing.root)


def test_the_newest_comes_first(sessions):
    assert [one.session for one in sessions.newest_first()] == [NEW, MIDDLE, OLD]


@pytest.mark.parametrize(
    ("text", "session"),
    [
        ("last", NEW),
        (OLD, OLD),
        ("01b", NEW),
        ("01a2b3c5", MIDDLE),
        ("a", NEW),
        ("b", MIDDLE),
    ],
)
def test_a_session_is_found_by_what_a_person_would_type(sessions, text, session):
    assert sessions.find(text).session == session


def test_the_newest_of_a_pod_is_found(sessions):
    assert sessions.newest_of("b").session == MIDDLE
    with pytest.raises(NoSuchError):
        sessions.newest_of("c")


def test_a_beginning_that_several_share_is_refused(sessions):
    with pytest.raises(UsageError):
        sessions.find("01a2b3c")


@pytest.mark.parametrize("text", ["zz", "ffff", "", "../sessions", OLD[:-1] + "9"])
def test_what_is_not_there_is_named(sessions, text):
    with pytest.raises((NoSuchError, UsageError)) as caught:
        sessions.find(text)

    if text:
        assert isinstance(caught.value, NoSuchError)
        assert (caught.value.what, caught.value.name) == ("session", text)


@pytest.mark.parametrize("text", ["..", "last", OLD.upper(), ""])
def test_only_an_id_becomes_a_directory(sessions, text):
    with pytest.raises(NoSuchError):
        sessions.named(text)


async def test_a_pod_named_in_the_session_file_goes_before_the_first_entry(writing):
    journal = writing.create(OLD, pod="before")
    await journal.record(pod="after", state="idle", at="")

    assert journal.directory.pod == "after"
    assert Sessions(writing.root).find("after").session == OLD


def test_a_session_that_never_began_is_not_shown(sessions, writing):
    later = "01c00000-0000-7000-8000-000000000004"
    writing.directory(later).make()
    writing.directory(later).journal.touch()
    (writing.root / "notes").mkdir()

    assert sessions.find("last").session == NEW
    assert len(list(sessions.newest_first())) == 3


def test_no_sessions_is_no_error(tmp_path):
    nowhere = Sessions(tmp_path / "nowhere")

    assert list(nowhere.newest_first()) == []
    with pytest.raises(NoSuchError):
        nowhere.find("last")
