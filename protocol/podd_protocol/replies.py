"""What a pod answers to the one client that asked."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd_protocol.values import (
    Asked,
    ChildEnd,
    ChildState,
    Outcome,
    State,
    Usage,
)

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
    """What of `write` is a child's now."""
    mode: Literal["enforce", "warn", "off"] = "enforce"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What this pod puts up with."""

    max_steps: int
    line_bytes: int
    pods: int | None = None
    """Started over its life, by it and by those below it."""
    depth: int | None = None
    """Levels of pods below it."""
    tokens: int | None = None
    """Read and written by models over its life, below it too; null: no limit."""
    wall_seconds: int | None = None
    """Of work over its life; null: no limit."""
    cost_usd: float | None = None
    """Spent on models over its life, below it too, in US dollars; null: no limit."""


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
    """Durably taken. Answer to `run` (all fields), `notify` (cause) and `pod_event`."""

    cause: str | None = None
    turn: str | None = None
    position: int | None = None
    """0: starts now, or is taken in by the running turn."""


class Ok(Reply, frozen=True, kw_only=True, tag="ok", omit_defaults=True):
    """Done."""

    seq: int | None = None
    """Answer to `subscribe`: the pod's last event so far."""
    files_changed_since: list[str] | None = None
    """Answer to `rewind`: what file tools changed after that turn, not undone."""


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


class ChildStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A pod that this one has lent to, as far as its entries were read."""

    pod: str
    session: str
    parent: str
    """Who lends to it: this pod, or one below it."""
    state: ChildState
    ended: ChildEnd | None
    """How, where it has ended."""
    turn: str | None
    """The turn that we asked for and that has not ended."""
    outcome: Outcome | None
    """Of its last turn."""
    lent: list[str]
    """Paths that it may write and we may not; empty once they are back."""
    usage: Usage
    waiting_for: Asked | None
    """It has a question, or a call, that waits for one of these."""


class ApprovalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A call that waits for people."""

    call: str
    pod: str
    """Who asks: this pod, or one below it."""
    name: str
    arguments: Any
    reason: str
    since: str


class QuestionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A question that waits for its answer."""

    question: str
    pod: str
    text: str
    choices: list[str]
    to: Asked
    since: str


class CommandStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A command that runs in the background."""

    command: str
    call: str
    text: str
    """What the shell was given."""
    since: str
    output: str
    """The file that holds what it prints."""


class SandboxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What holds this pod's commands to its scope."""

    means: Literal["namespaces", "bubblewrap", "landlock"] | None
    """None: nothing does. Then none is run, unless the scope's mode allows it."""
    gaps: list[str]
    """What a command can do although it should not, each a sentence."""


class StatusReply(Reply, frozen=True, kw_only=True, tag="status"):
    """Answer to `status`."""

    state: State
    turn: str | None
    step: int | None
    tool_calls: list[RunningCall]
    queue: list[QueuedTurn]
    usage: Usage
    budget: dict[str, Any]
    children: list[ChildStatus]
    approvals: list[ApprovalStatus]
    questions: list[QuestionStatus]
    commands: list[CommandStatus]
    sandbox: SandboxStatus | None = None
    """Null as long as nobody had to ask the machine."""
    clients: int
    pod: str
    session: str
    pid: int
    started_at: str
    model: str
    instruction: str = ""
    """Its reference or its file."""
    tools: list[str] = []
    """What the model is offered."""
    limits: Limits | None = None
    workdir: str
    scope: ScopeSummary
    seq: int
    storage: Literal["ok", "full"] = "ok"


class HistoryReply(Reply, frozen=True, kw_only=True, tag="history"):
    """Answer to `history`."""

    entries: list[msgspec.Raw]
    next: int | None
    """What to ask `after` for the next page; null at the end."""


class Forked(Reply, frozen=True, kw_only=True, tag="forked"):
    """Answer to `fork`."""

    session: str
    """The new one. Nothing runs it yet."""
    at: int
    """The last entry that it shares with this session."""


class UsageReply(Reply, frozen=True, kw_only=True, tag="usage"):
    """Answer to `usage`."""

    own: Usage
    tree: Usage


class Failure(Reply, frozen=True, kw_only=True, tag="failure"):
    """Any method may be answered by it, to the sender alone."""

    code: FailureCode
    message: str
    data: dict[str, Any] = {}


AnyReply = (
    Welcome | Accepted | Ok | StatusReply | HistoryReply | Forked | UsageReply | Failure
)
