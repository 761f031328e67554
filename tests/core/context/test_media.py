"""Pictures and documents: what they are and how large they may be."""

from __future__ import annotations

import base64

import pytest

from podd.core.context.conversation import DocumentPart, ImagePart, TextPart
from podd.core.context.media import (
    DOCUMENT_BYTES,
    IMAGE_BYTES,
    content_bytes,
    content_problem,
    media_of,
    media_type_of,
)
from podd_protocol.values import Media

PNG = b"\x89PNG\r\n\x1a\n"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PNG + b"...", "image/png"),
        (b"\xff\xd8\xff\xe0..", "image/jpeg"),
        (b"GIF87a..", "image/gif"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"BM......", None),
        (b"<svg>", None),
        (b"", None),
        (PNG[:-1], None),
    ],
)
def test_a_type_is_known_by_the_first_bytes(content, found):
    assert media_type_of(content) == found


@pytest.mark.parametrize("size", range(6))
def test_the_length_of_what_base64_stands_for(size):
    assert content_bytes(_base64(b"x" * size)) == size


@pytest.mark.parametrize(
    ("media_type", "begin", "limit"),
    [
        ("image/png", PNG, IMAGE_BYTES),
        ("application/pdf", b"%PDF-", DOCUMENT_BYTES),
    ],
)
def test_one_of_the_limit_is_taken_and_one_byte_more_is_not(media_type, begin, limit):
    whole = begin.ljust(limit, b"\0")

    assert content_problem(media_type, _base64(whole)) is None
    problem = content_problem(media_type, _base64(whole + b"\0"))
    assert problem is not None
    assert str(limit) in problem


@pytest.mark.parametrize(
    "data",
    [
        "",
        "iVBORw0KGgo",
        "iVBORw0K\nGgo=",
        "iVBORw0KGgo=iVBORw0KGgo=",
        "iVBORw0K Ggo=",
        "iVBORw0KGg\u00f6=",
        "====",
        _base64(b"GIF89a"),
    ],
)
def test_what_is_no_picture_of_its_type_is_refused(data):
    assert content_problem("image/png", data) is not None


def test_a_summary_has_everything_but_the_content():
    parts = (
        TextPart("Look:"),
        ImagePart("image/png", _base64(PNG), name="leaf.png"),
        ImagePart(url="https://garden.example/bed.jpg"),
        DocumentPart("application/pdf", _base64(b"%PDF-"), "almanac.pdf"),
    )

    assert media_of(parts) == [
        Media(type="image", media_type="image/png", bytes=8, name="leaf.png"),
        Media(type="image", url="https://garden.example/bed.jpg"),
        Media(
            type="document",
            media_type="application/pdf",
            bytes=5,
            name="almanac.pdf",
        ),
    ]


def test_prose_has_no_media():
    assert media_of(None) == []
