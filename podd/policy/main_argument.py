"""Which argument of a tool its rules look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["command", "path", "name", "text"]
"""command: a line for the shell. path: a place, or a pattern for places. name: a pod,
as its parent calls it or in full. text: anything."""


@dataclass(frozen=True, slots=True)
class MainArgument:
    """What `match` is compared with."""

    name: str
    """Of the argument; it may hold a list, and then each item counts."""
    kind: Kind
    below: str = ""
    """The argument that says where relative paths start; empty: the workdir."""
    default: str = ""
    """What the tool takes where nothing is given."""


#: By tool. A tool that is not here has none: a rule for it has `match = "*"`.
MAIN_ARGUMENT: Final[dict[str, MainArgument]] = {
    "read_file": MainArgument("path", "path"),
    "write_file": MainArgument("path", "path"),
    "edit_file": MainArgument("path", "path"),
    "glob": MainArgument("pattern", "path", below="path"),
    "grep": MainArgument("path", "path", default="."),
    "bash": MainArgument("command", "command"),
    "stop_command": MainArgument("command", "text"),
    "spawn_pod": MainArgument("name", "name"),
    "send_to_pod": MainArgument("name", "name"),
    "wait_pods": MainArgument("names", "name"),
    "read_pod_output": MainArgument("name", "name"),
    "stop_pod": MainArgument("name", "name"),
    "ask_user": MainArgument("question", "text"),
    "ask_parent": MainArgument("question", "text"),
}
