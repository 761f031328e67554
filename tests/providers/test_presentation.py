from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from podd.providers.presentation import (
    MESSAGE_BYTES,
    beginning,
    page_summary,
    presentable,
    redacted_pieces,
)

SECRET = "sk-0123456789"


def test_a_short_text_stays_as_it_is():
    assert presentable("naïve 日本", [SECRET]) == "naïve 日本"


def test_a_long_text_keeps_its_ends():
    text = presentable("first" + "é" * 9000 + "last", [])

    assert text.startswith("first")
    assert text.endswith("last")
    assert len(text.encode()) <= MESSAGE_BYTES


@given(st.integers(0, 9000), st.integers(0, 9000))
def test_no_piece_of_a_secret_survives_a_cut(before, after):
    text = presentable("." * before + SECRET + "." * after, [SECRET])

    assert not any(SECRET[i : i + 3] in text for i in range(len(SECRET) - 2))


@given(st.integers(0, len(SECRET) * 2))
def test_no_piece_of_a_secret_survives_where_reading_stopped(length):
    body = (b"." * 50 + SECRET.encode() * 2)[: 50 + length]
    kept = beginning(body, [SECRET])

    assert b"sk-" not in kept
    assert kept.startswith(b"." * 30)


def test_a_page_is_named_by_its_title():
    assert "502 Bad Gateway" in page_summary(
        b"<html><TITLE lang=en>\n502 Bad\n Gateway</TITLE>"
    )
    assert page_summary(b"<html>") == "an HTML page"


@given(st.binary(max_size=30), st.binary(max_size=30), st.lists(st.integers(0, 80)))
def test_a_secret_is_taken_out_of_pieces_however_they_are_cut(before, after, cuts):
    secret = 's3/cr"et'
    whole = before + secret.encode() + b"-" + secret.encode() + after
    bounds = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(bounds)]

    found = redacted_pieces(pieces, [secret])

    assert len(found) == len(pieces)
    assert b"".join(found) == whole.replace(secret.encode(), b"[key]")


def test_pieces_without_a_secret_stay_what_they_are():
    assert redacted_pieces([b"a", b"b"], ["sk"]) == [b"a", b"b"]
    assert redacted_pieces([b"a", b"b"], []) == [b"a", b"b"]
    assert redacted_pieces([b"a", b"b"], [""]) == [b"a", b"b"]
