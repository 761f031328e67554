"""Another instruction, other tools, another model, other limits: for a living pod.

The manifest of the session is changed and no layer is read again, with one exception: a
provider that the session has not had yet is reached as the user's own layer says. What
belongs to one provider (address, key, script) never goes to another.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from podd.errors import DeniedError, ManifestError, NoSuchError
from podd.manifest.anchoring import LIBRARY_MARK, anchor_paths
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.catalogue.money import unpriced
from podd.manifest.completing import file_refusal
from podd.manifest.layer import (
    Layer,
    Table,
    dotted,
    leaves,
    lengthen_short_form,
    put,
    stated,
)
from podd.manifest.locator import KeyPath
from podd.manifest.meaning import check_values
from podd.manifest.narrowing import model_refusal
from podd.manifest.reading import read_layer
from podd.manifest.resolved import Origin, Resolved
from podd.manifest.schema import LimitsSection, Manifest, ModelSection
from podd.manifest.shape import check_shape
from podd.paths import Places

#: What an error names in place of a file.
SOURCE: Final = "configure"
_INSTRUCTION: Final[KeyPath] = ("agent", "instruction")
_TOOLS: Final[KeyPath] = ("tools", "allow")
_REF: Final[KeyPath] = ("model", "ref")

#: What `limits` may hold, and where it stands in a manifest.
LIMITS: Final[Mapping[str, KeyPath]] = {
    "max_steps": ("agent", "max_steps"),
    **{
        field.name: ("limits", field.name)
        for field in msgspec.structs.fields(LimitsSection)
    },
}

#: Of the user's layer, what says how a provider is reached.
_CONNECTION: Final = ("base_url", "region", "api_version", "auth", "script")


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants otherwise. None leaves it as it is."""

    instruction: str | None = None
    tools: tuple[str, ...] | None = None
    model: str | None = None
    """PROVIDER/NAME."""
    limits: Mapping[str, Any] | None = None
    """By the names of `LIMITS`; None takes a limit away."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to change."""
        given = (self.instruction, self.tools, self.model, self.limits or None)
        return all(value is None for value in given)


def configured(
    resolved: Resolved,
    changes: Changes,
    *,
    lender: str | None,
    places: Places,
    environment: Mapping[str, str],
) -> Resolved:
    """Return the manifest with the changes in it.

    Args:
        resolved: as it is.
        changes: what is to be otherwise.
        lender: the pod that lends to this one; None: nobody.
        places: where the user's layer and models lie.
        environment: where `HOME` is looked up.

    Raises:
        ManifestError: something in it cannot be; `path` is `configure` or the user's
            layer.
        DeniedError: it is more than the lender gave; names it.
    """
    layer = _layer(changes)
    if lender is not None:
        _refuse_widening(resolved, layer, changes, lender)
    own = resolved.manifest
    table: Table = msgspec.to_builtins(own, builtin_types=())
    for key, value in leaves(layer.table):
        if key[0] != "model":
            put(table, key, value)
    for name, value in (changes.limits or {}).items():
        if value is None:
            put(table, LIMITS[name], None)
    models = dict(resolved.other_models)
    if changes.model is not None:
        # A child has what it was lent; the user's layer does not count for it.
        user = None if lender is not None else places
        model = _model(resolved, layer, user, environment)
        if model.provider != own.model.provider:
            models[own.model.provider] = own.model
            models.pop(model.provider, None)
        table["model"] = model
    manifest = msgspec.convert(table, Manifest, from_attributes=True, strict=True)
    facts = resolved.facts
    if manifest.model != own.model:
        facts = Catalogue.of(places).facts_of(manifest.model)
    if refusal := unpriced(manifest, facts):
        key = _REF if changes.model is not None else LIMITS["cost_usd"]
        raise layer.error(key, *refusal)
    given = resolved.given or (None if lender is None else own)
    return msgspec.structs.replace(
        resolved,
        manifest=manifest,
        facts=facts,
        origins=dict(_origins(resolved, manifest)),
        other_models=models,
        given=given,
    )


def _layer(changes: Changes) -> Layer:
    """Return what is changed as a checked layer."""
    table: Table = {}
    if changes.instruction is not None:
        put(table, _INSTRUCTION, changes.instruction)
    if changes.tools is not None:
        put(table, _TOOLS, list(changes.tools))
    if changes.model is not None:
        put(table, _REF, changes.model)
    for name, value in (changes.limits or {}).items():
        if value is not None:
            put(table, LIMITS.get(name, ("limits", name)), value)
        else:
            _refuse_removal(name)
    layer = Layer(name="configure", path=SOURCE, base="/", table=table)
    errors = [*check_shape(layer), *check_values(layer)]
    if errors:
        raise errors[0]
    instruction = changes.instruction
    if instruction is not None and not instruction.startswith(LIBRARY_MARK):
        _check_path(layer, instruction)
    return layer


