"""From `--set` to `configure`, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from podd.errors import ManifestError, UsageError
from podd.manifest.anchoring import anchor_paths
from podd.manifest.layer import Layer, Table, dotted, leaves, lengthen_short_form
from podd.manifest.overrides import override_layer
from podd_protocol.replies import StatusReply
from podd_protocol.requests import Configure

_INSTRUCTION: Final = "agent.instruction"
_STEPS: Final = "agent.max_steps"
_TOOLS: Final = "tools.allow"
_MODEL: Final = "model.ref"
_LIMITS: Final = "limits."

_WHAT_CAN_BE: Final = (
    f"{_INSTRUCTION}, {_STEPS}, {_TOOLS}, {_MODEL} and the keys of [limits] can be "
    "changed; podctl spawn --resume SESSION MANIFEST changes the rest"
)


def asked(overrides: Sequence[str], removed: Sequence[str]) -> Configure:
    """Read `--set` and `--unset`; the pod checks the values.

    Raises:
        ManifestError: a value cannot be read; `path` is `--set`.
        UsageError: a key is none that can be changed.
    """
    errors: list[ManifestError] = []
    layer = override_layer(overrides, os.getcwd(), errors)  # noqa: PTH109  # text out
    lengthen_short_form(layer, errors)
    if errors:
        raise errors[0]
    values = {dotted(key): value for key, value in leaves(layer.table)}
    limits: Table = {}
    for key in [*values, *removed]:
        if (name := _limit(key)) is not None:
            limits[name] = values.get(key)
        elif key in removed or key not in {_INSTRUCTION, _TOOLS, _MODEL}:
            raise UsageError(
                reason=f"{key!r} cannot be "
                + ("taken away" if key in removed else "changed while a pod lives"),
                hint=_WHAT_CAN_BE,
            )
    for key in removed:
        if key in values:
            raise UsageError(reason=f"{key!r} is both set and taken away")
    if _INSTRUCTION in values:
        values[_INSTRUCTION] = _instruction(layer, values[_INSTRUCTION])
    try:
        return msgspec.convert(
            {
                "method": "configure",
                "id": 0,
                "instruction": values.get(_INSTRUCTION),
                "tools": values.get(_TOOLS),
                "model": values.get(_MODEL),
                "limits": limits or None,
            },
            Configure,
        )
    except msgspec.ValidationError as error:
        raise ManifestError(
            path=layer.path, reason=str(error), hint=_WHAT_CAN_BE
        ) from error


def _limit(key: str) -> str | None:
    if key == _STEPS:
        return "max_steps"
    return key.removeprefix(_LIMITS) if key.startswith(_LIMITS) else None


def _instruction(layer: Layer, value: object) -> str:
    """Make a path absolute: over a socket there is no directory."""
    if not isinstance(value, str):
        raise layer.error(("agent", "instruction"), "expected a string")
    errors = anchor_paths(layer, os.environ)
    if errors:
        raise errors[0]
    return str(layer.table["agent"]["instruction"])


def differences(
    before: StatusReply, after: StatusReply
) -> list[tuple[str, tuple[Any, Any]]]:
    """Return what has changed, by key: what was, and what is."""
    old, new = _shown(before), _shown(after)
    return [
        (key, (old.get(key), new.get(key)))
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]


def _shown(status: StatusReply) -> dict[str, Any]:
    limits: dict[str, Any] = msgspec.to_builtins(status.limits) if status.limits else {}
    limits.pop("line_bytes", None)
    steps = limits.pop("max_steps", None)
    return {
        _MODEL: status.model,
        _INSTRUCTION: status.instruction,
        _TOOLS: status.tools,
        _STEPS: steps,
        **{f"{_LIMITS}{name}": value for name, value in limits.items()},
    }
