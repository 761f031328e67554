"""A manifest as it came out of its layers, and where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from podd.core.scope.rules import Scope
from podd.manifest.schema import Manifest

LayerName = Literal["built-in", "user", "project", "file", "--set"]


class Origin(msgspec.Struct, frozen=True):
    """Where a value was stated."""

    layer: LayerName
    path: str = ""
    """The file; empty for `built-in` and `--set`."""
    line: int | None = None
    """From 1; None where there is no file."""


class Resolved(msgspec.Struct, frozen=True):
    """All that a pod needs to know of its manifest, with no file left to read."""

    manifest: Manifest
    """Every path in it is absolute."""
    scope: Scope
    """Absolute normalised paths, links not yet followed; implied rules included."""
    origins: Mapping[str, Origin]
    """By dotted key, for every key that has a value."""
    file: str | None = None
    """The manifest file that was given, absolute."""
    project_prompts: str | None = None
    """What `$project/` means: a `.podd/prompts` that the user trusts, or None."""
    warnings: tuple[str, ...] = ()
    """What a person should know about this load. Not kept in the document."""
