"""What a pod answers to the one client that asked."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd_protocol.values import State, Usage

FailureCode = Literal[
    "bad_frame",
    "too_large",
    "version_mismatch",
    "not_greeted",
    "unknown_method",
    "not_supported",
    "bad_field",
    "busy",
    "not_running",
    "not_paused",
    "no_such_turn",
    "no_such_call",
    "no_such_question",
    "scope_conflict",
    "outside_scope",
    "denied",
    "over_budget",
    "stopping",
    "storage",
    "provider",
    "internal",
]


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply"):
    """One line to the client that asked."""

    id: int | None
    """The request's; null if its line could not be read."""


class ScopeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A pod's scope, by paths."""

    read: list[str] = []
    write: list[str] = []
    read_only: list[str] = []
    hidden: list[str] = []
    lent: list[str] = []
    mode: Literal["enforce", "warn", "off"] = "enforce"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What this pod puts up with."""

    max_steps: int
    line_bytes: int


class Welcome(Reply, frozen=True, kw_only=True, tag="welcome"):
    """Answer to `hello`."""

    protocol: int
    min_protocol: int
    pod: str
    session: str
    state: State
    seq: int
    """Of the last event sent so far."""
    model: str
    workdir: str
    tools: list[str]
    scope: ScopeSummary
    limits: Limits
    pid: int
    started_at: str
    podd: str
    """The pod's version."""


class Accepted(Reply, frozen=True, kw_only=True, tag="accepted", omit_defaults=True):
    """Durably taken. Answer to `run` (all fields) and `notify` (cause)."""

    cause: str
    turn: str | None = None
    position: int | None = None
    """0: starts now, or is taken in by the running turn."""


class Ok(Reply, frozen=True, kw_only=True, tag="ok", omit_defaults=True):
    """Done."""

    seq: int | None = None
    """Answer to `subscribe`: the pod's last event so far."""


class RunningCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call that is being run."""

    call: str
    name: str
    since: str


class QueuedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that waits."""

    turn: str
    text: str
    """Its first line."""


class StatusReply(Reply, frozen=True, kw_only=True, tag="status"):
    """Answer to `status`."""

    state: State
    turn: str | None
    step: int | None
    tool_calls: list[RunningCall]
    queue: list[QueuedTurn]
    usage: Usage
    budget: dict[str, Any]
    children: list[dict[str, Any]]
    approvals: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    clients: int
    pod: str
    session: str
    pid: int
    started_at: str
    model: str
    workdir: str
    scope: ScopeSummary
    seq: int
    storage: Literal["ok", "full"] = "ok"


class HistoryReply(Reply, frozen=True, kw_only=True, tag="history"):
    """Answer to `history`."""

    entries: list[msgspec.Raw]
    next: int | None
    """What to ask `after` for the next page; null at the end."""


class UsageReply(Reply, frozen=True, kw_only=True, tag="usage"):
    """Answer to `usage`."""

    own: Usage
    tree: Usage


class Failure(Reply, frozen=True, kw_only=True, tag="failure"):
    """Any method may be answered by it, to the sender alone."""

    code: FailureCode
    message: str
    data: dict[str, Any] = {}


AnyReply = Welcome | Accepted | Ok | StatusReply | HistoryReply | UsageReply | Failure
