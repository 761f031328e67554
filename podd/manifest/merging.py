"""Many layers become one table. Pure.

A higher layer's value replaces a lower one's, key by key, with two exceptions: a scope
replaces the whole scope, and another provider leaves nothing of the connection to the
former one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from podd.manifest.layer import Layer, Table, leaves, put, stated, take_out
from podd.manifest.locator import KeyPath
from podd.manifest.vocabulary import WITHOUT_PLACES

_SCOPE: Final = "scope"
_PROVIDER: Final[KeyPath] = ("model", "provider")
_BASE_URL: Final[KeyPath] = ("model", "base_url")
_PLACE: Final[tuple[KeyPath, ...]] = (("model", "region"), ("model", "api_version"))
_AUTH: Final[KeyPath] = ("model", "auth")
_SCRIPT: Final[KeyPath] = ("model", "script")

#: What means nothing to another provider.
_OF_ONE_PROVIDER: Final[tuple[KeyPath, ...]] = (
    ("model", "name"),
    _BASE_URL,
    *_PLACE,
    _AUTH,
    _SCRIPT,
    ("model", "context_window"),
    ("model", "images"),
)


@dataclass(slots=True)
class Merged:
    """The values that count, and who stated them."""

    table: Table = field(default_factory=dict)
    sources: dict[KeyPath, Layer] = field(default_factory=dict)
    """By key, for every value in `table`."""
    scope: Layer | None = None
    """The highest layer that states any scope."""
    set_aside: list[Layer] = field(default_factory=list)
    """Lower layers that state a scope too, low to high."""


def merge(layers: Iterable[Layer]) -> Merged:
    """Merge `layers`, low to high. They are checked and their paths absolute."""
    merged = Merged()
    for layer in layers:
        if _SCOPE in layer.table:
            if merged.scope is not None:
                merged.set_aside.append(merged.scope)
            merged.scope = layer
            _forget(merged, [key for key in merged.sources if key[0] == _SCOPE])
        _forget(merged, _left_behind(merged, layer))
        for key, value in leaves(layer.table):
            put(merged.table, key, value)
            merged.sources[key] = layer
    return merged


def _left_behind(merged: Merged, layer: Layer) -> Iterable[KeyPath]:
    """Return what of the lower layers' model does not fit the provider of `layer`."""
    provider = stated(layer.table, _PROVIDER)
    if provider is None:
        return ()
    before = stated(merged.table, _PROVIDER)
    if before is None:
        # They may have meant any provider; what this one has no use for goes.
        place = _PLACE if provider in WITHOUT_PLACES else ()
        if provider == "scripted":
            return (_BASE_URL, *place, _AUTH)
        return (*place, _SCRIPT)
    return () if provider == before else _OF_ONE_PROVIDER


def _forget(merged: Merged, keys: Iterable[KeyPath]) -> None:
    for key in keys:
        if merged.sources.pop(key, None) is not None:
            take_out(merged.table, key)
