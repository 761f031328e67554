"""One line of a scope, and a scope."""

from __future__ import annotations

from typing import Literal

import msgspec

Access = Literal["read", "write", "read_only", "hidden"]
Mode = Literal["enforce", "warn", "off"]


class Rule(msgspec.Struct, frozen=True):
    """What may be done at a path and, if recursive, below it.

    `write` implies reading. `read_only` and `hidden` are holes in what the other two
    grant and always reach all the way down.
    """

    path: str
    """Absolute and normalised; real (no links) once the scope is grounded."""
    access: Access
    recursive: bool = True
    """False: the directory itself and what lies directly in it."""


class Scope(msgspec.Struct, frozen=True):
    """Everything a pod may read and write."""

    rules: tuple[Rule, ...]
    mode: Mode = "enforce"

    def paths(self, access: Access) -> tuple[str, ...]:
        """The paths of the rules with this access, in their order."""
        return tuple(rule.path for rule in self.rules if rule.access == access)
