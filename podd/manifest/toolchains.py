"""From `sandbox.read` to the directories that commands may read besides the scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from podd.errors import ManifestError
from podd.manifest.anchoring import anchored
from podd.manifest.layer import Layer, put, stated
from podd.manifest.locator import KeyPath
from podd.manifest.scope_rules import Reading, absence

_KEY: Final[KeyPath] = ("sandbox", "read")


def anchor_toolchains(layer: Layer, reading: Reading) -> list[ManifestError]:
    """Make the layer's toolchains absolute; return what cannot be a path."""
    base = reading.caller_directory if layer.name == "--set" else reading.workdir
    errors = []
    found = []
    for index, text in enumerate(stated(layer.table, _KEY) or ()):
        try:
            found.append(anchored(text, base, reading.environment))
        except ValueError as error:
            errors.append(layer.error((*_KEY, index), str(error)))
    if layer.has(_KEY) and not errors:
        put(layer.table, _KEY, found)
    return errors


def missing_toolchains(layer: Layer) -> Iterator[ManifestError]:
    """Yield each of the layer's toolchains, absolute by now, that is not there."""
    for index, path in enumerate(stated(layer.table, _KEY) or ()):
        if reason := absence(path):
            yield layer.error((*_KEY, index), f"{path}: {reason}")
