"""One line of a pod's log, in a person's words."""

from __future__ import annotations

from typing import Any, Final

import msgspec

#: Which process wrote a line: the same for each, and said above the log.
_WRITER: Final = frozenset({"at", "level", "event", "pod", "session", "pid"})


def readable(line: str) -> str:
    """Time, level, event and what else it says; a line that is no JSON as it is.

    The time is UTC, as in the file.
    """
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return line
    if "event" not in fields:
        return line
    first = [str(fields[key]) for key in ("at", "level", "event") if key in fields]
    rest = [f"{key}={_value(fields[key])}" for key in fields if key not in _WRITER]
    return " ".join([*first, *rest])


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
