"""A recording as a file, and what is wrong with one that is damaged."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.errors import ManifestError
from podd.providers.recording import End, Piece, Recording, read, written
from tests.providers.recordings import ASKED, SAID, recording

PATH = "x.recording.jsonl"


def _lines() -> list[bytes]:
    return written(SAID).splitlines()


def test_what_is_written_is_read():
    assert read(written(SAID), PATH) == SAID


def test_a_server_that_said_nothing_is_a_recording_too():
    silent = recording(fault="unreachable", message="no route", answered=None)

    assert read(written(silent), PATH) == silent


def test_bytes_that_are_no_text_are_kept():
    first, second = (msgspec.json.decode(line) for line in _lines()[2:4])

    assert "base64" in first
    assert "base64" in second
    assert b'"text":"data"' in written(recording(b"data"))


@given(st.lists(st.binary(min_size=1), max_size=5))
def test_any_bytes_come_back_as_they_were(pieces):
    again = read(written(recording(*pieces)), PATH)

    assert [piece.content for piece in again.pieces] == pieces


def test_fields_of_a_newer_podd_are_passed_over():
    first = _lines()[0].removesuffix(b"}") + b',"new":{"deep":[1]}}'

    assert read(b"\n".join([first, *_lines()[1:]]), PATH) == SAID


def _with(number: int, line: bytes) -> bytes:
    lines = _lines()
    lines[number - 1] = line
    return b"\n".join(lines)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"[[step]]\n", 1),
        (b"{}", 1),
        (b"\n".join(_lines()[1:]), 1),
        (
            _with(
                1, written(SAID).splitlines()[0].replace(b'"format":1', b'"format":2')
            ),
            1,
        ),
        (_with(2, b'{"kind":"answered","status":"ok"}'), 2),
        (_with(3, b'{"kind":"piece","base64":"*"}'), 3),
        (_with(3, b'{"kind":"piece"}'), 3),
        (_with(3, b'{"kind":"piece","text":"a","base64":"YQ=="}'), 3),
        (_with(3, b'{"kind":"song"}'), 3),
        (_with(3, b'{"kind":"piece","text":"\xff"}'), 3),
        (_with(3, b"[" * 100_000), 3),
        (_with(4, _lines()[1]), 4),
        (b"\n".join(_lines()[:-1]), 4),
        (b"\n".join([*_lines(), _lines()[2]]), 6),
        (_with(2, _lines()[2]), 2),
        (_with(5, b'{"kind":"end","fault":"bored","seconds":1}'), 5),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(content, line):
    with pytest.raises(ManifestError) as refused:
        read(content, PATH)

    assert (refused.value.path, refused.value.line) == (PATH, line)
    assert str(refused.value).startswith(f"{PATH}:{line}: ")


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_whatever_is_damaged_it_is_read_or_refused(at, change):
    content = bytearray(written(SAID))
    content[at % len(content)] ^= change

    try:
        found = read(bytes(content), PATH)
    except ManifestError:
        return
    assert isinstance(found, Recording)


def test_a_piece_is_one_thing_or_the_other():
    assert Piece.of(b"a", 0.0).content == b"a"
    assert Piece.of(b"\xff", 0.0).content == b"\xff"
    for piece in (Piece(), Piece(text="a", base64="YQ==")):
        with pytest.raises(ValueError, match="either"):
            _ = piece.content


def test_the_request_is_not_in_it():
    assert set(ASKED.__struct_fields__) == {
        *("format", "provider", "sent_bytes", "model", "at", "turn", "step"),
        *("attempt", "podd"),
    }
    assert End(fault=None, seconds=1.0).message == ""
