from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.providers.sse import EventDecoder, OversizedEventError, ServerEvent

STREAM = (
    "\ufeffdata: one\n\n"
    ": a comment\r\n"
    "event: named\r\ndata: two\r\ndata:three\r\n\r\n"
    "data\rdata:  four é 日本 🦭\r\r"
    "id: 7\nretry: 10\nevent: lost\n\n"
    "data: five\r\n\n"
    "data: six\n\r\n"
    "nonsense: x\ndata: seven: more\n\n"
    "data: last"
).encode()
EVENTS = [
    ServerEvent("", b"one"),
    ServerEvent("named", b"two\nthree"),
    ServerEvent("", "\n four é 日本 🦭".encode()),
    ServerEvent("", b"five"),
    ServerEvent("", b"six"),
    ServerEvent("", b"seven: more"),
    ServerEvent("", b"last"),
]


def _decoded(*chunks: bytes) -> list[ServerEvent]:
    decoder = EventDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def test_every_way_to_write_an_event_is_read():
    assert _decoded(STREAM) == EVENTS


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b": only a comment\n\n", []),
        (b"event: x\n\n", []),
        (b"data\n\n", [ServerEvent("", b"")]),
        (b"data:\n\n", [ServerEvent("", b"")]),
        (b"data:\ndata:\n\n", [ServerEvent("", b"\n")]),
        (b"data:x\n", [ServerEvent("", b"x")]),
        (
            b"data: a\x0bb\x0cc\xe2\x80\xa8d\n\n",
            [ServerEvent("", b"a\x0bb\x0cc\xe2\x80\xa8d")],
        ),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
        (b" data: x\n\n", []),
        (b"data: x\n\nevent: gone", [ServerEvent("", b"x")]),
    ],
)
def test_the_grammar_holds_at_its_edges(text, events):
    assert _decoded(text) == events


def test_every_split_in_two_gives_the_same_events():
    for cut in range(len(STREAM) + 1):
        assert _decoded(STREAM[:cut], STREAM[cut:]) == EVENTS, cut


def test_single_bytes_give_the_same_events():
    assert _decoded(*(bytes([byte]) for byte in STREAM)) == EVENTS


LINES = st.lists(
    st.sampled_from([b"data: x", b"data:", b"data: \xc3\xa9", b":", b"event: e", b""]),
    max_size=12,
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(data=st.data(), lines=LINES)
def test_any_split_of_any_stream_gives_the_same_events(data, lines):
    text = b"".join(line + data.draw(ENDS) for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edges = [0, *cuts, len(text)]
    chunks = [text[a:b] for a, b in itertools.pairwise(edges)]

    assert _decoded(*chunks) == _decoded(text)


def test_an_event_is_given_out_with_its_last_line_end():
    decoder = EventDecoder()

    assert decoder.feed(b"data: x\r\n\r") == [ServerEvent("", b"x")]
    assert decoder.feed(b"\ndata: y\r\r") == [ServerEvent("", b"y")]


@pytest.mark.parametrize(
    "text",
    [b"data: " + b"x" * 20, b"data: 12345678\n" * 3, b":" + b"x" * 20, b"data:\n" * 30],
    ids=["line", "lines", "comment", "empty lines"],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_an_event_beyond_the_limit_is_refused_in_any_split(text, size):
    decoder = EventDecoder(limit=20)

    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    with pytest.raises(OversizedEventError):
        list(map(decoder.feed, pieces))


def test_many_small_events_are_no_large_one():
    decoder = EventDecoder(limit=20)

    assert len(decoder.feed(b"data: 12345\n\n" * 100)) == 100


def test_lines_that_are_no_fields_are_kept_apart():
    decoder = EventDecoder()
    text = b'data: x\n\n: comment\nid: 1\nretry: 5\n{\n "error": {}\n}'

    events = [*decoder.feed(text), *decoder.finish()]
    assert events == [ServerEvent("", b"x")]
    assert decoder.strays == [b"{", b' "error": {}', b"}"]


def test_only_so_many_of_them_are_kept():
    decoder = EventDecoder()
    for _ in range(10):
        decoder.feed(b"x" * 10_000 + b"\n")

    assert sum(map(len, decoder.strays)) == 60_000
