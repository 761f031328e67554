"""Nothing in a journal changes unseen: every byte of it is under the chain."""

from __future__ import annotations

import os
import random

import pytest

from podd.errors import JournalDamagedError, NewerFormatError
from podd.journal.session_directory import SessionDirectory
from podd.journal.verification import verify
from tests.core.session import golden_children
from tests.core.session.golden_journal import chained


@pytest.fixture
def directory(writing):
    made = writing.directory()
    made.make()
    return made


def _lines(count: int) -> list[bytes]:
    """Entries of many kinds, from the first on."""
    return list(chained(golden_children.story()))[:count]


def _damaged_line(directory: SessionDirectory) -> int | None:
    try:
        verify(directory)
    except JournalDamagedError as error:
        return error.line
    except NewerFormatError:
        return 1  # the number of the format itself
    return None


def _found_at(directory: SessionDirectory, content: bytes) -> int:
    directory.journal.write_bytes(content)
    with pytest.raises(JournalDamagedError) as caught:
        verify(directory)
    return caught.value.line


def test_every_byte_of_twenty_entries_is_found_at_its_line(directory):
    """Its newline too: then two lines are one, and that one is damaged."""
    lines = _lines(21)
    directory.journal.write_bytes(b"".join(lines))
    position = 0
    with directory.journal.open("r+b", buffering=0) as file:
        for number, line in enumerate(lines[:20], 1):
            for at, byte in enumerate(line, position):
                os.pwrite(file.fileno(), bytes([byte ^ 0x01]), at)
                assert _damaged_line(directory) == number, at - position
                os.pwrite(file.fileno(), bytes([byte]), at)
            position += len(line)
    assert verify(directory).last_n == 21


def test_a_random_byte_of_each_of_two_hundred_entries_is_found(writing):
    journal = writing.create()
    for number in range(2, 202):
        journal.append(writing.note(f"note {number}" * (number % 7)))
    journal.close()
    directory = journal.directory
    lines = directory.journal.read_bytes().splitlines(keepends=True)
    seeded = random.Random(20261129)  # noqa: S311  # a test that can be repeated
    for number in range(1, 201):
        line = bytearray(lines[number - 1])
        line[seeded.randrange(len(line))] ^= 1 << seeded.randrange(7)
        changed = [*lines[: number - 1], bytes(line), *lines[number:]]
        assert _found_at(directory, b"".join(changed)) == number


def test_a_flip_in_the_last_line_is_damage_and_a_lost_newline_is_none(directory):
    content = b"".join(_lines(5))
    for at in range(content.rindex(b"\n", 0, -1) + 1, len(content) - 1):
        flipped = bytearray(content)
        flipped[at] ^= 0x01
        assert _found_at(directory, bytes(flipped)) == 5

    directory.journal.write_bytes(content[:-1])

    verified = verify(directory)
    assert (verified.last_n, verified.tail, verified.excess_bytes) == (
        5,
        "no_newline",
        0,
    )
