"""How deep the objects and arrays of a JSON value lie in one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

#: Of a value that a turn hands on, and of what code calls a tool with. Readers give up
#: at about a thousand levels, deep in a stack far earlier: one that could just be read
#: from its JSON could not be written down again.
VALUE_LEVELS: Final = 200


def nesting_problem(json: object, levels: int = VALUE_LEVELS) -> str | None:
    """Say that it is nested too deeply. Does not recurse itself."""
    level: list[object] = [json]
    for _ in range(levels):
        level = [inner for part in level for inner in _inside(part)]
        if not level:
            return None
    return f"it is nested more than {levels} levels deep"


def _inside(part: object) -> Iterator[object]:
    """Yield the objects and arrays in it; that a leaf is there counts for nothing."""
    values: Any = ()
    if isinstance(part, dict):
        values = part.values()
    elif isinstance(part, list):
        values = part
    return (value for value in values if isinstance(value, dict | list))
