import base64
import dataclasses
import json

import pytest

from podd.core.context.conversation import ImagePart
from podd.core.context.media import IMAGE_BYTES
from podd.tools.catalog import run_call, specs
from podd.tools.read_tracker import digest_of


async def _read(context, **arguments):
    return await run_call("read_file", json.dumps(arguments), context)


async def test_lines_come_with_their_numbers(place):
    place.write("a/file", "one\ntwo\n")

    outcome = await _read(place.context(), path="a/file")

    assert outcome.status == "ok"
    assert outcome.content == "1\tone\n2\ttwo"
    assert outcome.summary == "read a/file: 2 lines, 8 bytes"


async def test_a_part_is_shown_and_the_whole_counts_as_seen(place):
    content = "".join(f"{number}\n" for number in range(1, 11))
    path = place.write("file", content)
    context = place.context()

    outcome = await _read(context, path="file", offset=4, limit=2)

    assert outcome.content == "4\t4\n5\t5"
    assert "lines 4 to 5 of 10" in outcome.summary
    assert "offset 6" in outcome.summary
    assert context.reads.sight(str(path), content.encode()) == "fresh"


@pytest.mark.parametrize(
    ("content", "said", "shown"),
    [
        (b"", "empty", ""),
        (b"one", "no line end", "1\tone"),
        (b"one\r\ntwo\r\n", "CRLF", "1\tone\n2\ttwo"),
        (b"one\r\ntwo\n", "1 of 2 lines end in CRLF", "1\tone\n2\ttwo"),
        (b"\xef\xbb\xbfone\n", "byte order mark", "1\tone"),
        (b"ab\xff\n", "not UTF-8 from byte 2", "1\tab\ufffd"),
        (
            b"x" * 3000 + b"\n",
            "are cut",
            "1\t" + "x" * 2000 + " (cut; the line has 3000 characters)",
        ),
    ],
)
async def test_what_the_text_does_not_show_is_said(place, content, said, shown):
    place.write("file", content)

    outcome = await _read(place.context(), path="file")

    assert outcome.status == "ok"
    assert said in outcome.summary
    assert outcome.content == shown


async def test_a_binary_file_is_refused_with_its_size(place):
    path = place.write("file", b"\x7fELF\0\0")
    context = place.context()

    outcome = await _read(context, path="file")

    assert outcome.status == "error"
    assert "6 bytes" in outcome.summary
    assert context.reads.sight(str(path), b"\x7fELF\0\0") == "unread"


async def test_an_offset_past_the_end_is_said(place):
    place.write("file", "one\n")

    outcome = await _read(place.context(), path="file", offset=3)

    assert outcome.status == "error"
    assert "1 line;" in outcome.summary


async def test_a_directory_is_answered_with_a_hint(place):
    place.write("a/file")

    outcome = await _read(place.context(), path="a")

    assert outcome.status == "error"
    assert "glob" in outcome.summary


async def test_a_missing_file_is_an_error_that_names_it(place):
    outcome = await _read(place.context(), path="a/missing")

    assert outcome.status == "error"
    assert "a/missing" in outcome.summary


def test_a_digest_is_sha256():
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert digest_of(b"") == empty


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def _seeing(place):
    return dataclasses.replace(place.context(), sees_pictures=lambda: True)


async def test_a_picture_is_shown_to_a_model_that_sees_them(place):
    path = place.write("bed/leaf.png", PNG)
    context = _seeing(place)

    outcome = await _read(context, path="bed/leaf.png")

    assert (outcome.status, outcome.content) == ("ok", "")
    assert outcome.summary == "read bed/leaf.png: image/png, 28 bytes"
    data = base64.b64encode(PNG).decode()
    assert outcome.images == (ImagePart("image/png", data, name="leaf.png"),)
    assert context.reads.sight(str(path), PNG) == "fresh"


async def test_a_picture_is_not_shown_to_a_model_that_sees_none(place):
    place.write("leaf.png", PNG)

    outcome = await _read(place.context(), path="leaf.png")

    assert (outcome.status, outcome.images) == ("error", ())
    assert "image/png, 28 bytes" in outcome.summary
    assert "model.images" in outcome.summary


async def test_a_picture_that_vendors_refuse_is_not_shown(place):
    place.write("leaf.png", PNG.ljust(IMAGE_BYTES + 1, b"\0"))

    outcome = await _read(_seeing(place), path="leaf.png")

    assert (outcome.status, outcome.images) == ("error", ())
    assert "scale the picture down" in outcome.summary


async def test_a_document_is_no_picture(place):
    place.write("a.pdf", b"%PDF-1.7\n\0")

    outcome = await _read(_seeing(place), path="a.pdf")

    assert (outcome.status, outcome.images) == ("error", ())
    assert "binary" in outcome.summary


def test_a_model_is_told_of_pictures_only_where_it_sees_them():
    blind, seeing = (
        specs(["read_file", "glob"]),
        specs(["read_file", "glob"], sees="pictures"),
    )

    assert "picture" not in blind[0].description
    assert "picture" in seeing[0].description
    assert blind[1] == seeing[1]
