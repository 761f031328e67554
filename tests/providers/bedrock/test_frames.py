"""Frames from bytes in any split; what is none is an error, at once."""

from __future__ import annotations

import itertools
import struct
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from podd.providers.bedrock.frames import FrameDecoder, MalformedFrameError
from tests.providers.conformance.bedrock import event_frame, frame

PAYLOAD = '{"a":"日本"}'.encode()
#: One header of each type that the format has, the first that is text in the middle.
HEADERS = (
    b"\x04true\x00",
    b"\x05false\x01",
    b"\x04byte\x02\xff",
    b"\x05short\x03" + struct.pack("!h", -2),
    b"\x03int\x04" + struct.pack("!i", -3),
    b"\x04long\x05" + struct.pack("!q", -4),
    b"\x05bytes\x06\x00\x03\x00\x01\x02",
    b"\x04text\x07\x00\x06" + "日本".encode(),
    b"\x04time\x08" + struct.pack("!q", 1_700_000_000_000),
    b"\x04uuid\x09" + bytes(range(16)),
    b"\x0d:message-type\x07\x00\x05event",
)


def _raw(headers: bytes, payload: bytes = PAYLOAD) -> bytes:
    return _framed(16 + len(headers) + len(payload), len(headers), headers + payload)


def _framed(total: int, header_bytes: int, rest: bytes) -> bytes:
    """A frame that says of its lengths whatever it is told; its sums are right."""
    prelude = struct.pack("!II", total, header_bytes)
    start = prelude + struct.pack("!I", zlib.crc32(prelude)) + rest
    return start + struct.pack("!I", zlib.crc32(start))


def test_headers_of_every_type_are_read_to_the_last():
    (found,) = FrameDecoder().feed(_raw(b"".join(HEADERS)))

    assert found.headers == {
        "true": True,
        "false": False,
        "byte": -1,
        "short": -2,
        "int": -3,
        "long": -4,
        "bytes": b"\x00\x01\x02",
        "text": "日本",
        "time": 1_700_000_000_000,
        "uuid": bytes(range(16)),
        ":message-type": "event",
    }
    assert found.header(":message-type") == "event"
    assert (found.header("int"), found.header("none")) == ("", "")
    assert found.payload == PAYLOAD


def test_a_frame_may_be_empty():
    (found,) = FrameDecoder().feed(_raw(b"", b""))

    assert (found.headers, found.payload) == ({}, b"")


@given(data=st.data())
def test_any_split_gives_what_botocore_reads(data: st.DataObject) -> None:
    payloads = data.draw(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
    body = b"".join(frame({":event-type": "x"}, p) for p in payloads)
    cuts = data.draw(st.sets(st.integers(1, len(body) - 1), max_size=12))
    edges = [0, *sorted(cuts), len(body)]
    theirs = EventStreamBuffer()
    theirs.add_data(body)

    decoder = FrameDecoder()
    found = [
        f
        for start, end in itertools.pairwise(edges)
        for f in decoder.feed(body[start:end])
    ]

    expected = [(message.headers, message.payload) for message in theirs]
    assert [(f.headers, f.payload) for f in found] == expected
    assert decoder.is_between


@pytest.mark.parametrize("at", range(len(event_frame("x", {}))))
def test_any_changed_byte_is_an_error(at):
    body = bytearray(event_frame("x", {}))
    body[at] ^= 0x10
    decoder = FrameDecoder()

    with pytest.raises(MalformedFrameError):
        decoder.feed(bytes(body))


@pytest.mark.parametrize(
    ("total", "headers"),
    [
        (0, 0),
        (3, 0),
        (15, 0),
        (16, 1),
        (16, 0xFFFFFFFF),
        (40, 25),
        (0xFFFFFFFF, 0),
        (0x7FFFFFFF, 4),
        (11 * 1024 * 1024, 0),
    ],
)
def test_a_length_that_cannot_be_is_an_error_before_anything_is_waited_for(
    total, headers
):
    prelude = _framed(total, headers, b"")[:12]

    with pytest.raises(MalformedFrameError):
        FrameDecoder().feed(prelude)


@pytest.mark.parametrize(
    "headers",
    [
        b"\x01a\x0a",  # no such type
        b"\x01a",  # no type
        b"\x05a",  # a name beyond the end
        b"\x01a\x07\x00",  # a length cut off
        b"\x01a\x05\x00\x00",  # a number cut off
        b"\x01\xff\x00",  # a name that is no UTF-8
        b"\x01a\x07\x00\x01\xff",  # a text that is none
        b"\x01a\x00\x01a\x00",  # twice the same
    ],
)
def test_headers_that_cannot_be_read_are_an_error(headers):
    with pytest.raises(MalformedFrameError):
        FrameDecoder().feed(_raw(headers))


def test_a_large_frame_in_small_pieces_costs_what_its_bytes_cost():
    body = frame({":event-type": "x"}, b"x" * (4 * 1024 * 1024))
    decoder = FrameDecoder()
    found = [
        f
        for start in range(0, len(body), 1024)
        for f in decoder.feed(body[start : start + 1024])
    ]

    assert len(found) == 1


def test_the_beginning_of_a_frame_is_remembered():
    decoder = FrameDecoder()
    decoder.feed(event_frame("x", {})[:-1])

    assert not decoder.is_between
