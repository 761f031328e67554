"""Forks on the disk: the same bytes, chained anew, whole or not at all."""

from __future__ import annotations

import errno
import os

import msgspec
import pytest

from podd.core.pod.fold import fold
from podd.core.session import entries as e
from podd.core.session.chain import digest_of, reseal
from podd.errors import (
    ForkPointError,
    JournalDamagedError,
    NewerFormatError,
    NoSuchError,
    StorageError,
    UnknownEntryError,
)
from podd.journal import forking, session_file
from podd.journal.forking import fork_session, lineage
from podd.journal.pruning import remove_session
from podd.journal.reader import read_entries
from podd.journal.verification import verify
from tests.core.session import golden_branches, golden_children
from tests.journal.conftest import SESSION

NEW = "01a2b3c4-0000-7000-8000-00000000000f"
NOW = "2026-11-30T00:00:00.000Z"
LONG = "x" * 70_000


def _written(writing, *entries):
    journal = writing.create()
    for entry in entries:
        journal.append(entry)
    journal.close()
    return journal.directory


def _story(writing):
    """A session whose entries go through much, without the first."""
    return _written(writing, *golden_children.story()[1:])


def _fork(directory, at=None, session=NEW):
    return fork_session(directory, session, at=at, now=NOW, podd="9")


def _lines(directory):
    return directory.journal.read_bytes().splitlines(keepends=True)


def _entries(directory):
    return [entry for _, entry in read_entries(directory)]


def test_a_fork_shares_the_entries_but_for_their_digests(writing):
    original = _story(writing)
    before = original.journal.read_bytes()

    made = _fork(original, 4)

    assert (made.at, made.original, made.session) == (4, SESSION, NEW)
    old, new = _lines(original), _lines(made.directory)
    assert len(new) == 5
    assert [line[:-77] for line in new[1:4]] == [line[:-77] for line in old[1:4]]
    assert [digest_of(line) for line in new] != [digest_of(line) for line in old[:5]]
    assert original.journal.read_bytes() == before
    first, *_, last = _entries(made.directory)
    assert first.origin == e.Origin(
        kind="fork", session=SESSION, n=4, digest=digest_of(old[3])
    )
    assert (first.session, first.pod, first.at, first.podd) == (NEW, "writer", NOW, "9")
    assert isinstance(last, e.Forked)
    assert verify(made.directory).last_n == 5


def test_every_point_between_steps_gives_a_session_that_is_sound_and_idle(writing):
    original = _story(writing)
    total = len(_lines(original))
    refused = {}
    for at in range(1, total + 1):
        session = f"{NEW[:-4]}{4096 + at:04x}"
        try:
            made = _fork(original, at, session)
        except ForkPointError as error:
            refused[at] = error
            continue
        state = fold(_entries(made.directory))
        assert (state.turn, state.children, state.queue) == (None, {}, [])
        assert session_file.read(made.directory.session_file).n == at + 1
        assert verify(made.directory).last_n == at + 1
    assert 0 < len(refused) < total
    for at, error in refused.items():
        assert error.before < at < (error.after or total + 1)
        assert {error.before, error.after}.isdisjoint(refused)


def test_without_a_point_it_is_the_newest_between_two_steps(writing):
    original = _story(writing)
    with pytest.raises(ForkPointError) as caught:
        _fork(original, len(_lines(original)))

    made = _fork(original)

    assert made.at == caught.value.before
    assert caught.value.after is None
    assert "lies inside an open step" in str(caught.value)
    assert caught.value.remedy == f"fork at entry {made.at}"


@pytest.mark.parametrize("at", [0, -1, 10_000])
def test_a_point_that_is_not_there_is_refused_with_the_nearest(writing, at):
    original = _story(writing)

    with pytest.raises(ForkPointError) as caught:
        _fork(original, at)

    error = caught.value
    assert "is not there" in str(error)
    assert (error.before, error.after) == (
        (None, 1) if at < 1 else (_fork(original).at, None)
    )


def test_a_fork_can_be_forked(writing):
    original = _written(writing, *golden_branches.story()[1:])
    first = _fork(original)
    second = fork_session(
        first.directory, SESSION[:-1] + "2", at=None, now=NOW, podd="9"
    )

    assert [one.session for one in lineage(second.directory)] == [NEW, SESSION]
    assert verify(second.directory).last_n == first.at + 2


def test_numbers_of_events_go_on_above_those_that_it_shares(writing):
    original = _story(writing)

    *shared, boundary = _entries(_fork(original).directory)

    assert boundary.seq > max(entry.seq for entry in shared)