def _refuse_removal(name: str) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(LimitsSection)}
    field = fields.get(name)
    if field is not None and field.default is None:
        return
    known = name in LIMITS
    raise ManifestError(
        path=SOURCE,
        key=dotted(LIMITS.get(name, ("limits", name))),
        reason="always has a value and cannot be taken away"
        if known
        else "unknown key",
        hint="give a number" if known else f"limits: {', '.join(LIMITS)}",
    )


def _check_path(layer: Layer, path: str) -> None:
    if not os.path.isabs(path):  # noqa: PTH117  # text in
        raise layer.error(
            _INSTRUCTION,
            f"{path!r} is a relative path, and nobody says to which directory",
            "give $library/name or an absolute path; podctl configure makes it one",
        )
    if "\0" in path:
        raise layer.error(_INSTRUCTION, "holds a zero byte")
    if refusal := file_refusal(path):
        raise layer.error(_INSTRUCTION, refusal)


def _refuse_widening(
    resolved: Resolved, layer: Layer, changes: Changes, lender: str
) -> None:
    """Hold each value against what the lender gave."""
    given = resolved.given or resolved.manifest
    for tool in changes.tools or ():
        if tool not in given.tools.allow:
            has = ", ".join(given.tools.allow) or "none"
            raise _wider(_TOOLS, f"{tool!r} is not among the tools", lender, has)
    for name, value in (changes.limits or {}).items():
        section, key = LIMITS[name]
        limit = getattr(getattr(given, str(section)), str(key))
        if limit is not None and (value is None or value > limit):
            what = "no limit" if value is None else str(value)
            raise _wider(LIMITS[name], f"{what} is more than", lender, str(limit))
    if (provider := stated(layer.table, ("model", "provider"))) is not None:
        lent = msgspec.structs.replace(resolved, manifest=given)
        name = stated(layer.table, ("model", "name"))
        if model_refusal(lent, provider, name):
            what = f"{provider!r} is not the provider"
            raise _wider(_REF, what, lender, given.model.provider)


def _wider(key: KeyPath, what: str, lender: str, has: str) -> DeniedError:
    return DeniedError(
        reason=f"{dotted(key)}: {what} that {lender!r} gave to this pod",
        hint=f"it gave: {has}",
    )


def _model(
    resolved: Resolved,
    layer: Layer,
    user: Places | None,
    environment: Mapping[str, str],
) -> ModelSection:
    own = resolved.manifest.model
    provider = stated(layer.table, ("model", "provider"))
    name = stated(layer.table, ("model", "name"))
    before: ModelSection | None = own
    if provider != own.provider:
        before = resolved.other_models.get(provider)
    if before is None:
        connection = {} if user is None else _connection(user, provider, environment)
        table: Table = {
            **msgspec.to_builtins(own, builtin_types=()),
            **dict.fromkeys(_CONNECTION),
            "provider": provider,
            "context_window": None,
            "images": False,
            **connection,
        }
    else:
        table = msgspec.to_builtins(before, builtin_types=())
        if name != before.name:
            table |= {"context_window": None, "images": False}
    table |= {"name": name, "ref": f"{provider}/{name}"}
    if provider == "scripted" and table["script"] is None:
        raise layer.error(
            _REF,
            "provider 'scripted' needs a script, and this session has had none",
            'spawn --resume with a manifest that has script = "FILE" under [model]',
        )
    return msgspec.convert(table, ModelSection, strict=True)


def _connection(places: Places, provider: str, environment: Mapping[str, str]) -> Table:
    """Return how the user's layer says that `provider` is reached."""
    path = str(places.user_manifest)
    try:
        layer = read_layer("user", path, os.path.dirname(path))  # noqa: PTH120  # text in, text out
    except NoSuchError:
        return {}
    errors: list[ManifestError] = []
    lengthen_short_form(layer, errors)
    errors += check_shape(layer)
    errors += check_values(layer)
    errors += anchor_paths(layer, environment)
    if errors:
        raise errors[0]
    if stated(layer.table, ("model", "provider")) != provider:
        return {}
    section: Table = layer.table["model"]
    return {name: section[name] for name in _CONNECTION if name in section}


def _origins(resolved: Resolved, manifest: Manifest) -> dict[str, Origin]:
    """Return where each value was stated; what has changed, here."""
    before = _leaves(resolved.manifest)
    return {
        key: Origin(layer="configure")
        if before.get(key) != value
        else resolved.origins.get(key, Origin(layer="built-in"))
        for key, value in _leaves(manifest).items()
        if value is not None
    }


def _leaves(manifest: Manifest) -> dict[str, Any]:
    table = msgspec.to_builtins(manifest, builtin_types=())
    return {dotted(key): value for key, value in leaves(table)}
