"""What a starter tells a new pod on its stdin, and what the pod reports back.

One JSON document each. The pod reports once, on its stdout: that it is ready, or why
it will never be.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

#: What is executed as a pod.
POD_MODULE: Final = "podd.pod"


class ParentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Who lends to a new pod, as the pod needs it."""

    name: str
    session: str
    token: str
    """Shown with `pod_event`."""
    socket: str


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
    parent: ParentMessage | None = None
    """None: it is a root."""


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