def test_a_fork_has_its_blobs_and_outputs_when_the_original_is_gone(writing):
    directory = writing.directory()
    output = directory.outputs / "t1.1.1"
    journal = writing.create()
    before = journal.directory.blobs.put(b"old")
    output.write_bytes(b"all of it")
    journal.append(
        e.InputAccepted(turn="t1", cause="c1", origin="user", text=LONG, key=LONG)
    )
    for entry in (
        e.FileChanged(
            turn="t1", call="c", path="/a", change="modified", before=before, after=""
        ),
        e.ToolResulted(
            turn="t1",
            step=1,
            call="t1.1.1",
            name="bash",
            status="ok",
            summary="ran",
            spilled_to=str(output),
        ),
    ):
        journal.append(entry)
    journal.close()
    made = _fork(directory)
    assert made.directory.blobs.path(before).stat().st_nlink == 2

    remove_session(directory)

    assert verify(made.directory).last_n == 5
    assert _entries(made.directory)[1].text == LONG
    assert (made.directory.outputs / "t1.1.1").read_bytes() == b"all of it"


def test_blobs_are_copied_where_they_cannot_be_linked(writing, monkeypatch):
    def refuse(*_arguments, **_more):
        raise OSError(errno.EXDEV, "another file system")

    original = _written(
        writing, e.InputAccepted(turn="t1", cause="c1", origin="user", text=LONG)
    )
    monkeypatch.setattr(os, "link", refuse)

    assert verify(_fork(original).directory).last_n == 3


def test_an_ignorable_entry_of_an_unknown_kind_is_taken_along(writing):
    original = _written(writing)
    line = b'{"kind":"later","n":2,"ignorable":true,"digest":"' + b"0" * 64 + b'"}\n'
    sealed, _ = reseal(line, digest_of(_lines(original)[0]))
    with original.journal.open("ab") as file:
        file.write(sealed)

    made = _fork(original)

    assert (made.at, verify(made.directory).skipped) == (2, 1)


def test_a_live_session_is_forked_up_to_its_last_whole_line(writing):
    journal = writing.create()
    journal.append(writing.note("a"))
    with journal.directory.journal.open("ab") as file:
        file.write(b'{"kind":"turn_st')

    assert _fork(journal.directory).at == 2


def _sealed_onto(directory, entry):
    body = msgspec.json.encode(entry)[:-1]
    line, _ = reseal(
        body + b',"digest":"' + b"0" * 64 + b'"}\n', digest_of(_lines(directory)[-1])
    )
    with directory.journal.open("ab") as file:
        file.write(line)


def _flip(directory):
    content = bytearray(directory.journal.read_bytes())
    content[len(content) // 2] ^= 1
    directory.journal.write_bytes(content)


def _lose(directory):
    session_file.write(
        directory.session_file,
        session_file.SessionFile(
            session=SESSION, pod="writer", n=9, digest="0" * 64, state="idle"
        ),
    )


def _lose_blob(directory):
    for path in directory.blobs.directory.iterdir():
        path.unlink()


def _newer(directory):
    content = directory.journal.read_bytes()
    directory.journal.write_bytes(content.replace(b'"format":1', b'"format":9', 1))


BAD = {
    "flipped": (_flip, JournalDamagedError),
    "lost": (_lose, JournalDamagedError),
    "blob": (_lose_blob, JournalDamagedError),
    "newer": (_newer, NewerFormatError),
    "unknown": (
        lambda one: _sealed_onto(one, {"kind": "later", "n": 3}),
        UnknownEntryError,
    ),
    "gone": (remove_session, NoSuchError),
}


@pytest.mark.parametrize("how", BAD)
def test_what_cannot_be_read_is_not_forked_and_nothing_is_left(writing, how):
    original = _written(
        writing, e.InputAccepted(turn="t1", cause="c1", origin="user", text=LONG)
    )
    spoil, expected = BAD[how]
    spoil(original)

    with pytest.raises(expected):
        _fork(original, 1 if how in {"flipped", "lost", "unknown"} else None)

    assert {path.name for path in writing.root.iterdir()} <= {SESSION}


@pytest.mark.parametrize("step", ["reseal", "session_file.write", "sync_directory"])
def test_a_disk_that_fills_on_the_way_leaves_no_fork(writing, monkeypatch, step):
    def fail(*_arguments, **_more):
        raise OSError(errno.ENOSPC, "no space left")

    original = _story(writing)
    monkeypatch.setattr(f"podd.journal.forking.{step}", fail)

    with pytest.raises(StorageError) as caught:
        _fork(original)

    assert caught.value.kind == "full"
    assert [path.name for path in writing.root.iterdir()] == [SESSION]


def test_an_unfinished_fork_is_no_session(writing, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_arguments, **_more):
        raise Killed

    original = _story(writing)
    monkeypatch.setattr(forking, "sync_directory", die)
    monkeypatch.setattr(forking.shutil, "rmtree", lambda *_a, **_k: None)
    with pytest.raises(Killed):
        _fork(original)

    assert len(list(writing.root.iterdir())) == 2
    assert not writing.directory(NEW).path.exists()
