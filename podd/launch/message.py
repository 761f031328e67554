"""What a starter tells a new pod on its stdin, and what the pod reports back.

One JSON document each. The pod reports once, on its stdout: that it is ready, or why
it will never be.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class StartMessage(msgspec.Struct, frozen=True, kw_only=True):
    """All that a pod needs; it reads no manifest."""

    name: str
    session: str
    origin: Literal["new", "restore"]
    manifest: dict[str, Any]
    """The document of the resolved manifest, its scope grounded."""
    manifest_given: bool
    """A restore with another manifest than the session's: a new surface."""
    runtime: str
    state: str
    configuration: str
    allocation: str
    token: str
    life_descriptor: int


class Ready(msgspec.Struct, frozen=True, tag_field="report", tag="ready"):
    """The socket answers."""

    pid: int


class NotStarted(msgspec.Struct, frozen=True, tag_field="report", tag="not_started"):
    """The pod ends, and this is why."""

    code: str
    exit_code: int
    message: str
    remedy: str
    data: dict[str, Any]


Report = Ready | NotStarted
