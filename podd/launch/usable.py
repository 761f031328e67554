"""Which models this machine can use, and why not the others. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Final, cast

import msgspec

from podd.errors import ManifestError, MissingKeyError
from podd.launch.model import model_settings
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.schema import ModelSection
from podd.manifest.vocabulary import PROVIDERS, ProviderName
from podd.providers.registry import missing_key

#: What a provider imports that podd does not bring along, and the extra that does.
_EXTRAS: Final[Mapping[str, tuple[str, str]]] = {"bedrock": ("botocore", "bedrock")}

#: It answers from a file, so there is nothing to find on a machine.
_FROM_A_FILE: Final = "scripted"


class UsableModel(msgspec.Struct, frozen=True):
    """A model that is known by name."""

    ref: str
    facts: ModelFacts


class UsableProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, and whether its models can be used."""

    provider: str
    models: tuple[UsableModel, ...]
    """Those that are known; it may have any others."""
    problem: str = ""
    """Why they cannot be used; empty: they can, as far as can be told from here."""
    remedy: str = ""


def usable(
    catalogue: Catalogue, environment: Mapping[str, str]
) -> Iterator[UsableProvider]:
    """Yield each provider as it is reached where a manifest says nothing of that."""
    for provider in PROVIDERS.built:
        if provider == _FROM_A_FILE:
            continue
        problem, remedy = _problem(cast("ProviderName", provider), environment)
        yield UsableProvider(
            provider=provider,
            models=tuple(
                UsableModel(f"{provider}/{name}", catalogue.facts(provider, name))
                for name in catalogue.names(provider)
            ),
            problem=problem,
            remedy=remedy,
        )


def _problem(provider: ProviderName, environment: Mapping[str, str]) -> tuple[str, str]:
    module, extra = _EXTRAS.get(provider, ("podd", ""))
    if find_spec(module) is None:
        return f"needs {module}", f"pip install 'podd[{extra}]'"
    section = ModelSection(ref=f"{provider}/m", provider=provider, name="m")
    try:
        lacking = missing_key(model_settings(section), environment)
    except ManifestError as error:  # it is nowhere for those who say nothing
        return f"needs {error.key}", error.remedy
    if lacking is None:
        return "", ""
    return _words(lacking), lacking.remedy


def _words(lacking: MissingKeyError) -> str:
    if lacking.problem == "absent" and lacking.variables:
        return f"needs {' or '.join(lacking.variables)}"
    return str(lacking)
