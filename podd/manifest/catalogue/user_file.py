"""The user's `models.toml`: what they know better than podd, or podd does not know.

[openai_chat."my-model"]
context_window = 32_768
price = { input = 0.5, output = 1.5 }
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from podd.errors import ManifestError, NoSuchError
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.layer import Layer, Table, stated
from podd.manifest.locator import KeyPath
from podd.manifest.reading import read_layer
from podd.manifest.shape import check_table
from podd.manifest.vocabulary import PROVIDERS

UserModels = dict[str, dict[str, ModelFacts]]
"""By provider and by model."""

_MISSING: Final = re.compile(r"missing required field `([^`]+)` - at `\$\.([^`]+)`")
_HINT: Final = 'for example [openai_chat."my-model"], then context_window = 32_768'


def read_user_models(path: Path) -> tuple[UserModels, list[ManifestError]]:
    """Read the file; a file that is not there says nothing.

    Returns:
        what is sound in it, and all that is wrong with the rest.
    """
    if not os.path.lexists(path):
        return {}, []
    try:
        layer = read_layer("user", str(path), str(path.parent))
    except ManifestError as error:
        return {}, [error]
    except NoSuchError as error:  # a link that leads nowhere
        return {}, [ManifestError(path=str(path), reason=str(error))]
    models: UserModels = {}
    errors: list[ManifestError] = []
    for provider, table in layer.table.items():
        models[provider] = _provider(layer, provider, table, errors)
    return models, sorted(errors, key=lambda error: error.line or 0)


def _provider(
    layer: Layer, provider: str, table: object, errors: list[ManifestError]
) -> dict[str, ModelFacts]:
    refusal = PROVIDERS.refusal(provider)
    if refusal is not None and provider not in PROVIDERS.not_built:
        errors.append(layer.error((provider,), *refusal))
        return {}
    if not isinstance(table, dict):
        reason = "expected a table of models"
        errors.append(layer.error((provider,), reason, _HINT))
        return {}
    models = {}
    for name, fields in list(table.items()):
        key: KeyPath = (provider, name)
        if not isinstance(fields, dict):
            errors.append(layer.error(key, "expected a table, one model", _HINT))
            continue
        if parted := _parted(fields):
            # `[openai_chat.gpt-5.4]` is a table in a table.
            hint = f'put the name into quotes: [{provider}."{name}.{parted}"]'
            reason = "unknown key: a dot parts keys"
            errors.append(layer.error((*key, parted), reason, hint))
            continue
        found = check_table(layer, key, ModelFacts)
        errors += found or _incomplete(layer, key)
        if not found:
            models[name] = _facts(stated(layer.table, key))
    return models


def _parted(fields: Table) -> str | None:
    """What stands behind a dot in a model's name, as far as TOML sees it."""
    known = {field.name for field in msgspec.structs.fields(ModelFacts)}
    parted = (k for k, v in fields.items() if isinstance(v, dict) and k not in known)
    return next(parted, None)


def _incomplete(layer: Layer, key: KeyPath) -> list[ManifestError]:
    """Return the error of a price that is only half there, and take it out."""
    fields = stated(layer.table, key)
    try:
        msgspec.convert(fields, ModelFacts)
    except msgspec.ValidationError as error:
        place: KeyPath = (*key, "price")
        reason = "is no price"
        if found := _MISSING.search(str(error)):
            reason = f"needs {found.group(1)} too"
        del fields["price"]
        hint = "US dollars for a million tokens: { input = 0.5, output = 1.5 }"
        return [layer.error(place, reason, hint)]
    return []


def _facts(fields: object) -> ModelFacts:
    return msgspec.convert(fields, ModelFacts)
