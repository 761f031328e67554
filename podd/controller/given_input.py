"""What a `run` gives the model, looked at before it counts. Pure.

Types and fields are the protocol's business. Here is what a type cannot say: that there
is something in it, that a picture is one, and that it is not too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    TextPart,
    UserPart,
)
from podd.core.context.media import (
    NAME_CHARACTERS,
    PARTS,
    URL_CHARACTERS,
    content_problem,
)
from podd_protocol.requests import DocumentInput, ImageInput, InputPart, TextInput

_SCHEMES: Final = frozenset({"http", "https"})


class BadInputError(Exception):
    """A part that no model could read."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        """As in `input[2].data`."""


@dataclass(frozen=True, slots=True)
class Given:
    """One input."""

    text: str
    """All prose of it, joined."""
    parts: tuple[UserPart, ...] | UnsetType = UNSET
    """Where there is more than prose: all of it."""


def given_of(given: str | list[InputPart]) -> Given:
    """Look at an input.

    Raises:
        BadInputError: there is nothing in it, or a part is not what it says, or is too
            large.
    """
    if isinstance(given, str):
        given = [TextInput(text=given)]
    text = "\n\n".join(part.text for part in given if isinstance(part, TextInput))
    if all(isinstance(part, TextInput) for part in given):
        if not text.strip():
            raise BadInputError("input", "there is nothing in it")
        return Given(text)
    media = sum(not isinstance(part, TextInput) for part in given)
    if media > PARTS:
        words = f"{media} pictures and documents, and at most {PARTS}"
        raise BadInputError("input", words)
    # Prose without words is refused by some vendors.
    parts = tuple(
        _part(f"input[{number}]", part)
        for number, part in enumerate(given)
        if not isinstance(part, TextInput) or part.text.strip()
    )
    return Given(text, parts)


def _part(place: str, part: InputPart) -> UserPart:
    match part:
        case TextInput(text=text):
            return TextPart(text)
        case ImageInput():
            return _image(place, part)
        case DocumentInput(media_type=media_type, data=data, name=name):
            if problem := content_problem(media_type, data):
                raise BadInputError(f"{place}.data", problem)
            return DocumentPart(media_type, data, _name(place, name))
        case _ as unreachable:
            assert_never(unreachable)


def _image(place: str, part: ImageInput) -> ImagePart:
    name = _name(place, part.name) or UNSET
    media_type = part.media_type
    if part.url is not None:
        _check_url(f"{place}.url", part.url)
        return ImagePart(media_type or "", url=part.url, name=name)
    assert media_type is not None, "the protocol wants it beside data"
    assert part.data is not None, "and data where there is no URL"
    if problem := content_problem(media_type, part.data):
        raise BadInputError(f"{place}.data", problem)
    return ImagePart(media_type, part.data, name=name)


def _name(place: str, name: str) -> str:
    if len(name) > NAME_CHARACTERS:
        words = f"{len(name)} characters, and at most {NAME_CHARACTERS}"
        raise BadInputError(f"{place}.name", words)
    return name


def _check_url(place: str, url: str) -> None:
    if len(url) > URL_CHARACTERS:
        words = f"{len(url)} characters, and at most {URL_CHARACTERS}"
        raise BadInputError(place, words)
    try:
        address = urlsplit(url)
        is_fetched = address.scheme in _SCHEMES and bool(address.hostname)
    except ValueError:
        is_fetched = False
    if not is_fetched:
        words = "not an http or https URL; a picture of your own goes into data"
        raise BadInputError(place, words)
