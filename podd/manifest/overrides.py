"""What `--set K=V` says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any, Final

from podd.errors import ManifestError
from podd.manifest.layer import Layer, Table

#: What a `ManifestError` names in place of a file.
SOURCE: Final = "--set"

#: TOML allows no other character raw in a basic string.
_ESCAPES: Final = {
    ord("\\"): "\\\\",
    ord('"'): '\\"',
    127: "\\u007f",
    **{code: f"\\u{code:04x}" for code in range(32)},
}


def quoted(key: str, text: str) -> str:
    """Return the override that sets `key` to exactly this text, whatever it looks like.

    `--name 7` must not become the integer 7.
    """
    return f'{key}="{text.translate(_ESCAPES)}"'


def override_layer(
    overrides: Iterable[str], base: str, errors: list[ManifestError]
) -> Layer:
    """Return one layer of all `overrides`; of two that set one key the later counts.

    Args:
        overrides: each `K=V`: K dotted, V read as TOML, or a string if it is none.
        base: absolute; the caller's directory.
        errors: gets what is wrong with each of them.
    """
    table: Table = {}
    for override in overrides:
        try:
            _set(table, *_split(override))
        except ManifestError as error:
            errors.append(error)
    return Layer(name="--set", path=SOURCE, base=base, table=table)


def _split(override: str) -> tuple[list[str], Any]:
    key, equals, value = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ManifestError(
            path=SOURCE,
            key=key,
            reason=f"{override!a} is not KEY=VALUE",
            hint="for example --set agent.max_steps=20",
        )
    if not value.strip():
        raise ManifestError(
            path=SOURCE,
            key=key,
            reason="has no value",
            hint=f"an empty string is --set '{key}=\"\"'",
        )
    keys = [part.strip() for part in key.split(".")]
    if not all(keys):
        raise ManifestError(path=SOURCE, key=key, reason="is no dotted key")
    return keys, _value(key, value)


def _value(key: str, text: str) -> Any:  # noqa: ANN401  # TOML values
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ManifestError(path=SOURCE, key=key, reason="is not UTF-8") from error
    try:
        table = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    # A line break can smuggle in a second key; then it is no single value.
    return table["value"] if len(table) == 1 else text


def _set(table: Table, keys: list[str], value: object) -> None:
    for depth, part in enumerate(keys[:-1], start=1):
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ManifestError(
                path=SOURCE,
                key=".".join(keys),
                reason=f"{'.'.join(keys[:depth])} is set to a value, not to a table",
            )
        table = inner
    table[keys[-1]] = value
