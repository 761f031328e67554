"""Are these keys known, and are their values of the right kind?

Walks one layer beside the Structs of `schema`. What is wrong is told and taken out of
the layer, so that the stages after this one see sound values only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from podd.errors import ManifestError
from podd.manifest.layer import Layer, Table, dotted, stated, take_out
from podd.manifest.locator import KeyPath
from podd.manifest.schema import Manifest
from podd.manifest.vocabulary import (
    DRIVERS,
    KEYS_NOT_BUILT,
    PROVIDERS,
    RESTARTS,
    Words,
)

#: What TOML calls the types that msgspec names.
_WORDS: Final = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "datetime": "a date with a time",
    "date": "a date",
    "time": "a time",
}
_CLOSED_SETS: Final[dict[str, Words]] = {
    "agent.driver": DRIVERS,
    "model.provider": PROVIDERS,
    "supervise.restart": RESTARTS,
}
_MISMATCH: Final = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_BOUND: Final = re.compile(r"Expected `\w+` ([<>]=?) (\S+)")
_INDEX: Final = re.compile(r" - at `\$\[(\d+)\]")


def check_shape(layer: Layer) -> list[ManifestError]:
    """Return what is wrong with the layer's keys and types, and take it out."""
    return check_table(layer, (), Manifest)


def check_table(
    layer: Layer, path: KeyPath, kind: type[msgspec.Struct]
) -> list[ManifestError]:
    """Return what is wrong with one table of the layer, and take it out."""
    errors: list[ManifestError] = []
    for key, error in list(_table(layer, path, stated(layer.table, path), kind)):
        errors.append(error)
        take_out(layer.table, key)
    return errors


_Fault = tuple[KeyPath, ManifestError]
"""What to take out, and why."""


def _table(
    layer: Layer, path: KeyPath, table: Table, kind: type[msgspec.Struct]
) -> Iterator[_Fault]:
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in table.items():
        key = (*path, name)
        if name in known:
            yield from _value(layer, key, value, known[name])
        else:
            yield key, _unknown(layer, key, list(known))


def _value(layer: Layer, key: KeyPath, value: object, kind: Any) -> Iterator[_Fault]:  # noqa: ANN401  # a type form
    struct = _struct(kind)
    if struct is not None:
        if isinstance(value, dict):
            yield from _table(layer, key, value, struct)
        else:
            yield key, layer.error(key, f"expected a table, got {_word(value)}")
    elif get_origin(kind) is dict:
        yield from _named_tables(layer, key, value, get_args(kind)[1])
    else:
        yield from _leaf(layer, key, value, kind)


def _named_tables(
    layer: Layer,
    key: KeyPath,
    value: object,
    kind: type[msgspec.Struct],
) -> Iterator[_Fault]:
    if not isinstance(value, dict):
        yield key, layer.error(key, f"expected a table, got {_word(value)}")
        return
    for name, inner in value.items():
        yield from _value(layer, (*key, name), inner, kind)


def _leaf(layer: Layer, key: KeyPath, value: object, kind: Any) -> Iterator[_Fault]:  # noqa: ANN401  # a type form
    if isinstance(value, list):
        # An item may be a table with keys of its own.
        struct = _struct_among(kind)
        for index, item in enumerate(value):
            if struct is not None and isinstance(item, dict):
                faults = list(_table(layer, (*key, index), item, struct))
                if faults:
                    yield key, faults[0][1]
                    return
    words = _CLOSED_SETS.get(dotted(key))
    if words is not None and isinstance(value, str):
        if refusal := words.refusal(value):
            yield key, layer.error(key, *refusal)
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        place: KeyPath = key
        if found := _INDEX.search(message):
            place = (*key, int(found.group(1)))
        yield key, layer.error(place, _reason(message, value, kind))


def _reason(message: str, value: object, kind: Any) -> str:  # noqa: ANN401  # a type form
    """Say in TOML's words what msgspec says in Python's. Never quotes the value.

    A key pasted into the wrong place must not end up in a log.
    """
    if found := _MISMATCH.search(message):
        wanted = [w for w in found.group(1).split(" | ") if w != "null"]
        expected = " or ".join(_WORDS.get(word, word) for word in wanted)
        return f"expected {expected}, got {_WORDS.get(found.group(2), found.group(2))}"
    if found := _BOUND.search(message):
        bounds = {
            ">=": "at least",
            ">": "more than",
            "<=": "at most",
            "<": "less than",
        }
        return f"expected {bounds[found.group(1)]} {found.group(2)}"
    if message.startswith("Invalid enum value"):
        return f"expected one of {', '.join(_choices(kind))}"
    if "missing required field" in message:
        return f"a table here needs {message.split('`')[1]}"
    return f"expected something else than {_word(value)}"


def _unknown(layer: Layer, key: KeyPath, known: list[str]) -> ManifestError:
    name = dotted(key)
    if name in KEYS_NOT_BUILT:
        return layer.error(key, "not_supported: this podd does not have it yet")
    path = dotted(key[:-1])
    prefix = f"{path}." if path else ""
    here = {entry: f"{prefix}{entry}" for entry in known}
    elsewhere = {full.rpartition(".")[2]: full for full in _keys(Manifest, "")}
    for entries, cutoff in ((here, 0.6), (elsewhere, 0.8)):
        near = difflib.get_close_matches(str(key[-1]), entries, n=1, cutoff=cutoff)
        if near:
            return layer.error(key, "unknown key", f"did you mean {entries[near[0]]}?")
    where = f"[{path}]" if path else "a manifest"
    return layer.error(key, "unknown key", f"{where} has {', '.join(sorted(known))}")


def _keys(kind: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    """Every key that a manifest may have, sections included."""
    for field in msgspec.structs.fields(kind):
        key = f"{prefix}{field.name}"
        yield key
        if (struct := _struct(field.type)) is not None:
            yield from _keys(struct, f"{key}.")


def _struct(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401  # a type form
    """Return the Struct that `kind` is, or is when it is not None."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if get_origin(kind) in {Union, UnionType}:
        rest = [part for part in get_args(kind) if part is not type(None)]
        return _struct(rest[0]) if len(rest) == 1 else None
    return None


def _struct_among(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401  # a type form
    """Return the Struct that an item of the array `kind` may be."""
    for part in get_args(kind):
        for choice in (part, *get_args(part)):
            if (struct := _struct(choice)) is not None:
                return struct
    return None


def _choices(kind: Any) -> list[str]:  # noqa: ANN401  # a type form
    if get_origin(kind) is Annotated:
        return _choices(get_args(kind)[0])
    return [repr(choice) for choice in get_args(kind)]


def _word(value: object) -> str:
    name = type(value).__name__
    return _WORDS.get({"dict": "object", "list": "array"}.get(name, name), name)
