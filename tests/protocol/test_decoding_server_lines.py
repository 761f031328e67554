"""What a client written in Python makes of a pod's lines."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd_protocol.codec import decode_server_line, encode
from podd_protocol.events import Lagged
from podd_protocol.replies import Ok, UsageReply
from podd_protocol.values import Usage


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"",
        b"[]",
        b"{}",
        b'{"reply":"bow","id":1}',
        b'{"reply":3,"id":1}',
        b'{"event":"thunder","seq":1}',
        b'{"event":"text","seq":1}',
        b'{"event":"alert","seq":1,"level":"\xff"}',
        b'{"event":"tool_call","arguments":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_neither_a_reply_nor_an_event_is_a_decode_error(line) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_server_line(line)


@given(st.binary() | st.text().map(str.encode))
def test_no_line_raises_anything_else(line) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_server_line(b"x" + line)


def test_a_reply_and_an_event_of_one_name_are_told_apart() -> None:
    reply = UsageReply(id=1, own=Usage(), tree=Usage())
    event = b'{"event":"usage","seq":3,"turn":"t1","step":1,"usage":{}}'

    assert decode_server_line(encode(reply)) == reply
    assert type(decode_server_line(event)).__name__ == "UsageEvent"


def test_what_is_not_set_is_not_sent() -> None:
    assert encode(Ok(id=1)) == b'{"reply":"ok","id":1}\n'
    assert encode(Ok(id=None, seq=0)) == b'{"reply":"ok","id":null,"seq":0}\n'


def test_the_range_of_a_gap_is_called_as_the_contract_calls_it() -> None:
    lagged = Lagged(seq=9, from_=4, to=9)

    assert encode(lagged) == b'{"event":"lagged","seq":9,"from":4,"to":9}\n'
    assert decode_server_line(encode(lagged)) == lagged
