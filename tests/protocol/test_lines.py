"""Lines out of bytes, however the bytes arrive."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd_protocol.lines import LINE_BYTES, LineBuffer, LineTooLongError

#: Small enough that the limit, blank lines and ends of lines all come up often.
LIMIT = 8
STREAMS = st.lists(
    st.sampled_from(
        [b"\n", b"\r\n", b"\r", b" ", b"\t\n", b"a", b"{}", b"abcd", b"\xff"]
    )
).map(b"".join)


def _pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """Cut a stream at these places, each taken modulo its length."""
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    return [stream[a:b] for a, b in pairwise(places)]


def _whole_lines(stream: bytes) -> list[bytes]:
    """What the contract says, in the plainest way."""
    ended = stream.split(b"\n")[:-1]
    return [line.removesuffix(b"\r") for line in ended if line.strip()]


def _feed(buffer: LineBuffer, pieces: list[bytes]) -> list[bytes]:
    return [line for piece in pieces for line in buffer.feed(piece)]


@given(STREAMS, st.lists(st.integers(min_value=0)))
def test_any_split_of_the_bytes_gives_the_same_lines(stream, cuts) -> None:
    buffer = LineBuffer()

    lines = _feed(buffer, _pieces(stream, cuts))

    assert lines == _whole_lines(stream)
    assert buffer.pending == stream.split(b"\n")[-1]


@given(STREAMS, st.lists(st.integers(min_value=0)))
def test_a_line_over_the_limit_is_refused_however_it_arrives(stream, cuts) -> None:
    buffer = LineBuffer(limit=LIMIT)
    longest = max(map(len, stream.split(b"\n")))
    found: list[bytes] = []

    try:
        for piece in _pieces(stream, cuts):
            found += buffer.feed(piece)
    except LineTooLongError:
        assert longest > LIMIT
        assert found == _whole_lines(stream)[: len(found)]
    else:
        assert longest <= LIMIT
        assert found == _whole_lines(stream)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"x" * LIMIT + b"\n"],
        [b"x" * LIMIT, b"\n"],
        [b"x", b"x" * (LIMIT - 1) + b"\n"],
        [*[b"x"] * LIMIT, b"\n"],
    ],
)
def test_a_line_of_exactly_the_limit_is_a_line(pieces) -> None:
    assert _feed(LineBuffer(limit=LIMIT), pieces) == [b"x" * LIMIT]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"x" * (LIMIT + 1) + b"\n"],
        [b"x" * (LIMIT + 1)],
        [b"x" * LIMIT, b"x"],
        [b"x" * LIMIT, b"x\n"],
        [b"ok\n" + b"x" * (LIMIT + 1)],
        [b"ok\n" + b"x" * (LIMIT + 1) + b"\n"],
        [b"x" * (LIMIT + 1) + b"\nok\n"],
        [b"x" * LIMIT + b"\r\n"],
        [b" " * (LIMIT + 1) + b"\n"],
    ],
)
def test_one_byte_more_is_too_long(pieces) -> None:
    with pytest.raises(LineTooLongError):
        _feed(LineBuffer(limit=LIMIT), pieces)


def test_many_lines_may_be_longer_together_than_one_may_be() -> None:
    assert len(LineBuffer(limit=LIMIT).feed(b"abc\n" * 100)) == 100


def test_a_line_of_the_wires_limit_is_whole() -> None:
    buffer = LineBuffer()

    (line,) = buffer.feed(b"x" * LINE_BYTES + b"\n")

    assert len(line) == LINE_BYTES
    with pytest.raises(LineTooLongError):
        buffer.feed(b"x" * (LINE_BYTES + 1))


def test_only_the_end_of_a_line_loses_its_carriage_return() -> None:
    assert LineBuffer().feed(b"\ra\rb\r\r\n") == [b"\ra\rb\r"]


def test_what_follows_the_last_end_stays_for_the_next_piece() -> None:
    buffer = LineBuffer()

    assert buffer.feed(b"one\ntw") == [b"one"]
    assert buffer.pending == b"tw"
    assert buffer.feed(b"o\n") == [b"two"]
    assert buffer.pending == b""


def test_a_short_line_is_found_after_a_long_one_that_came_in_pieces() -> None:
    pieces = [b"x" * 8, b"\nab", b"\n", b"cd\n"]

    assert _feed(LineBuffer(), pieces) == [b"x" * 8, b"ab", b"cd"]


def test_bytes_that_have_been_searched_are_not_searched_again() -> None:
    """Otherwise a long line in small pieces would cost the square of its length."""

    class Counting(bytearray):
        searched = 0

        def rfind(self, sub, start=0):  # type: ignore[override]
            Counting.searched += len(self) - start
            return super().rfind(sub, start)

    buffer = LineBuffer()
    buffer._buffer = Counting()

    _feed(buffer, [b"x" * 10] * 100)

    assert Counting.searched == 1000
