"""A client's line is a request, or a verdict on it. Nothing in a line raises."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podd_protocol.codec import BadLine, decode_request, encode
from podd_protocol.replies import Failure
from podd_protocol.requests import (
    NOT_SUPPORTED,
    Hello,
    History,
    Run,
    Status,
    Subscribe,
    TextInput,
)

DEEP = 100_000
HUGE = b"9" * 5_000

UNREADABLE = {
    "garbage": b"garbage",
    "no value": b" ",
    "cut off": b'{"method":"status","id":1',
    "two objects": b'{"method":"status","id":1}{"method":"status","id":2}',
    "no JSON number": b'{"method":"status","id":1,"x":NaN}',
    "a byte order mark": b'\xef\xbb\xbf{"method":"status","id":1}',
    "no UTF-8 in a field": b'{"method":"run","id":1,"input":"\xff"}',
    "no UTF-8 in a method": b'{"method":"\xff","id":1}',
    "half a surrogate pair": b'{"method":"run","id":1,"input":"\\ud800"}',
    "an array": b"[]",
    "a number": b"3",
    "null": b"null",
    "a string": b'"status"',
    "arrays without end": b"[" * DEEP,
    "arrays in arrays": b"[" * DEEP + b"]" * DEEP,
    "objects without end": b'{"a":' * DEEP,
    "arrays in an unknown field": (
        b'{"method":"status","id":1,"x":' + b"[" * DEEP + b"]" * DEEP + b"}"
    ),
    "arrays in a known field": (
        b'{"method":"run","id":1,"input":' + b"[" * DEEP + b"]" * DEEP + b"}"
    ),
}


@pytest.mark.parametrize("line", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_line_that_cannot_be_read_is_a_bad_frame_of_nobody(line) -> None:
    verdict = decode_request(line)

    assert isinstance(verdict, BadLine)
    assert (verdict.code, verdict.id) == ("bad_frame", None)


BAD_FIELDS = {
    "no id": (b'{"method":"status"}', None),
    "an id of text": (b'{"method":"status","id":"1"}', None),
    "an id of null": (b'{"method":"status","id":null}', None),
    "a fractional id": (b'{"method":"status","id":1.5}', None),
    "a true id": (b'{"method":"status","id":true}', None),
    "an id that no integer holds": (b'{"method":"status","id":' + HUGE + b"}", None),
    "no method": (b'{"id":4}', 4),
    "a method of numbers": (b'{"id":4,"method":5}', 4),
    "a method of null": (b'{"id":4,"method":null}', 4),
    "nothing": (b"{}", None),
    "no protocol": (b'{"id":4,"method":"hello"}', 4),
    "a protocol of text": (b'{"id":4,"method":"hello","protocol":"1"}', 4),
    "no input": (b'{"id":4,"method":"run"}', 4),
    "an input of numbers": (b'{"id":4,"method":"run","input":3}', 4),
    "a part without its type": (b'{"id":4,"method":"run","input":[{"text":"a"}]}', 4),
    "a part of another type": (
        b'{"id":4,"method":"run","input":[{"type":"image","text":"a"}]}',
        4,
    ),
    "an unknown when_busy": (
        b'{"id":4,"method":"run","input":"a","when_busy":"wait"}',
        4,
    ),
    "a null when_busy": (b'{"id":4,"method":"run","input":"a","when_busy":null}', 4),
    "options of null": (b'{"id":4,"method":"run","input":"a","options":null}', 4),
    "no message": (b'{"id":4,"method":"notify"}', 4),
    "a wake of text": (b'{"id":4,"method":"notify","message":"a","wake":"no"}', 4),
    "an after of text": (b'{"id":4,"method":"subscribe","after":"0"}', 4),
    "an after that no integer holds": (
        b'{"id":4,"method":"subscribe","after":' + HUGE + b"}",
        4,
    ),
    "a number among the names": (b'{"id":4,"method":"subscribe","only":["a",1]}', 4),
    "an unknown mode": (b'{"id":4,"method":"shutdown","mode":"later"}', 4),
}


@pytest.mark.parametrize(("line", "number"), BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
def test_a_missing_or_wrong_field_is_told_to_its_request(line, number) -> None:
    verdict = decode_request(line)

    assert isinstance(verdict, BadLine)
    assert (verdict.code, verdict.id) == ("bad_field", number)


@pytest.mark.parametrize("number", [4, None])
def test_an_unknown_method_is_unknown(number) -> None:
    fields = {"method": "dance"} | ({} if number is None else {"id": number})

    verdict = decode_request(msgspec.json.encode(fields))

    assert isinstance(verdict, BadLine)
    assert (verdict.code, verdict.id) == ("unknown_method", number)


@pytest.mark.parametrize("method", sorted(NOT_SUPPORTED))
def test_a_method_that_is_not_built_yet_is_refused_by_name(method) -> None:
    verdict = decode_request(msgspec.json.encode({"method": method, "id": 4}))

    assert isinstance(verdict, BadLine)
    assert (verdict.code, verdict.id) == ("not_supported", 4)


@pytest.mark.parametrize("options", [{}, {"limits": {"steps": 3}}])
def test_options_of_a_run_are_refused_and_not_ignored(options) -> None:
    fields = {"method": "run", "id": 4, "input": "a", "options": options}

    verdict = decode_request(msgspec.json.encode(fields))

    assert isinstance(verdict, BadLine)
    assert (verdict.code, verdict.id) == ("not_supported", 4)


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":4,"method":"' + b"x" * 100_000 + b'"}',
        b'{"id":4,"method":"shutdown","mode":"' + b"x" * 100_000 + b'"}',
        b'{"id":4,"method":"run","input":[{"type":"' + b"x" * 100_000 + b'"}]}',
    ],
)
def test_a_verdict_does_not_send_back_all_that_was_sent(line) -> None:
    verdict = decode_request(line)

    assert isinstance(verdict, BadLine)
    assert len(verdict.message) < 300


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b'{"method":"hello","id":1,"protocol":1}', Hello(id=1, protocol=1)),
        (b' { "id" : -7 , "method" : "status" } ', Status(id=-7)),
        (b'{"id":' + b"9" * 30 + b',"method":"status"}', Status(id=int("9" * 30))),
        (b'{"id":1,"method":"run","input":""}', Run(id=1, input="")),
        (
            b'{"id":1,"method":"run","input":[{"type":"text","text":"a"}]}',
            Run(id=1, input=[TextInput(text="a")]),
        ),
        (
            b'{"id":1,"method":"subscribe","after":1180591620717411303424}',
            Subscribe(id=1, after=2**70),
        ),
        (b'{"id":1,"method":"history"}', History(id=1, after=0, limit=None)),
        (b'{"id":1,"method":"status","x":[[{}]],"y":1e999}', Status(id=1)),
        (
            b'{"id":1,"method":"status","x":' + b"[" * 60 + b"]" * 60 + b"}",
            Status(id=1),
        ),
    ],
)
def test_a_line_that_can_be_understood_is(line, request_) -> None:
    assert decode_request(line) == request_


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
METHODS = st.sampled_from(["run", "status", "subscribe", "fork", "dance"])


@given(
    st.binary()
    | st.dictionaries(
        st.sampled_from(["id", "method", "input", "after", "only", "mode"]) | st.text(),
        VALUES | METHODS,
    ).map(msgspec.json.encode)
)
@example(b'{"id":1,"method":"\\u0000"}')
def test_whatever_is_sent_can_be_answered(line) -> None:
    found = decode_request(line)

    if isinstance(found, BadLine):
        answer = Failure(id=found.id, code=found.code, message=found.message)
        assert encode(answer).count(b"\n") == 1
    else:
        assert decode_request(encode(found)) == found
