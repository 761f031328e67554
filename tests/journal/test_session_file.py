"""session.json: the witness against a journal that lost its end."""

from __future__ import annotations

import msgspec
import pytest

from podd.errors import JournalDamagedError
from podd.journal.verification import verify

AT = "2026-11-21T01:00:00.000Z"


async def _recorded(writing, texts):
    journal = writing.create()
    for text in texts:
        journal.append(writing.note(text))
    await journal.record(pod="writer", state="idle", at=AT, turns=1)
    journal.close()
    return journal.directory


async def test_it_says_how_far_the_session_is_durable(writing):
    directory = await _recorded(writing, ["a", "b"])

    content = msgspec.json.decode(directory.session_file.read_bytes())

    last = msgspec.json.decode(directory.journal.read_bytes().splitlines()[-1])
    assert content == {
        "version": 1,
        "session": directory.session,
        "pod": "writer",
        "n": 3,
        "digest": last["digest"],
        "state": "idle",
        "at": AT,
        "turns": 1,
    }
    assert list(directory.path.glob(".session*")) == []


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_entries_lost_at_the_end_are_counted(writing, lost):
    directory = await _recorded(writing, ["a", "b"])
    lines = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(b"".join(lines[: 3 - lost]))

    for look in (writing.open, lambda: verify(directory)):
        with pytest.raises(JournalDamagedError) as caught:
            look()
        assert caught.value.damage == "entries_missing"
        assert caught.value.missing == lost
        assert caught.value.line == 4 - lost


async def test_a_torn_entry_that_was_durable_is_lost_not_mended(writing):
    directory = await _recorded(writing, ["a", "b"])
    content = directory.journal.read_bytes()
    directory.journal.write_bytes(content[:-10])

    with pytest.raises(JournalDamagedError) as caught:
        writing.open()

    assert caught.value.missing == 1
    assert directory.journal.read_bytes() == content[:-10]


async def test_another_history_of_the_same_length_is_found(writing):
    directory = await _recorded(writing, ["a", "b"])
    other = writing.closed(["a", "B", "c"], "01a2b3c4-0000-7000-8000-000000000002")
    directory.journal.write_bytes(other)

    with pytest.raises(JournalDamagedError) as caught:
        writing.open()

    assert (caught.value.damage, caught.value.line) == ("other_history", 3)


async def test_entries_after_it_was_written_are_no_fault(writing):
    directory = await _recorded(writing, ["a"])
    journal, _, _ = writing.open()
    journal.append(writing.note("b"))
    journal.close()

    assert verify(directory).last_n == 3


async def test_an_unreadable_one_is_refused(writing):
    directory = await _recorded(writing, ["a"])
    directory.session_file.write_bytes(b'{"n":')

    with pytest.raises(JournalDamagedError) as caught:
        writing.open()

    assert caught.value.damage == "session_file"
    assert caught.value.path == str(directory.session_file)


async def test_fields_of_a_later_podd_are_skipped(writing):
    directory = await _recorded(writing, ["a"])
    content = msgspec.json.decode(directory.session_file.read_bytes())
    directory.session_file.write_bytes(msgspec.json.encode({**content, "mood": 1}))

    assert writing.open()[0].last_n == 2
