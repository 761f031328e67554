"""What a `run` may give the model."""

from __future__ import annotations

import base64

import pytest
from msgspec import UNSET

from podd.controller.given_input import BadInputError, Given, given_of
from podd.core.context.conversation import DocumentPart, ImagePart, TextPart
from podd.core.context.media import IMAGE_BYTES, PARTS
from podd_protocol.requests import DocumentInput, ImageInput, TextInput

PNG = b"\x89PNG\r\n\x1a\n"
PNG_DATA = base64.b64encode(PNG).decode()
PDF_DATA = base64.b64encode(b"%PDF-1.7").decode()


def _png(**more) -> ImageInput:
    return ImageInput(media_type="image/png", data=PNG_DATA, **more)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("Sow.", "Sow."),
        ([TextInput(text="Sow:"), TextInput(text="beans")], "Sow:\n\nbeans"),
    ],
)
def test_prose_is_text_and_nothing_else(given, text):
    assert given_of(given) == Given(text, UNSET)


def test_parts_stay_in_their_order():
    found = given_of(
        [
            _png(name="leaf.png"),
            TextInput(text="What ails it?"),
            ImageInput(url="https://garden.example/bed.jpg"),
            DocumentInput(media_type="application/pdf", data=PDF_DATA, name="a.pdf"),
        ]
    )

    assert found == Given(
        "What ails it?",
        (
            ImagePart("image/png", PNG_DATA, name="leaf.png"),
            TextPart("What ails it?"),
            ImagePart(url="https://garden.example/bed.jpg"),
            DocumentPart("application/pdf", PDF_DATA, "a.pdf"),
        ),
    )


def test_a_picture_needs_no_words():
    assert given_of([_png()]) == Given("", (ImagePart("image/png", PNG_DATA),))


def test_prose_without_words_is_not_sent_beside_a_picture():
    found = given_of([TextInput(text=" \n"), _png()])

    assert found.parts == (ImagePart("image/png", PNG_DATA),)


_LARGE = base64.b64encode(PNG.ljust(IMAGE_BYTES + 1, b"\0")).decode()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("", "input"),
        (" \n", "input"),
        ([], "input"),
        ([TextInput(text=" ")], "input"),
        ([_png()] * (PARTS + 1), "input"),
        ([TextInput(text="a"), _png(name="n" * 256)], "input[1].name"),
        ([ImageInput(media_type="image/png", data="no")], "input[0].data"),
        ([ImageInput(media_type="image/gif", data=PNG_DATA)], "input[0].data"),
        ([ImageInput(media_type="image/png", data=_LARGE)], "input[0].data"),
        ([ImageInput(url="file:///etc/passwd")], "input[0].url"),
        ([ImageInput(url="data:image/png;base64,AA==")], "input[0].url"),
        ([ImageInput(url="https://")], "input[0].url"),
        ([ImageInput(url="https://[")], "input[0].url"),
        ([ImageInput(url="https://a/" + "a" * 8192)], "input[0].url"),
        (
            [DocumentInput(media_type="application/pdf", data=PNG_DATA)],
            "input[0].data",
        ),
    ],
)
def test_what_no_model_could_read_is_refused_with_its_place(given, place):
    with pytest.raises(BadInputError) as refused:
        given_of(given)

    assert refused.value.place == place
    assert str(refused.value).startswith(place)


def test_any_number_of_texts_is_one_prose():
    found = given_of([TextInput(text="a")] * (PARTS + 1))

    assert found.parts is UNSET
