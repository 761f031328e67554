"""Arguments that come value by value, each with its place. Pure.

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling
(streaming of arguments); places are JSON Paths, RFC 9535, of names and indices only.
"""

from __future__ import annotations

import re
from typing import Any, Final

_STEP: Final = re.compile(
    r"""\.([^.\[\]]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]"""
)
#: A list is not filled up to an index that nobody can have meant.
_LONGEST_LIST: Final = 10_000


class PartialArgumentsError(ValueError):
    """A piece of arguments that has no place or no value."""


class PartialArguments:
    """An object that grows."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root: list[Any] = [{}]

    @property
    def value(self) -> dict[str, Any]:
        """What is there so far."""
        found: dict[str, Any] = self._root[0]
        return found

    def add(self, piece: dict[str, Any]) -> None:
        """Put a value into its place; text goes on where it has stopped.

        Raises:
            PartialArgumentsError: there is no such place, or no value.
        """
        path = piece.get("jsonPath")
        steps = _steps(path) if isinstance(path, str) else []
        if not steps:
            raise PartialArgumentsError(f"no place of an argument: {path!r}")
        holder: Any = self._root
        key: str | int = 0
        for step in steps:
            holder = _entered(holder, key, {} if isinstance(step, str) else [])
            key = step
        value = _value(piece)
        before = _existing(holder, key)
        if isinstance(before, str) and isinstance(value, str):
            value = before + value
        _entered(holder, key, value)
        holder[key] = value


def _steps(path: str) -> list[str | int]:
    """Read a path; nothing where it is none."""
    if not path.startswith("$"):
        return []
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return []
        dotted, single, double, index = found.groups()
        if index is not None:
            steps.append(int(index))
        else:
            quoted = single if single is not None else double
            steps.append(dotted or re.sub(r"\\(.)", r"\1", quoted or ""))
        at = found.end()
    return steps


def _value(piece: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON
    for name in ("stringValue", "numberValue", "boolValue"):
        if name in piece:
            return piece[name]
    if "nullValue" in piece:
        return None
    raise PartialArgumentsError(f"no value for {piece.get('jsonPath')!r}")


def _existing(holder: Any, key: str | int) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return holder[key]
    return None


def _entered(holder: Any, key: str | int, fresh: Any) -> Any:  # noqa: ANN401  # any JSON
    """Go to a place; where there is nothing yet, put `fresh` there."""
    if isinstance(holder, dict) and isinstance(key, str):
        return holder.setdefault(key, fresh)
    if isinstance(holder, list) and isinstance(key, int) and key < _LONGEST_LIST:
        while len(holder) <= key:
            holder.append(None)
        if holder[key] is None:
            holder[key] = fresh
        return holder[key]
    raise PartialArgumentsError(f"no place {key!r} in what is there")
