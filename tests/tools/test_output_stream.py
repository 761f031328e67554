"""Outputs that come in pieces. How they look to a model is tested with bash."""

import os
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podd.tools import output_stream
from podd.tools.output_store import OutputStore
from podd.tools.output_stream import OutputStream
from podd.tools.spill_file import SpillFile


def _store(tmp_path, limit=300, **more):
    return OutputStore(str(tmp_path / "o"), {"t": limit}, **more)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=900), cuts=st.lists(st.integers(0, 3000), max_size=8))
def test_pieces_are_fitted_as_the_whole_would_be(tmp_path, text, cuts):
    data = text.encode()
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    store = _store(tmp_path)
    stream = OutputStream(store, "t", "c")

    live = [stream.feed(data[at:end]) for at, end in pairwise(places)]
    last, fitted = stream.finish()

    assert "".join([*live, last]) == text.replace("\0", "\ufffd")
    assert fitted == store.fit("t", "c", text)
    if fitted.spilled_to is not None:
        assert (tmp_path / "o/c.txt").read_bytes() == data


def test_a_file_from_the_beginning_is_there_however_little_comes(tmp_path):
    stream = OutputStream(_store(tmp_path), "t", "t1.1.1", to_file=True)

    assert stream.path == str(tmp_path / "o/t1.1.1.txt")
    stream.feed(b"a b")
    _, fitted = stream.finish()

    assert (fitted.text, fitted.spilled_to) == ("a b", stream.path)
    assert (tmp_path / "o/t1.1.1.txt").read_bytes() == b"a b"


def test_a_file_from_the_beginning_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "o").write_text("", encoding="utf-8")

    with pytest.raises(OSError, match="exists"):
        OutputStream(_store(tmp_path), "t", "c", to_file=True)


def test_a_middle_that_no_file_has_is_said(tmp_path, monkeypatch):
    small = partial(SpillFile, most_bytes=2000, tail_bytes=200)
    monkeypatch.setattr(output_stream, "SpillFile", small)
    stream = OutputStream(_store(tmp_path), "t", "c")

    for _ in range(10):
        stream.feed(b"0123456 \n" * 100)
    _, fitted = stream.finish()

    assert f"{fitted.spilled_to} has all but 7000 bytes of the middle" in fitted.text
    assert (tmp_path / "o/c.txt").stat().st_size < 2200


def test_a_disk_that_is_full_in_between_loses_the_file_and_says_so(
    tmp_path, monkeypatch
):
    stream = OutputStream(_store(tmp_path), "t", "c")
    stream.feed(b"x \n" * 1000)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", full)
        stream.feed(b"y \n" * 1000)
    stream.feed(b"z \n" * 1000)
    _, fitted = stream.finish()

    assert fitted.spilled_to is None
    assert "it could not be kept: No space left on device" in fitted.text
    assert fitted.text.startswith("x \n")
    assert fitted.text.endswith("z \n")
    assert list((tmp_path / "o").iterdir()) == []


def test_what_is_no_text_is_kept_as_it_is_and_counted_so(tmp_path):
    noise = bytes(range(128, 256)) * 2
    stream = OutputStream(_store(tmp_path), "t", "c")

    stream.feed(noise)
    _, fitted = stream.finish()

    assert stream.size == 256
    assert f"all 256 bytes are in {fitted.spilled_to}" in fitted.text
    assert len(fitted.text.encode()) <= 300
    assert (tmp_path / "o/c.txt").read_bytes() == noise


@pytest.mark.parametrize(
    ("pieces", "remark"),
    [
        ((b"text", b" more \xe2", b"\x82\xac"), None),
        ((b"text ", b"\xff "), "not all of the output is UTF-8"),
        ((b"text ", b"\0 ", b"text "), "binary"),
        ((b"\0\xff ",), "binary"),
    ],
)
def test_what_is_no_text_is_remarked(tmp_path, pieces, remark):
    stream = OutputStream(_store(tmp_path), "t", "c")

    for piece in pieces:
        stream.feed(piece)
    stream.finish()

    remarks = stream.remarks()
    assert [remark in said for said in remarks] == ([True] if remark else [])


def test_what_was_printed_is_found_although_nobody_ended_it(tmp_path):
    store = _store(tmp_path)
    stream = OutputStream(store, "t", "t1.1.1")
    stream.feed(b"one line\nand a wor")

    kept = store.so_far("t", "t1.1.1")

    # The word may be the beginning of a key.
    assert (kept.text, kept.size) == ("one line\nand a ", 15)
    assert kept.spilled_to is None
    assert store.so_far("t", "t1.1.2") is None
    stream.finish()
    assert store.so_far("t", "t1.1.1") is None


def test_a_key_is_not_kept_while_a_command_runs_either(tmp_path):
    store = _store(tmp_path, redact=lambda text: text.replace("secret", "***"))
    stream = OutputStream(store, "t", "c")
    stream.feed(b"the sec")
    stream.feed(b"ret is out\n")

    assert store.so_far("t", "c").text == "the *** is out\n"


def test_long_output_of_a_lost_call_keeps_head_and_tail_and_its_file(tmp_path):
    store = _store(tmp_path)
    stream = OutputStream(store, "t", "c")
    stream.feed(b"first\n" + b"x" * 50 * 100 + b"\nlast\n")

    kept = store.so_far("t", "c")

    assert kept.text.startswith("first\n")
    assert kept.text.endswith("last\n")
    assert len(kept.text.encode()) <= 300
    assert kept.spilled_to == str(tmp_path / "o/c.txt")
    assert kept.spilled_to in kept.text
