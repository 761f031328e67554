"""What a child may touch, and where it works."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.rules import Scope
from podd.errors import ManifestError
from podd.manifest.anchoring import anchored
from podd.manifest.layer import Layer, stated
from podd.manifest.locator import KeyPath
from podd.manifest.resolved import Resolved
from podd.manifest.schema import ScopePath, ScopeSection
from podd.manifest.scope_rules import (
    Reading,
    absence,
    build_scope,
    resolve_section,
)

_GIVING: Final[tuple[Literal["read", "write"], ...]] = ("read", "write")
_WORKDIR: Final[KeyPath] = ("pod", "workdir")


class AskedScope(msgspec.Struct, frozen=True, kw_only=True):
    """As the parent's model wrote it; relative to the parent's workdir."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What a child may touch, and where it works."""

    section: ScopeSection
    scope: Scope
    workdir: str
    """Absolute; a directory that `scope` lets it read."""


def asked_layer(asked: AskedScope, parent: Resolved) -> Layer:
    """Return what the parent's model wrote as a layer of its own.

    Raises:
        ManifestError: there are holes in it, and nothing that they would be in.
    """
    given = {
        access: list(paths)
        for access, paths in msgspec.structs.asdict(asked).items()
        if paths
    }
    if "write" in given:
        # What it does not mention it does not get; writing implies reading.
        given.setdefault("read", [])
    if given and not given.keys() & set(_GIVING):
        # Without a word of what it gets, it gets what others say: without these holes.
        raise ManifestError(
            path="spawn_pod",
            key=f"scope.{next(iter(given))}",
            reason="takes away from nothing: neither read nor write is given",
            hint="say in scope.read what it may read",
        )
    table = {"scope": given} if given else {}
    base = parent.manifest.pod.workdir
    return Layer(name="spawn_pod", path="spawn_pod", base=base, table=table)


def place(
    parent: Resolved,
    layer: Layer | None,
    *,
    working: Layer | None,
    environment: Mapping[str, str],
    errors: list[ManifestError],
) -> Place | None:
    """Work out scope and workdir.

    Args:
        parent: who lends.
        layer: who states a scope: the tool call, or the manifest; None: nobody does,
            and the child reads what its parent reads.
        working: who states a workdir, absolute; None: nobody does.
        environment: where `HOME` is looked up.
        errors: gets what cannot be.
    """
    section = _inherited(parent)
    stated_workdir = None if working is None else stated(working.table, _WORKDIR)
    if layer is not None and layer.table.get("scope"):
        is_call = layer.name == "spawn_pod"
        base = layer.base if is_call else stated_workdir or layer.base
        reading = Reading(workdir=base, caller_directory=base, environment=environment)
        refusals = list(_outside(parent, layer, reading))
        if refusals:
            errors += refusals
            return None
        section = resolve_section(layer, reading, errors)
        if "mode" not in layer.table["scope"]:
            section = msgspec.structs.replace(section, mode=parent.scope.mode)
    guarded = () if layer is None or layer.name == "spawn_pod" else (layer.path,)
    scope = build_scope(section, guarded)
    workdir = _workdir(parent, scope, layer, stated_workdir)
    if workdir is None:
        errors.append(_without_workdir(layer, working))
        return None
    return Place(section=section, scope=scope, workdir=workdir)


def _inherited(parent: Resolved) -> ScopeSection:
    """Return what a child gets for which no scope is stated."""
    rules = parent.scope.rules
    return ScopeSection(
        read=tuple(
            rule.path if rule.recursive else ScopePath(path=rule.path, recursive=False)
            for rule in rules
            if rule.access in _GIVING
        ),
        hidden=parent.scope.paths("hidden"),
        mode=parent.scope.mode,
    )


def _outside(
    parent: Resolved, layer: Layer, reading: Reading
) -> Iterator[ManifestError]:
    """Yield each path that is not the parent's to give.

    Comes before any look at the disk: a model must not learn what lies elsewhere.
    """
    index = ScopeIndex(parent.scope)
    scope = layer.table["scope"]
    for access in _GIVING:
        default = ["."] if access == "read" else []
        for number, item in enumerate(scope.get(access, default)):
            key: KeyPath = ("scope", access, number)
            text = item["path"] if isinstance(item, dict) else item
            try:
                path = anchored(text, reading.workdir, reading.environment)
            except ValueError as error:
                yield layer.error(key, str(error))
                continue
            found = index.explain(os.path.realpath(path))
            if access == "write" and not found.writable:
                own = ", ".join(parent.scope.paths("write")) or "nothing"
                hint = f"the parent may write: {own}"
                yield layer.error(key, f"{path} is not the parent's to lend", hint)
            elif not found.readable:
                own = ", ".join(
                    (*parent.scope.paths("read"), *parent.scope.paths("write"))
                )
                hint = f"the parent may read: {own or 'nothing'}"
                yield layer.error(key, f"the parent may not read {path}", hint)


def _workdir(
    parent: Resolved, scope: Scope, layer: Layer | None, stated_workdir: str | None
) -> str | None:
    index = ScopeIndex(
        Scope(
            rules=tuple(
                msgspec.structs.replace(rule, path=os.path.realpath(rule.path))
                for rule in scope.rules
            )
        )
    )
    for path in _candidates(parent, scope, layer, stated_workdir):
        is_there = os.path.isdir(path)  # noqa: PTH112  # text in, text out
        if not is_there and not (path in scope.paths("write") and absence(path)):
            continue  # what may be written is made at the start
        if index.explain(os.path.realpath(path)).readable:
            return path
    return None


def _candidates(
    parent: Resolved, scope: Scope, layer: Layer | None, stated_workdir: str | None
) -> Iterable[str]:
    if stated_workdir is not None:
        return (stated_workdir,)
    own = parent.manifest.pod.workdir
    if layer is None or not layer.table.get("scope"):
        return (own, *scope.paths("read"))
    # The manifest's paths start where the manifest lies, so it works there if it can.
    first = () if layer.name == "spawn_pod" else (layer.base,)
    return (*first, *scope.paths("write"), *scope.paths("read"), own)


def _without_workdir(layer: Layer | None, working: Layer | None) -> ManifestError:
    if working is not None:
        path = stated(working.table, _WORKDIR)
        reason = f"{path} is no directory that the child may read"
        return working.error(_WORKDIR, reason, "let its scope read it")
    return ManifestError(
        path="spawn_pod" if layer is None else layer.path,
        key="scope",
        reason="there is no directory in it that the child could work in",
        hint="let it read a directory",
    )
