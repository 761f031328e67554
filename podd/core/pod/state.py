"""What a pod is at one moment: not stored, but folded from the journal."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from podd.core.context import digest
from podd.core.context.conversation import ConversationItem, ToolResultItem, UserPart
from podd.core.context.request import Surface
from podd.core.context.response import StopReason
from podd.core.pod.child import Child
from podd.core.pod.waiting import Approval, Command, Question, Reply
from podd.errors import ProviderFault
from podd_protocol.values import Limit, Outcome, ToolStatus, Usage, Verdict


class Phase(Enum):
    """Where an open turn stands."""

    READY = "ready"
    """Nothing is outstanding; the next step, or the end, is to be decided."""
    AWAITING_MODEL = "awaiting_model"
    AWAITING_TOOLS = "awaiting_tools"
    AWAITING_CODE = "awaiting_code"
    """Code of the model runs; it may have tool calls open."""
    ANSWERED = "answered"
    """The model asked for no tool; whether that was the end is to be decided."""


CauseKind = Literal["input", "notification", "child", "command", "code"]


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
    parts: tuple[UserPart, ...] | UnsetType = UNSET
    """Where there is more than prose: all of it."""

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


class Returned(msgspec.Struct, frozen=True):
    """The result of a call that code made."""

    status: ToolStatus
    summary: str
    output: str


class Submitted(msgspec.Struct, frozen=True):
    """What code handed in as the turn's value. It may be null."""

    value: Any


class OpenTurn(msgspec.Struct):
    """The turn that runs or is paused."""

    turn: str
    phase: Phase = Phase.READY
    paused: bool = False
    step: int = 0
    attempt: int = 0
    request: str = ""
    """Digest of the request that is, or was last, outstanding; empty where the surface
    has changed since, so that it cannot be made again."""
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
    offer_tools: bool = True
    """The request that is, or was last, outstanding offers them."""
    failure: tuple[ProviderFault | Literal["interrupted"], str] | None = None
    """Fault and message, if the newest attempt failed."""
    broken: int = 0
    """Attempts of this step in a row whose answer had begun and broke off; the newest
    of them is `failure`."""
    code: str = ""
    """What runs, or ran last."""
    code_calls: int = 0
    """How many tools the code of this step has called."""
    ended_calls: set[str] = msgspec.field(default_factory=set)
    """Calls of earlier steps, which had their results."""
    returned: dict[str, Returned] = msgspec.field(default_factory=dict)
    """What these calls came to, for the code that runs."""
    worked: bool = False
    """Tools or code have ended since the newest answer."""
    submitted: Submitted | None = None
    refused: int = 0
    """How often an answer was not what was asked for."""
    stop_reason: StopReason = "stop"
    text: str = ""
    """Of the newest response."""
    usage: Usage = msgspec.field(default_factory=Usage)

    @property
    def fault(self) -> ProviderFault | None:
        """What the newest attempt failed with, where its provider is to blame."""
        fault = None if self.failure is None else self.failure[0]
        return None if fault == "interrupted" else fault


class Mark(msgspec.Struct, frozen=True):
    """The conversation at the end of a turn."""

    items: int
    digest: str
    changes: int
    """How many changes of files there had been."""


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
    marks: dict[str, Mark] = msgspec.field(default_factory=dict)
    """Of the ended turns that the conversation holds, oldest first (see marks.py)."""
    changes: int = 0
    """How often file tools have changed a file."""
    changed_files: dict[str, int] = msgspec.field(default_factory=dict)
    """Path to the number of its newest change, in the order of these."""
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
    worked_ms: int = 0
    """How long it has worked: with a turn open, not paused, not waiting for people."""
    stretch: int = 0
    """The entry since which it works without a break, and knows its limits."""
    worked_before_ms: int = 0
    """What `worked_ms` was at `stretch`."""
    granted: dict[Limit, float] = msgspec.field(default_factory=dict)
    """Limits over the pod's life that have had their last step: the values of then."""
    has_names: bool = False
    """Code of this session has run in an interpreter that lives, as far as is known."""
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
    def is_working(self) -> bool:
        """Whether its time counts: a turn is open, and not for people to go on with."""
        turn = self.turn
        if turn is None or turn.paused:
            return False
        for call in turn.calls.values():
            if not self._waits_for_people(call):
                return True
        return not turn.calls

    def _waits_for_people(self, call: OpenCall) -> bool:
        if call.permission == "asked":
            return True
        question = self.questions.get((self.pod, call.call))
        return question is not None and question.to == "user"

    @property
    def tree_usage(self) -> Usage:
        """What was spent here and, as far as it was told, below; each pod once."""
        below = (child.usage for child in self.children.values())
        return sum(below, start=self.usage)

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
