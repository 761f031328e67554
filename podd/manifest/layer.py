"""One layer: a table of values, and where each of them was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from podd.errors import ManifestError
from podd.manifest.locator import KeyPath, line_of
from podd.manifest.resolved import LayerName, Origin

Table = dict[str, Any]

#: Where `[pod] model = "..."`, the short form, belongs.
_SHORT_FORM: Final = ("pod", "model")
_LONG_FORM: Final = ("model", "ref")

#: A reference also states its two parts.
_WRITTEN_AS: Final[Mapping[KeyPath, KeyPath]] = {
    ("model", "provider"): _LONG_FORM,
    ("model", "name"): _LONG_FORM,
    _LONG_FORM: _SHORT_FORM,
}

#: Tables that count as one value: half of one layer's and half of another's would
#: say what nobody said.
ATOMIC_KEYS: Final[tuple[KeyPath, ...]] = (("model", "auth"), ("model", "reasoning"))


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file, or all of `--set`, states."""

    name: LayerName
    path: str
    """The file, absolute; `--set` for what has none."""
    base: str
    """Absolute; what its relative paths are relative to (not those of `[scope]`)."""
    table: Table
    """Nested; only what is stated. The stages of loading take out what is wrong."""
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line(self, key: KeyPath) -> int | None:
        return line_of(self.lines, self._written(key))

    def origin(self, key: KeyPath) -> Origin:
        path = "" if self.name == "--set" else self.path
        return Origin(layer=self.name, path=path, line=self.line(key))

    def error(self, key: KeyPath, reason: str, hint: str = "") -> ManifestError:
        """Return the error that blames `key`, under the name it was written by."""
        key = self._written(key)
        return ManifestError(
            path=self.path,
            line=self.line(key),
            key=dotted(key),
            reason=reason,
            hint=hint,
        )

    def _written(self, key: KeyPath) -> KeyPath:
        """Return the key under which somebody wrote what loading put at `key`."""
        written = key
        while written not in self.lines and written in _WRITTEN_AS:
            written = _WRITTEN_AS[written]
        return written if written in self.lines else key

    def has(self, key: KeyPath) -> bool:
        return stated(self.table, key) is not None


def dotted(key: KeyPath) -> str:
    """Return `key` as `--set` takes it; indexes of arrays are left out."""
    return ".".join(part for part in key if isinstance(part, str))


def stated(table: Table, key: KeyPath) -> Any:  # noqa: ANN401  # TOML values
    """Return the value at `key`, or None (which TOML cannot say)."""
    value: Any = table
    for part in key:
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def leaves(table: Table, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield every value that is stated, with its key."""
    for name, value in table.items():
        key = (*path, name)
        if isinstance(value, dict) and key not in ATOMIC_KEYS:
            yield from leaves(value, key)
        else:
            yield key, value


def put(table: Table, key: KeyPath, value: object) -> None:
    """Set `key`, making the tables around it."""
    for part in key[:-1]:
        table = table.setdefault(str(part), {})
    table[str(key[-1])] = value


def take_out(table: Table, key: KeyPath) -> None:
    """Forget `key`, and all of an atomic table that it is part of."""
    for atomic in ATOMIC_KEYS:
        if key[: len(atomic)] == atomic:
            key = atomic
    for part in key[:-1]:
        table = table.get(str(part), {})
    table.pop(str(key[-1]), None)


def lengthen_short_form(layer: Layer, errors: list[ManifestError]) -> None:
    """Move `pod.model` to where it belongs."""
    short = stated(layer.table, _SHORT_FORM)
    if short is None:
        return
    if not isinstance(short, str):
        errors.append(
            layer.error(
                _SHORT_FORM,
                "expected a string, PROVIDER/NAME",
                "more than that goes into [model]",
            )
        )
    elif layer.has(_LONG_FORM):
        errors.append(layer.error(_SHORT_FORM, "model.ref says the same thing again"))
    elif isinstance(layer.table.get("model", {}), dict):
        put(layer.table, _LONG_FORM, short)
    take_out(layer.table, _SHORT_FORM)
