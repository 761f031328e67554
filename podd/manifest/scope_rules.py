"""From `[scope]` to the rules of a scope, those that nobody needs to write included."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, get_args

import msgspec

import podd
import podd_protocol
from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.rules import Access, Rule, Scope
from podd.errors import ManifestError
from podd.manifest.anchoring import anchored
from podd.manifest.layer import Layer, Table
from podd.manifest.locator import KeyPath
from podd.manifest.schema import ScopePath, ScopeSection
from podd.paths import Places

_ACCESSES: Final[tuple[Access, ...]] = get_args(Access)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scope's paths are read against."""

    workdir: str
    caller_directory: str
    """What the paths of a `--set` are relative to."""
    environment: Mapping[str, str]


def resolve_section(
    layer: Layer | None, reading: Reading, errors: list[ManifestError]
) -> ScopeSection:
    """Return the section that `layer` states, its paths absolute.

    Args:
        layer: the one that states a scope; None: no layer does.
        reading: what relative paths mean.
        errors: gets each path that cannot be one, and each `read` that is not there.
    """
    table: Table = dict(layer.table["scope"]) if layer else {}
    is_override = layer is not None and layer.name == "--set"
    base = reading.caller_directory if is_override else reading.workdir
    for access in _ACCESSES:
        if access not in table:
            continue
        paths = []
        for index, item in enumerate(table[access]):
            assert layer is not None, "only a layer states paths"
            key: KeyPath = ("scope", access, index)
            try:
                path = anchored(_path(item), base, reading.environment)
            except ValueError as error:
                errors.append(layer.error(key, str(error)))
                continue
            if access == "read" and (reason := absence(path)):
                errors.append(layer.error(key, f"{path}: {reason}"))
            paths.append({**item, "path": path} if _is_table(item) else path)
        table[access] = paths
    if "read" not in table:
        # What is read by default is the workdir, whoever states the rest.
        table["read"] = [reading.workdir]
    return msgspec.convert(table, ScopeSection)


def build_scope(section: ScopeSection, guarded: Iterable[str]) -> Scope:
    """Return the scope of `section`, with `guarded` paths read-only inside it."""
    rules = [
        Rule(path=entry, access=access)
        if isinstance(entry, str)
        else Rule(path=entry.path, access=access, recursive=entry.recursive)
        for access in _ACCESSES
        for entry in cast("tuple[str | ScopePath, ...]", getattr(section, access))
    ]
    return Scope(rules=(*rules, *_guards(rules, guarded)), mode=section.mode)


def guarded_paths(manifests: Iterable[str], places: Places) -> tuple[str, ...]:
    """Return what no pod may write unless its scope names it: what podd itself obeys.

    That is the manifest, podd's own code and what that imports, and the directories of
    its configuration (which says whom the user trusts), its state and its runtime.
    """
    roots = [places.configuration, places.state, places.runtime]
    return (*manifests, *_installation(), *(str(root) for root in roots))


def _installation() -> Iterable[str]:
    """Yield where the code of the next pod comes from.

    A checkout holds podd itself; the libraries, and what makes Python find them and it,
    lie where packages are installed, and a virtual environment holds the interpreter.
    """
    for room in (podd, podd_protocol):
        yield os.path.dirname(str(room.__file__))  # noqa: PTH120  # text in, text out
    yield os.path.dirname(os.path.dirname(str(msgspec.__file__)))  # noqa: PTH120  # as above
    if sys.prefix != sys.base_prefix:
        yield sys.prefix


def _guards(rules: Sequence[Rule], guarded: Iterable[str]) -> Iterable[Rule]:
    """Yield a rule for each guarded path that `rules` would let be written.

    A path that they do not needs none; a rule inside a hidden part would even say that
    something is there.
    """
    real = tuple(
        msgspec.structs.replace(rule, path=os.path.realpath(rule.path))
        for rule in rules
    )
    index = ScopeIndex(Scope(rules=real))
    named = {rule.path for rule in real if rule.access == "write"}
    for path in dict.fromkeys(_names(guarded)):
        if path not in named and index.explain(path).writable:
            yield Rule(path=path, access="read_only")


def _names(paths: Iterable[str]) -> Iterable[str]:
    """Yield where each path is and, for a link, where it leads."""
    for path in paths:
        directory, name = os.path.split(path)
        yield os.path.join(os.path.realpath(directory), name)  # noqa: PTH118  # text in, text out
        yield os.path.realpath(path)


def _path(item: Any) -> str:  # noqa: ANN401  # a string or a table, as checked
    text: str = item["path"] if _is_table(item) else item
    return text


def _is_table(item: object) -> bool:
    return isinstance(item, dict)


def absence(path: str) -> str:
    """Return why nothing can be read at `path`; empty if something is there."""
    try:
        os.stat(path)  # noqa: PTH116  # text in, text out
    except OSError as error:
        return str(error.strerror)
    return ""
