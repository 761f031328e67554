"""What docs/manifest.md says is what the schema does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from podd.manifest.schema import Manifest
from podd.manifest.vocabulary import (
    CONFINEMENTS,
    DRIVERS,
    KEYS_NOT_BUILT,
    PROVIDERS,
    RESTARTS,
    TOOLS,
)

PAGE = Path(__file__).parents[2].joinpath("docs/manifest.md").read_text("utf-8")
_ROW = re.compile(r"^\| `([a-zA-Z_.]+)` \| .* \| ([^|]+) \|$", re.MULTILINE)


def test_every_key_is_listed_with_its_default() -> None:
    listed = {key: _default(cell) for key, cell in _ROW.findall(PAGE)}
    assert listed == dict(_keys(Manifest, ""))


def test_the_example_is_a_manifest(desk) -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert desk.text(example.group(1)).manifest.pod.name == "reviewer"


def test_all_that_is_not_built_is_listed() -> None:
    _, _, section = PAGE.partition("## Known, and not built yet")
    for word in (*PROVIDERS.not_built, *TOOLS.not_built):
        assert f"`{word}`" in section
    for word in (*DRIVERS.not_built, *RESTARTS.not_built):
        assert f'"{word}"' in section
    for key in KEYS_NOT_BUILT:
        assert f"`{key}`" in section or f"`[{key}]`" in section


def test_every_main_argument_and_confinement_is_listed() -> None:
    for word in (*CONFINEMENTS.built, *TOOLS.built):
        assert f"`{word}`" in PAGE


def _default(cell: str) -> Any:
    cell = cell.strip()
    if cell.startswith("*"):
        return "computed"
    if cell.startswith("none"):
        return None
    return tomllib.loads(f"value = {cell.strip('`')}")["value"]


def _keys(kind: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(kind):
        key = f"{prefix}{field.name}"
        inner = field.type
        if get_origin(inner) is dict:
            yield from _keys(get_args(inner)[1], f"{key}.NAME.")
            continue
        choices = get_args(inner) if isinstance(inner, UnionType) else (inner,)
        structs = [c for c in (*choices, *get_args(inner)) if _is_struct(c)]
        if get_origin(inner) is tuple:
            yield key, msgspec.json.decode(msgspec.json.encode(field.default))
            structs = structs[:1]
            for struct in structs:
                yield from _keys(struct, f"{key}.")
            continue
        if structs:
            yield from _keys(structs[0], f"{key}.")
        elif field.default is msgspec.NODEFAULT:
            yield key, "computed"
        else:
            yield key, msgspec.json.decode(msgspec.json.encode(field.default))


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
