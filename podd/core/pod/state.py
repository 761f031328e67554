"""What a pod is at one moment: not stored, but folded from the journal."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import msgspec

from podd.core.context import digest
from podd.core.context.conversation import ConversationItem, ToolResultItem
from podd.core.context.request import Surface
from podd.core.context.response import StopReason
from podd.core.pod.child import Child
from podd.core.pod.waiting import Approval, Command, Question, Reply
from podd_protocol.values import Limit, Outcome, Usage, Verdict


class Phase(Enum):
    """Where an open turn stands."""

    READY = "ready"
    """Nothing is outstanding; the next step, or the end, is to be decided."""
    AWAITING_MODEL = "awaiting_model"
    AWAITING_TOOLS = "awaiting_tools"
    ANSWERED = "answered"
    """The model asked for no tool; whether that was the end is to be decided."""


CauseKind = Literal["input", "notification", "child", "command"]


class Cause(msgspec.Struct, frozen=True):
    """Something that makes the model work, or that it is told: taken in once."""

    cause: str
    kind: CauseKind
    origin: str
    text: str
    """As the model reads it."""
    wakes: bool
    """Starts a turn in an idle pod."""
    child: str = ""
    """Session of the child that it is about."""

    @property
    def turn(self) -> str:
        """The turn that this cause starts, if it starts one."""
        return turn_of(self.cause)


def turn_of(cause: str) -> str:
    """The name of the turn that a cause starts: one number serves both."""
    return "t" + cause.removeprefix("c")


class Answer(msgspec.Struct, frozen=True):
    """What an accepted `run` or `notify` was told; a repeated key gets it again."""

    cause: str
    turn: str | None
    position: int | None


class OpenCall(msgspec.Struct):
    """A tool call of the running step that has no result yet."""

    call: str
    name: str
    arguments: str
    provider_call: str
    started_at: str | None = None
    """None: announced by the model, not begun."""
    repeatable: bool = False
    permission: Literal["unasked", "asked", "approved", "denied"] = "unasked"
    """What people say of it, where they are asked."""
    objection: str = ""
    """Why it is denied."""
    reply: Reply | None = None
    """Of a call that asks: what came of its question."""


class OpenTurn(msgspec.Struct):
    """The turn that runs or is paused."""

    turn: str
    phase: Phase = Phase.READY
    paused: bool = False
    step: int = 0
    attempt: int = 0
    request: str = ""
    """Digest of the request that is, or was last, outstanding."""
    calls: dict[str, OpenCall] = msgspec.field(default_factory=dict)
    """By id, in the model's order; a call leaves when it has its result."""
    asked: tuple[str, ...] = ()
    """All calls of the newest response, in the model's order."""
    results: dict[str, ToolResultItem] = msgspec.field(default_factory=dict)
    """Of these calls, until all are there: the model reads them in its own order."""
    limit: Limit | None = None
    """A limit was reached: the step now, or next, is the last."""
    last_step: bool = False
    """The step that `limit` grants has begun."""
    failure: tuple[str, str] | None = None
    """Fault and message, if the newest attempt failed."""
    stop_reason: StopReason = "stop"
    text: str = ""
    """Of the newest response."""
    usage: Usage = msgspec.field(default_factory=Usage)


class PodState(msgspec.Struct):
    """One pod. Only `fold.apply` changes it."""

    session: str = ""
    pod: str = ""
    n: int = 0
    manifest: dict[str, Any] = msgspec.field(default_factory=dict)
    surface: Surface | None = None
    surface_digest: str = ""
    conversation: list[ConversationItem] = msgspec.field(default_factory=list)
    conversation_digest: str = digest.EMPTY
    turn: OpenTurn | None = None
    queue: list[Cause] = msgspec.field(default_factory=list)
    """Inputs that are to become turns of their own, in order."""
    waiting: list[Cause] = msgspec.field(default_factory=list)
    """What the next checkpoint takes in."""
    causes: int = 0
    """How many there were; the next one's number is one higher."""
    answers: dict[str, Answer] = msgspec.field(default_factory=dict)
    """To inputs, by key."""
    notified: dict[str, Answer] = msgspec.field(default_factory=dict)
    """To notifications, by key: somebody may use one key for both."""
    usage: Usage = msgspec.field(default_factory=Usage)
    children: dict[str, Child] = msgspec.field(default_factory=dict)
    """All pods below this one that were heard of, the dead too, by session."""
    approvals: dict[tuple[str, str], Approval] = msgspec.field(default_factory=dict)
    """What waits for people here and below, by pod and call."""
    questions: dict[tuple[str, str], Question] = msgspec.field(default_factory=dict)
    """Here and below, by pod and question."""
    verdicts: dict[tuple[str, str], tuple[Verdict, str]] = msgspec.field(
        default_factory=dict
    )
    """What people said for the whole session, by tool and main argument: the verdict
    and its reason."""
    commands: dict[str, Command] = msgspec.field(default_factory=dict)
    """That run in the background."""
    seq_reserved: int = 0
    stopping: Literal["drain", "now"] | None = None
    closed: bool = False
    turns_ended: int = 0
    last_outcome: Outcome | None = None

    @property
    def first_steer(self) -> Cause | None:
        """The first waiting input; it names the next turn if no open one takes it."""
        return next((cause for cause in self.waiting if cause.kind == "input"), None)

    def child_named(self, name: str) -> Child | None:
        """Our child of this name, full or short; of several the newest."""
        wanted = {name, f"{self.pod}.{name}"}
        for child in reversed(self.children.values()):
            if child.stage != "below" and child.pod in wanted:
                return child
        return None

    def causes_about(self, child: str) -> list[Cause]:
        """What the model has still to be told about a child (its session)."""
        return [cause for cause in self.waiting if cause.child == child]

    def question_of(self, pod: str) -> Question | None:
        """The first question of a child that our model is to answer."""
        return next(
            (
                question
                for question in self.questions.values()
                if question.pod == pod and question.cause is not None
            ),
            None,
        )

    def request_digest(self, *, offer_tools: bool) -> str:
        """Of the request that would be sent now."""
        return digest.of_request(
            self.surface_digest, self.conversation_digest, offer_tools=offer_tools
        )
