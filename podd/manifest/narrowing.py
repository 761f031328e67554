"""What a child's manifest may say: less than its parent's.

A child's manifest is written by a model, or chosen by one. So each value is held
against the parent's, and what would widen is refused by its key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from podd.core.scope.explanation import ScopeIndex
from podd.core.scope.overlap import escape
from podd.core.scope.rules import Rule, Scope
from podd.errors import ManifestError
from podd.manifest.anchoring import LIBRARY_MARK
from podd.manifest.layer import Layer, leaves
from podd.manifest.locator import KeyPath
from podd.manifest.meaning import Refusal
from podd.manifest.resolved import Resolved

_MODES: Final = ("off", "warn", "enforce")
_ON_PARENT_END: Final = ("detach", "drain", "stop")
_SCRIPTED: Final = "scripted"


def widenings(layer: Layer, parent: Resolved) -> Iterator[ManifestError]:
    """Yield what `layer` says that would give a child more than `parent` has.

    Args:
        layer: checked, its paths absolute.
        parent: whose child it is for.
    """
    for key, value in leaves(layer.table):
        narrower = _NARROWER.get(key)
        if narrower is not None and (refusal := narrower(parent, value)):
            yield layer.error(key, *refusal)


def may_read(parent: Resolved, path: str) -> bool:
    """Whether the parent may read what `path` leads to."""
    return ScopeIndex(parent.scope).explain(os.path.realpath(path)).readable


def model_refusal(parent: Resolved, provider: str, name: str) -> Refusal | None:
    """Return why a child may not use this model, or None if it may.

    Address and key are the parent's, so the provider is; `scripted` needs neither.
    """
    own = parent.manifest.model
    if provider in {own.provider, _SCRIPTED}:
        return None
    return (
        f"{provider}/{name} is another provider than the parent's",
        f"name a model of {own.provider!r}",
    )


def _never(reason: str, hint: str = "leave it out") -> Callable[..., Refusal]:
    return lambda _parent, _value: (reason, hint)


def _at_most(
    limit_of: Callable[[Resolved], float | None],
) -> Callable[[Resolved, float], Refusal | None]:
    def narrower(parent: Resolved, value: float) -> Refusal | None:
        limit = limit_of(parent)
        if limit is None or value <= limit:
            return None
        return f"is {value}; a child of this pod gets at most {limit}", ""

    return narrower


def _not_before(
    order: Sequence[str], own_of: Callable[[Resolved], str]
) -> Callable[[Resolved, str], Refusal | None]:
    def narrower(parent: Resolved, value: str) -> Refusal | None:
        own = own_of(parent)
        if order.index(value) >= order.index(own):
            return None
        return f"{value!r} is looser than the parent's {own!r}", "leave it out"

    return narrower


def _among(
    noun: str, own_of: Callable[[Resolved], Sequence[str]]
) -> Callable[[Resolved, Sequence[str]], Refusal | None]:
    def narrower(parent: Resolved, value: Sequence[str]) -> Refusal | None:
        own = own_of(parent)
        more = next((item for item in value if item not in own), None)
        if more is None:
            return None
        known = ", ".join(own) or "none"
        return f"{more!r} is not the parent's to give", f"{noun} it has: {known}"

    return narrower


def _network(parent: Resolved, value: str) -> Refusal | None:
    if value == "deny" or parent.manifest.sandbox.network == "allow":
        return None
    return "the parent's commands have no network", "leave it out"


def _trace(parent: Resolved, value: bool) -> Refusal | None:  # noqa: FBT001  # as all of these
    if not value or parent.manifest.agent.trace:
        return None
    return "the parent keeps no traces", "leave it out"


def _record(parent: Resolved, value: bool) -> Refusal | None:  # noqa: FBT001  # as all of these
    if not value or parent.manifest.agent.record:
        return None
    return "the parent keeps no recordings", "leave it out"


def _toolchains(parent: Resolved, value: Sequence[str]) -> Refusal | None:
    for path in value:
        if _may_read_below(parent, path) or any(
            _lies_in(path, own) for own in parent.manifest.sandbox.read
        ):
            continue
        return f"the parent's commands may not read {path}", ""
    return None


def _may_read_below(parent: Resolved, path: str) -> bool:
    """Whether the parent may read all of `path`, but for what stays hidden."""
    if not may_read(parent, path):
        return False
    real = os.path.realpath(path)
    if not os.path.isdir(real):  # noqa: PTH112  # text in
        return True
    hidden = (rule for rule in parent.scope.rules if rule.access == "hidden")
    asked = Scope(rules=(Rule(path=real, access="read"), *hidden))
    return escape(asked, parent.scope, "read") is None


def _lies_in(path: str, directory: str) -> bool:
    real, above = os.path.realpath(path), os.path.realpath(directory)
    return os.path.commonpath((real, above)) == above


def _file(parent: Resolved, value: str) -> Refusal | None:
    if value.startswith(LIBRARY_MARK) or may_read(parent, value):
        return None
    return f"the parent may not read {value}", ""


_NARROWER: Final[dict[KeyPath, Callable[[Resolved, Any], Refusal | None]]] = {
    ("model", "auth"): _never("a child has its parent's key"),
    ("model", "base_url"): _never("a child has its parent's server"),
    ("model", "region"): _never("a child has its parent's server"),
    ("model", "api_version"): _never("a child has its parent's server"),
    ("model", "script"): _file,
    ("agent", "instruction"): _file,
    ("agent", "output_schema"): _file,
    ("agent", "max_steps"): _at_most(lambda parent: parent.manifest.agent.max_steps),
    ("agent", "trace"): _trace,
    ("agent", "record"): _record,
    ("scope", "mode"): _not_before(_MODES, lambda parent: parent.scope.mode),
    ("tools", "allow"): _among(
        "tools", lambda parent: (*parent.manifest.tools.allow, "ask_parent")
    ),
    ("sandbox", "read"): _toolchains,
    ("sandbox", "network"): _network,
    ("sandbox", "environment"): _among(
        "variables", lambda parent: parent.manifest.sandbox.environment
    ),
    ("sandbox", "processes"): _at_most(
        lambda parent: parent.manifest.sandbox.processes
    ),
    ("sandbox", "memory_bytes"): _at_most(
        lambda parent: parent.manifest.sandbox.memory_bytes
    ),
    ("sandbox", "file_bytes"): _at_most(
        lambda parent: parent.manifest.sandbox.file_bytes
    ),
    ("sandbox", "temporary_bytes"): _at_most(
        lambda parent: parent.manifest.sandbox.temporary_bytes
    ),
    ("limits", "tokens"): _at_most(lambda parent: parent.manifest.limits.tokens),
    ("limits", "cost_usd"): _at_most(lambda parent: parent.manifest.limits.cost_usd),
    ("limits", "wall_seconds"): _at_most(
        lambda parent: parent.manifest.limits.wall_seconds
    ),
    ("limits", "pods"): _at_most(lambda parent: parent.manifest.limits.pods),
    ("limits", "depth"): _at_most(lambda parent: parent.manifest.limits.depth - 1),
    ("supervise", "on_parent_end"): _not_before(
        _ON_PARENT_END, lambda parent: parent.manifest.supervise.on_parent_end
    ),
}
