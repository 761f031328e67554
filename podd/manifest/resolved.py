"""A manifest as it came out of its layers, and where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from podd.core.permission import PermissionSet
from podd.core.scope.rules import Scope
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.schema import Manifest, ModelSection

LayerName = Literal[
    "built-in", "user", "project", "file", "--set", "parent", "spawn_pod", "configure"
]
"""`parent` and `spawn_pod` are a child's: what its parent has, and what the parent's
model said. `configure`: of a living pod, over its socket."""


class Origin(msgspec.Struct, frozen=True):
    """Where a value was stated."""

    layer: LayerName
    path: str = ""
    """The file; empty where there is none."""
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
    lenders_permissions: tuple[PermissionSet, ...] = ()
    """What those say who lend to this pod, its parent last. Their rules stay in force:
    a call must pass each of these sets and its own."""
    lenders_write: tuple[str, ...] = ()
    """Real paths that those who lend to this pod may write, or may again."""
    task_instruction: str | None = None
    """What the parent's model tells this pod besides `agent.instruction`. Taken as it
    stands: no template, no reference."""
    output_schema: dict[str, Any] | None = None
    """What stands in the file that `agent.output_schema` names, or what the parent's
    model said; checked."""
    facts: ModelFacts = ModelFacts()
    """What the catalogue knew of the model when it was chosen."""
    other_models: Mapping[str, ModelSection] = {}
    """By provider, what was said of models that a `configure` has set aside."""
    given: Manifest | None = None
    """What its lender gave, where a `configure` has changed it since: its bound."""
    warnings: tuple[str, ...] = ()
    """What a person should know about this load. Not kept in the document."""

    @property
    def context_window(self) -> int | None:
        """Tokens that a request and its answer may hold; None: nobody knows."""
        return self.manifest.model.context_window or self.facts.context_window

    @property
    def permissions(self) -> tuple[PermissionSet, ...]:
        """All sets of rules that bind this pod; its own is the last."""
        own = PermissionSet(
            pod=self.manifest.pod.name,
            workdir=self.manifest.pod.workdir,
            default=self.manifest.permissions.default,
            rules=self.manifest.permissions.rules,
        )
        return (*self.lenders_permissions, own)
