"""What people decided beforehand about the calls of a pod.

Shared by the manifest, which states it, the policy, which reads it, and the turn
machine, which obeys it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Action = Literal["allow", "ask", "deny"]
"""ask: people decide, one call at a time."""


class PermissionRule(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `permissions.rules`: calls of these tools, with such an argument."""

    tool: str
    """Name of a tool, or a pattern (`*`, `?`, `[...]`) for several."""
    match: str = "*"
    """Pattern for the whole main argument. `*` alone: every call, whatever it says."""
    action: Action


class PermissionSet(msgspec.Struct, frozen=True, kw_only=True):
    """What one manifest says. The first rule that matches counts."""

    pod: str
    """Whose manifest it is; refusals name it."""
    workdir: str
    """Absolute; what relative paths in `match` are relative to."""
    default: Action = "allow"
    """Where no rule matches."""
    rules: tuple[PermissionRule, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it lets every call pass."""
        return self.default == "allow" and all(
            rule.action == "allow" for rule in self.rules
        )


class Permission(msgspec.Struct, frozen=True):
    """What the rules say of one call."""

    action: Action
    reason: str = ""
    """Which rule says so; empty where it is allowed."""
    subject: str = ""
    """The main argument, in the form in which a verdict on it is remembered."""
