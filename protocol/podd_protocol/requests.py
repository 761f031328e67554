"""What a client asks of a pod."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podd_protocol.values import DocumentType, ImageType, Remember

#: The protocol this binding speaks, and the oldest it still understands.
PROTOCOL = 1
MIN_PROTOCOL = 1

WhenBusy = Literal["queue", "steer", "reject"]
ShutdownMode = Literal["drain", "now"]
PodEventKind = Literal[
    "turn_ended",
    "errored",
    "shut_down",
    "scope_sub_delegated",
    "approval_requested",
    "usage",
]


class TextInput(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="text"
):
    """A part of an input that is prose."""

    text: str


class ImageInput(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="image",
):
    """A picture: `media_type` with `data`, or `url`."""

    media_type: ImageType | None = None
    data: str | None = None
    """Base64, in one piece."""
    url: str | None = None
    """Where the model's vendor finds it."""
    name: str = ""
    """For people."""

    def __post_init__(self) -> None:
        if (self.data is None) == (self.url is None):
            raise ValueError("an image has either data or url")
        if self.data is not None and self.media_type is None:
            raise ValueError("data needs a media_type")


class DocumentInput(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document",
):
    """A file that the model reads as it is."""

    media_type: DocumentType
    data: str
    """Base64, in one piece."""
    name: str = ""


InputPart = TextInput | ImageInput | DocumentInput


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="method"):
    """One line from a client."""

    id: int
    """Any integer; the answer repeats it."""


class Hello(Request, frozen=True, kw_only=True, tag="hello"):
    """Must come first."""

    protocol: int
    client: str | None = None
    """`name/version`, for the log."""


class Run(Request, frozen=True, kw_only=True, tag="run"):
    """User input."""

    input: str | list[InputPart]
    when_busy: WhenBusy = "queue"
    key: str | None = None
    """The same key again gives the first answer again."""
    options: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    """Not built yet: `not_supported` where it is there."""


class Notify(Request, frozen=True, kw_only=True, tag="notify"):
    """Text for the model that is not an order."""

    message: str
    wake: bool = True
    key: str | None = None


class Subscribe(Request, frozen=True, kw_only=True, tag="subscribe"):
    """Ask for events. A second one on a connection replaces the first."""

    after: int | None = None
    """A `seq`; 0 is the beginning; absent is now."""
    only: list[str] | None = None
    """Names of events."""


class Status(Request, frozen=True, kw_only=True, tag="status"):
    """What is going on. Never changes."""


class History(Request, frozen=True, kw_only=True, tag="history"):
    """Entries of the journal, paged by bytes."""

    after: int = 0
    """An entry's `n`."""
    limit: int | None = None
    """Entries at most; the page may be shorter."""


class Pause(Request, frozen=True, kw_only=True, tag="pause"):
    """Keep the turn, begin nothing new."""

    reason: str | None = None


class Resume(Request, frozen=True, kw_only=True, tag="resume"):
    """Go on with the paused turn."""

    reason: str | None = None


class Cancel(Request, frozen=True, kw_only=True, tag="cancel"):
    """End the turn."""

    reason: str | None = None


class PodEvent(Request, frozen=True, kw_only=True, tag="pod_event"):
    """A child has something to read. A hint: its durable entries say what."""

    kind: PodEventKind
    pod: str
    """The child, by its full name."""
    token: str
    """Of the loan; without it, `denied`."""


class Approve(Request, frozen=True, kw_only=True, tag="approve"):
    """Let a call that waits for people be run."""

    call: str
    pod: str | None = None
    """Who asks; absent where only one can be meant."""
    remember: Remember = "once"
    reason: str | None = None


class Deny(Request, frozen=True, kw_only=True, tag="deny"):
    """Refuse a call that waits for people."""

    call: str
    pod: str | None = None
    """As for `approve`."""
    remember: Remember = "once"
    reason: str | None = None
    """The model reads it."""


class Answer(Request, frozen=True, kw_only=True, tag="answer"):
    """Answer a question that a model asked."""

    question: str
    text: str
    pod: str | None = None
    """As for `approve`."""


class Fork(Request, frozen=True, kw_only=True, tag="fork"):
    """Make a new session that begins as this one does."""

    at: int | None = None
    """The last entry it takes, by its `n`; absent: the newest between two steps."""


class Rewind(Request, frozen=True, kw_only=True, tag="rewind"):
    """Go back in the conversation. The files stay as they are."""

    to: str
    """The turn that is to be the last; `start`: none."""


class UsageQuery(Request, frozen=True, kw_only=True, tag="usage"):
    """What was spent."""

    tree: bool = False


class Configure(Request, frozen=True, kw_only=True, tag="configure"):
    """Another surface, or other limits, from the next step on. At least one field."""

    instruction: str | None = None
    """`$library/name`, or an absolute path."""
    tools: list[str] | None = None
    """Names: all that the model is offered from then on."""
    model: str | None = None
    """PROVIDER/NAME."""
    limits: dict[str, Any] | None = None
    """`max_steps`, and any key of `[limits]`; null takes a limit away."""


class Shutdown(Request, frozen=True, kw_only=True, tag="shutdown"):
    """End the pod. Never changes."""

    mode: ShutdownMode = "drain"


AnyRequest = (
    Hello
    | Run
    | Notify
    | Subscribe
    | Status
    | History
    | Pause
    | Resume
    | Cancel
    | PodEvent
    | Approve
    | Deny
    | Answer
    | Fork
    | Rewind
    | UsageQuery
    | Configure
    | Shutdown
)

#: Methods that the contract names and this version does not have.
NOT_SUPPORTED = frozenset({"compact"})
