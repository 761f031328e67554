"""From a provider's and a model's name to what is known of it.

Three sources, the higher first, field by field: the user's `models.toml`, what podd has
built in, and for a price that neither has the package `genai-prices`, where it is
installed. Nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from podd.errors import ManifestError
from podd.manifest.catalogue import price_list
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.catalogue.user_file import UserModels, read_user_models
from podd.manifest.schema import ModelSection
from podd.paths import Places

#: Which file has a provider's models. Both of OpenAI's APIs serve the same ones.
_FILES: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "bedrock": "bedrock",
    "cohere": "cohere",
    "gemini": "gemini",
    "openai_chat": "openai",
    "openai_responses": "openai",
}
#: A model's day of birth, as vendors add it to a name that is an alias without it.
_DAY: Final = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")
#: How Bedrock ends a model's name.
_VERSION: Final = re.compile(r"-v\d+(:\d+)?$")
#: The prefixes of Bedrock's inference profiles. One of a part of the world, or none,
#: has regional prices:
#: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_PROFILE: Final = re.compile(r"^(?:us-gov|us|eu|apac|jp|au|ca|sa|me)\.")


class _BuiltIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the files beside this one."""

    sources: tuple[str, ...]
    """The vendor's pages that it was written from."""
    read_on: str
    """The day on which they were read."""
    models: dict[str, ModelFacts]


class Catalogue:
    """All that is known of models."""

    def __init__(self, user: UserModels) -> None:
        self._user = user

    @classmethod
    def of(cls, places: Places) -> Catalogue:
        """Read the user's file; the others are read when they are asked.

        Raises:
            ManifestError: the first of what is wrong in the user's file.
        """
        models, errors = read_user_models(places.user_models)
        if errors:
            raise errors[0]
        return cls(models)

    @classmethod
    def checked(cls, places: Places, errors: list[ManifestError]) -> Catalogue:
        """As `of`; what is wrong is told, and the rest counts."""
        models, found = read_user_models(places.user_models)
        errors += found
        return cls(models)

    def facts(self, provider: str, name: str) -> ModelFacts:
        """Return what is known of a model; empty where nothing is.

        Whatever the address: who has one of their own usually reaches the vendor's
        models through it, and who does not may state what is true in `models.toml`.

        Args:
            provider: as a manifest names it.
            name: as the provider knows it.
        """
        stated = self._user.get(provider, {}).get(name, ModelFacts())
        known = overlay(_built_in_facts(provider, name), stated)
        if known.price is None:
            price = price_list.price_of(provider, name)
            known = msgspec.structs.replace(known, price=price)
        return known

    def facts_of(self, section: ModelSection) -> ModelFacts:
        """Return what is known of the model of a manifest."""
        return self.facts(section.provider, section.name)

    def names(self, provider: str) -> list[str]:
        """The models that are known of a provider, those of the user last.

        Of Bedrock only the user's: what is built in leaves out the versions in which
        its names end.
        """
        built_in = {} if provider == "bedrock" else _built_in(provider)
        mine = self._user.get(provider, {})
        return [*built_in, *(name for name in mine if name not in built_in)]


def overlay(lower: ModelFacts, higher: ModelFacts) -> ModelFacts:
    """Take each field from `higher` that it states; a price is one field."""
    stated = {
        name: value
        for name, value in msgspec.structs.asdict(higher).items()
        if value is not None
    }
    return msgspec.structs.replace(lower, **stated)


def _built_in_facts(provider: str, name: str) -> ModelFacts:
    models = _built_in(provider)
    for spelling in _spellings(provider, name):
        if (found := models.get(spelling)) is not None:
            return found
    return ModelFacts()


def _spellings(provider: str, name: str) -> Iterator[str]:
    """How the catalogue may write a name, the likeliest first."""
    if provider == "bedrock":
        name = _DAY.sub("", _VERSION.sub("", name))
        yield name
        bare = _PROFILE.sub("", name)
        yield f"regional.{bare}"
        yield bare
        return
    yield name
    yield _DAY.sub("", name)


@cache
def _built_in(provider: str) -> dict[str, ModelFacts]:
    file = _FILES.get(provider)
    if file is None:
        return {}
    data = Path(__file__).with_name(f"{file}.json").read_bytes()
    return msgspec.json.decode(data, type=_BuiltIn).models
