"""No key comes through, whatever pieces it comes in."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podd.runtime.redaction import Redaction
from podd.tools import redaction_window
from podd.tools.redaction_window import RedactionWindow

KEY = "sk-test-0123456789abcdef-0123"
WORDS = st.sampled_from([KEY, KEY[:20], KEY[5:], KEY[:15], "x", "é", "\ufffd", "0123"])
SPACES = st.sampled_from(["", " ", "\n", "\t", "\r\n"])


def _through(redact, data, cuts):
    window = RedactionWindow(redact)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [window.feed(data[at:end]) for at, end in pairwise(places)]
    return b"".join([*pieces, window.rest()])


@given(
    words=st.lists(st.tuples(WORDS, SPACES), max_size=30),
    cuts=st.lists(st.integers(0, 600)),
)
def test_any_pieces_give_what_the_whole_would(words, cuts):
    text = "".join(word + space for word, space in words)
    redact = Redaction([KEY]).text

    assert _through(redact, text.encode(), cuts).decode() == redact(text)


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200)))
@example(data=b"\xe2\x82\xac\xff\xe2\x82 \xac", cuts=[1, 2, 4, 6])
def test_what_has_no_key_comes_through_as_it_is(data, cuts):
    assert _through(str, data, cuts) == data


def test_words_that_are_whole_do_not_wait():
    window = RedactionWindow(str)

    assert window.feed(b"one two\nth") == b"one two\n"
    assert window.feed(b"ree") == b""
    assert window.feed(b"\rfour ") == b"three\rfour "
    assert window.rest() == b""


@pytest.mark.parametrize("filler", ["", "x", "xyz"])
@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_a_word_without_an_end_is_let_go_and_no_key_in_it(monkeypatch, filler, offset):
    monkeypatch.setattr(redaction_window, "_LONGEST_KEY", 64)
    redact = Redaction([KEY]).text
    word = "y" * offset + (KEY + filler) * 50
    window = RedactionWindow(redact)

    came = [
        window.feed(word[at : at + 100].encode()) for at in range(0, len(word), 100)
    ]
    whole = b"".join([*came, window.rest()]).decode()

    assert sum(map(bool, came)) > 5
    assert whole == redact(word)


def test_a_word_is_let_go_where_no_place_is_safe(monkeypatch):
    """A redaction that keeps no promise must not make us wait for ever."""
    monkeypatch.setattr(redaction_window, "_LONGEST_KEY", 4)
    window = RedactionWindow(lambda text: f"<{text}>")

    came = window.feed(b"x" * 20)

    assert came == b"<" + b"x" * 16 + b">"
    assert window.rest() == b"<xxxx>"
